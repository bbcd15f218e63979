# shellcheck shell=sh
if command -v setcap >/dev/null 2>&1; then
    setcap cap_net_raw=ep /usr/bin/spantop || echo "spantop: the file system keeps no capabilities; run it as root to read a port" >&2
fi
