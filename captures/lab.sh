#!/usr/bin/env bash
# A small office in network namespaces: hosts, a switch with a SPAN port, and real programs that talk.
#
#                    ┌──────────── switch (bridge) ─────────────┐
#   core ── DNS DHCP NTP RA ─┤ core                             │
#   web ─── HTTP HTTPS SSH iperf3 ─┤ web             span ├──────── probe (no addresses: what spantop listens on)
#   desk ── client ──────────┤ desk                             │
#   laptop ─ client by DHCP ─┤ laptop                           │
#   trunk ── VLANs, LLDP, STP ─┤ trunk                          │
#                    └──────────────────────────────────────────┘
#
# Everything lives in namespaces called $SPANTOP_LAB-… (default spanlab-…), is bounded in time, and `down` removes all of it.
set -euo pipefail

lab=${SPANTOP_LAB:-spanlab}
run=${TMPDIR:-/tmp}/$lab
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
hosts="core web desk laptop trunk"
longest=900 # seconds after which anything started here ends by itself

usage() {
    cat <<END
usage: captures/lab.sh VERB
  up [--mirror MODE]        build the office and its mirror; start the servers
  mirror MODE               change the mirror:
                              each      every frame once (ingress of all ports): the default
                              both      both directions of the ports desk and web: frames between them arrive twice
                              one-way   ingress of the port desk only: half of each conversation
                              squeezed  as each, through a mirror port of 2 Mbit/s: more comes in than goes out
  talk [SECONDS] [--lively]     let everybody talk, in the background (default 60 s)
  in HOST COMMAND…          run a command on one of: $hosts probe switch
  watch [MODE] [ARG…]       up, talk and the dashboard on the probe port, then down (SPANTOP=path of the program)
  record DIR [CAPTURE…]     make the bundled captures in DIR: office duplicates one_way
                            vlans squeezed erspan, or some of them
  down                      remove everything
END
}

die() {
    echo "lab.sh: $*" >&2
    exit 1
}

have() { command -v "$1" >/dev/null; }

on() { # on HOST COMMAND…: runs in that host's namespace
    local host=$1
    shift
    ip netns exec "$lab-$host" "$@"
}

serve() { # serve HOST NAME COMMAND…: a background program that ends by itself
    local host=$1 name=$2
    shift 2
    ip netns exec "$lab-$host" timeout -k 2 "$longest" "$@" >"$run/$name.log" 2>&1 </dev/null &
    disown
}

need() {
    [ "$(id -u)" = 0 ] || die "network namespaces need root: sudo captures/lab.sh $*"
    local missing="" tool
    for tool in ip tc ethtool curl dig dnsmasq nginx iperf3 openssl python3 ping timeout; do
        have "$tool" || missing="$missing $tool"
    done
    [ -z "$missing" ] || die "missing:$missing (make setup-lab installs them)"
    for tool in sshd chronyd; do
        have "$tool" || echo "lab.sh: no $tool here: the office does without" >&2
    done
}

# ---- the wiring -----------------------------------------------------------------------------------------------------

plug() { # plug HOST NUMBER: a host with one cable to the switch
    local host=$1 mac=02:00:5e:00:00:$2
    ip netns add "$lab-$host"
    ip link add "t$host" netns "$lab-$host" type veth peer name "$host" netns "$lab-switch"
    on "$host" ip link set "t$host" name eth0
    on "$host" ip link set eth0 address "$mac"
    # Frames must be as long as on a real wire, with real checksums.
    on "$host" ethtool -K eth0 tso off gso off gro off tx off >/dev/null 2>&1 || true
    on "$host" ip link set lo up
    on "$host" sysctl -qw net.ipv6.conf.eth0.accept_ra=1 net.ipv6.conf.eth0.addr_gen_mode=0 2>/dev/null || true
    on switch sysctl -qw "net.ipv6.conf.$host.disable_ipv6=1" 2>/dev/null || true
    on switch ip link set "$host" master br0
    on switch ip link set "$host" up
    on "$host" ip link set eth0 up
}

