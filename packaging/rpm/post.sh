# shellcheck shell=sh
# As packaging/debian/postinst.
if getent group spantop >/dev/null; then
    chown root:spantop /usr/bin/spantop
    chmod 0750 /usr/bin/spantop
    setcap cap_net_raw=ep /usr/bin/spantop || echo "spantop: the file system keeps no capabilities; run it as root to read a port" >&2
fi