wire() {
    ip netns add "$lab-switch"
    on switch ip link add br0 type bridge forward_delay 0 mcast_snooping 0
    on switch ip link set br0 address 02:00:5e:00:00:fe
    on switch sysctl -qw net.ipv6.conf.br0.disable_ipv6=1 2>/dev/null || true
    on switch ip link set br0 up
    local number=10 host
    for host in $hosts; do
        plug "$host" "$number"
        number=$((number + 1))
    done
    # The probe port: it never sends, and no protocol of this host lives on it.
    ip netns add "$lab-probe"
    ip link add probe netns "$lab-probe" type veth peer name span netns "$lab-switch"
    on probe sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.probe.disable_ipv6=1 2>/dev/null || true
    on switch sysctl -qw net.ipv6.conf.span.disable_ipv6=1 2>/dev/null || true
    on probe ethtool -K probe gro off tso off gso off >/dev/null 2>&1 || true
    on probe ip link set probe arp off promisc on up
    on switch ip link set span arp off up
    on core ip addr add 10.77.0.1/24 dev eth0
    on core ip -6 addr add fd77::1/64 dev eth0 nodad
    on web ip addr add 10.77.0.20/24 dev eth0
    on web ip -6 addr add fd77::20/64 dev eth0 nodad
    on desk ip addr add 10.77.0.11/24 dev eth0
    on desk ip -6 addr add fd77::11/64 dev eth0 nodad
}

copy() { # copy PORT ingress|egress: everything in that direction goes to the SPAN port as well
    on switch tc filter add dev "$1" "$2" protocol all u32 match u32 0 0 action mirred egress mirror dev span
}

mirror() {
    local mode=$1 port
    for port in $hosts; do
        on switch tc qdisc del dev "$port" clsact 2>/dev/null || true
        on switch tc qdisc add dev "$port" clsact
    done
    on switch tc qdisc del dev span root 2>/dev/null || true
    case $mode in
    each | squeezed)
        for port in $hosts; do copy "$port" ingress; done
        ;;
    both)
        for port in desk web; do
            copy "$port" ingress
            copy "$port" egress
        done
        ;;
    one-way) copy desk ingress ;;
    *) die "no mirror called '$mode': each, both, one-way or squeezed" ;;
    esac
    if [ "$mode" = squeezed ]; then
        on switch tc qdisc add dev span root tbf rate 2mbit burst 16kb limit 24kb
    fi
}

# ---- the servers ----------------------------------------------------------------------------------------------------

start_core() {
    cat >"$run/dnsmasq.conf" <<END
keep-in-foreground
port=53
interface=eth0
bind-interfaces
no-resolv
no-hosts
user=root
pid-file=$run/dnsmasq.pid
dhcp-leasefile=$run/leases
dhcp-range=10.77.0.100,10.77.0.150,255.255.255.0,2m
dhcp-option=option:router,10.77.0.1
dhcp-option=option:ntp-server,10.77.0.1
enable-ra
ra-param=eth0,high,8,60
dhcp-range=fd77::,ra-only,64
domain=office.example
local=/office.example/
host-record=core.office.example,10.77.0.1,fd77::1
host-record=web.office.example,10.77.0.20,fd77::20
host-record=desk.office.example,10.77.0.11,fd77::11
cname=files.office.example,web.office.example
txt-record=office.example,"v=spf1 -all"
mx-host=office.example,web.office.example,10
END
    serve core dnsmasq dnsmasq -C "$run/dnsmasq.conf"
    cat >"$run/chrony.conf" <<END
local stratum 8
allow 10.77.0.0/24
cmdport 0
bindaddress 10.77.0.1
pidfile $run/chrony.pid
END
    ! have chronyd || serve core chronyd chronyd -x -d -u root -f "$run/chrony.conf"
}

start_web() {
    mkdir -p "$run/www"
    printf '<!doctype html><title>office</title><p>The intranet of a very small office.\n' >"$run/www/index.html"
    head -c 30000 /dev/urandom >"$run/www/report.bin"
    head -c 120000 /dev/urandom >"$run/www/backup.bin"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=web.office.example \
        -keyout "$run/tls.key" -out "$run/tls.crt" >"$run/openssl.log" 2>&1
    cat >"$run/nginx.conf" <<END
daemon off;
user root;
worker_processes 1;
pid $run/nginx.pid;
error_log $run/nginx-error.log;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path $run/nginx-body; proxy_temp_path $run/nginx-proxy; fastcgi_temp_path $run/nginx-fcgi;
  uwsgi_temp_path $run/nginx-uwsgi; scgi_temp_path $run/nginx-scgi;
  server {
    listen 80; listen [::]:80; listen 443 ssl; listen [::]:443 ssl;
    ssl_certificate $run/tls.crt; ssl_certificate_key $run/tls.key;
    root $run/www;
    location = /old { return 301 /; }
    location = /broken { return 503; }
    location = /form { return 204; }
  }
}
END
    serve web nginx nginx -p "$run" -e "$run/nginx-error.log" -c "$run/nginx.conf"
    serve web iperf3 iperf3 -s
    ! have sshd || start_sshd
}

start_sshd() {
    ssh-keygen -q -t ed25519 -N '' -f "$run/host-key"
    ssh-keygen -q -t ed25519 -N '' -f "$run/user-key"
    mkdir -p /run/sshd
    cat >"$run/sshd.conf" <<END
Port 22
HostKey $run/host-key
AuthorizedKeysFile $run/user-key.pub
PidFile $run/sshd.pid
PermitRootLogin prohibit-password
PasswordAuthentication no
StrictModes no
UsePAM no
END
    serve web sshd "$(command -v sshd)" -D -f "$run/sshd.conf"
}

start_trunk() {
    serve trunk neighbour python3 "$here/lab.py" neighbour eth0 --seconds "$longest"
}

lease() { # the laptop asks for an address
    local client=(udhcpc)
    have udhcpc || client=(busybox udhcpc)
    if ! have "${client[0]}"; then
        on laptop ip addr replace 10.77.0.100/24 dev eth0
        return
    fi
    cat >"$run/udhcpc.sh" <<'END'
#!/bin/sh
[ "$1" = bound ] && ip addr replace "$ip/24" dev "$interface"
exit 0
END
    chmod +x "$run/udhcpc.sh"
    on laptop timeout 10 "${client[@]}" -f -q -n -i eth0 -t 5 -T 1 -x hostname:laptop -s "$run/udhcpc.sh" >"$run/udhcpc.log" 2>&1
}

up() {
    local mode=each
    [ "${1:-}" != --mirror ] || mode=${2:-}
    [ ! -e "/run/netns/$lab-switch" ] || die "the lab '$lab' is up already (captures/lab.sh down removes it)"
    rm -rf "$run"
    mkdir -p "$run"
    chmod 755 "$run"
    wire
    mirror "$mode"
    start_core
    start_web
    ready || die "the servers did not start: see $run/*.log"
}

ready() {
    local try
    for try in $(seq 50); do
        if on desk curl -sf -m 1 -o /dev/null http://10.77.0.20/ && on desk dig +time=1 +tries=1 @10.77.0.1 core.office.example +short | grep -q 10.77 &&
            { ! have sshd || on desk timeout 1 bash -c '</dev/tcp/10.77.0.20/22' 2>/dev/null; }; then
            return 0
        fi
        [ "$try" = 50 ] || sleep 0.2
    done
    return 1
}

# ---- the talk -------------------------------------------------------------------------------------------------------

quiet() { "$@" >/dev/null 2>&1 || true; }

browse() { # browse HOST
    local host=$1
    local get=(timeout 8 curl -sk -m 5 -o /dev/null --resolve web.office.example:443:10.77.0.20 --resolve web.office.example:80:10.77.0.20)
    quiet on "$host" "${get[@]}" http://web.office.example/ http://web.office.example/nothing http://web.office.example/old
    quiet on "$host" "${get[@]}" https://web.office.example/report.bin
    quiet on "$host" "${get[@]}" --tls-max 1.2 https://web.office.example/
    quiet on "$host" "${get[@]}" -d 'name=value' http://web.office.example/form
    quiet on "$host" "${get[@]}" http://web.office.example/broken
    quiet on "$host" timeout 8 curl -skg -m 5 -o /dev/null 'https://[fd77::20]/'
}

resolve() { # resolve HOST
    local ask=(timeout 5 dig +time=1 +tries=1 @10.77.0.1)
    quiet on "$1" "${ask[@]}" web.office.example A
    quiet on "$1" "${ask[@]}" web.office.example AAAA
    quiet on "$1" "${ask[@]}" files.office.example A
    quiet on "$1" "${ask[@]}" office.example MX
    quiet on "$1" "${ask[@]}" office.example TXT
    quiet on "$1" "${ask[@]}" "printer-$RANDOM.office.example" A
    quiet on "$1" "${ask[@]}" +tcp web.office.example A
    quiet on "$1" timeout 5 dig +time=1 +tries=1 @fd77::1 web.office.example AAAA
    quiet on "$1" "${ask[@]}" www.elsewhere.example A
}

probe_hosts() {
    quiet on desk timeout 5 ping -c 2 -i 0.3 -W 1 10.77.0.20
    quiet on desk timeout 5 ping -6 -c 2 -i 0.3 -W 1 fd77::20
    quiet on desk timeout 5 ping -c 1 -W 1 -s 3000 10.77.0.20
    quiet on desk timeout 2 ping -c 1 -W 1 10.77.0.99
    quiet on desk timeout 2 curl -s -m 1 http://10.77.0.20:81/
    quiet on desk timeout 2 dig +time=1 +tries=1 @10.77.0.20 web.office.example
}

log_in() {
    have sshd || return 0
    quiet on desk timeout 8 ssh -i "$run/user-key" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes \
        root@10.77.0.20 "ls -l /etc | head -40"
}

tell_time() { ! have chronyd || quiet on "$1" timeout 8 chronyd -Q -t 5 -u root -f /dev/null 'server 10.77.0.1 iburst'; }

until_then() { # until_then SECOND PAUSE COMMAND…: repeats a command until the shell's clock says SECOND
    local end=$1 pause=$2
    shift 2
    while [ "$SECONDS" -lt "$end" ]; do
        "$@"
        sleep "$pause"
    done
}

talk() {
    local seconds=60 lively="" word
    for word in "$@"; do
        case $word in
        --lively) lively=yes ;;
        *[!0-9]* | "") die "talk: '$word' is not a number of seconds" ;;
        *) seconds=$word ;;
        esac
    done
    [ "$seconds" -le "$longest" ] || die "talk: at most $longest seconds"
    [ -d "$run" ] || die "talk: the lab is not up (captures/lab.sh up)"
    set -m # a process group of its own, so that down can end it as a whole
    conversation "$seconds" "$lively" >"$run/talk.log" 2>&1 </dev/null &
    echo $! >>"$run/talk.pids"
    set +m
    disown
}

conversation() { # conversation SECONDS LIVELY
    local end=$((SECONDS + $1)) lively=$2 pause=4 streams
    [ -z "$lively" ] || pause=1
    start_trunk
    serve web listener python3 "$here/lab.py" listen --group 239.77.0.1 --port 5004 --seconds "$1"
    serve laptop listener-2 python3 "$here/lab.py" listen --group 224.0.0.251 --port 5353 --seconds "$1"
    quiet lease
    quiet lease # a second time: the server knows it now
    tell_time desk &
    serve desk sender python3 "$here/lab.py" send --group 239.77.0.1 --port 5004 --seconds "$1" --every 0.5
    serve desk mdns python3 "$here/lab.py" mdns --name _ipp._tcp.local --seconds "$1" --every 3
    until_then "$end" "$pause" browse desk &
    until_then "$end" "$pause" browse laptop &
    until_then "$end" "$pause" resolve desk &
    until_then "$end" $((pause + 1)) resolve laptop &
    until_then "$end" $((pause + 1)) probe_hosts &
    until_then "$end" $((pause * 3)) log_in &
    until_then "$end" $((pause * 4)) tell_time laptop &
    if [ -n "$lively" ]; then
        streams=$(($1 > 3 ? $1 - 2 : 1))
        quiet on desk timeout $((streams + 3)) iperf3 -c 10.77.0.20 -t "$streams" -b 12M &
        wait_and_burst "$end" &
    else
        sleep 3
        quiet on desk timeout 6 iperf3 -c 10.77.0.20 -t 1 -b 1M -l 16K
        quiet on laptop timeout 6 iperf3 -c 10.77.0.20 -u -t 1 -b 500K -l 1000
    fi
    wait
}

wait_and_burst() { # now and then a download, so that there is something to look at
    while [ "$SECONDS" -lt "$1" ]; do
        quiet on laptop timeout 8 curl -sk -m 5 -o /dev/null --limit-rate 4M https://10.77.0.20/backup.bin https://10.77.0.20/backup.bin
        sleep 3
    done
}

# ---- leaving --------------------------------------------------------------------------------------------------------

down() {
    local host pids talker
    while read -r talker; do
        kill -KILL -- "-$talker" 2>/dev/null || true
    done < <(cat "$run/talk.pids" 2>/dev/null || true)
    for host in $hosts probe switch; do
        [ -e "/run/netns/$lab-$host" ] || continue
        pids=$(ip netns pids "$lab-$host" 2>/dev/null || true)
        # shellcheck disable=SC2086 # a list of process ids
        [ -z "$pids" ] || kill -9 $pids 2>/dev/null || true
        ip netns del "$lab-$host" 2>/dev/null || true
    done
    rm -rf "$run"
}

watch() {
    local mode=each program=${SPANTOP:-} candidate
    case ${1:-} in each | both | one-way | squeezed)
        mode=$1
        shift
        ;;
    esac
    if [ -z "$program" ]; then
        for candidate in "$here/../target/release/spantop" "$here/../target/debug/spantop" "$(command -v spantop || true)"; do
            [ -n "$program" ] || { [ -x "$candidate" ] && program=$candidate; } || true
        done
    fi
    [ -n "$program" ] || die "no spantop to show it with: cargo build --release first, or SPANTOP=/path/of/spantop"
    trap down EXIT
    trap 'exit 130' INT TERM HUP
    up --mirror "$mode"
    talk "$longest" --lively
    on probe "$program" -i probe "$@"
}

main() {
    local verb=${1:-help}
    [ $# -eq 0 ] || shift
    PATH=$PATH:/usr/sbin:/sbin
    case $verb in
    up)
        need up
        trap down EXIT
        trap 'exit 130' INT TERM HUP
        up "$@"
        trap - EXIT
        ;;
    mirror) mirror "${1:-}" ;;
    talk) talk "$@" ;;
    in)
        [ $# -ge 2 ] || die "in HOST COMMAND…"
        on "$@"
        ;;
    watch)
        need watch
        watch "$@"
        ;;
    record)
        need record
        # shellcheck source=captures/record.sh
        . "$here/record.sh"
        trap down EXIT
        trap 'exit 130' INT TERM HUP
        [ $# -ge 1 ] || die "record DIR [CAPTURE…]"
        record "$@"
        ;;
    down) down ;;
    help | -h | --help) usage ;;
    *)
        usage >&2
        exit 2
        ;;
    esac
}

main "$@"
