# shellcheck shell=bash
# shellcheck disable=SC2154 # run, here and longest are lab.sh's
# Sourced by lab.sh: how the bundled captures are made. Uses its functions up, talk, on, mirror, down.

take() { # take FILE SECONDS: what arrives at the probe port for that long
    local file=$1 seconds=$2
    case $file in
    *.pcapng) on probe timeout "$((seconds + 5))" dumpcap -q -i probe -B 8 -w "$file" -a "duration:$seconds" >"$run/record.log" 2>&1 || true ;;
    *) on probe timeout -s INT "$seconds" tcpdump -q -n -Z root -i probe -B 8192 -w "$file" >"$run/record.log" 2>&1 || true ;;
    esac
    cat "$run/record.log" >&2
    [ -s "$file" ] || die "nothing recorded in $file"
}

tag() { # tag HOST ID NUMBER: a VLAN on that host, 10.77.ID.NUMBER/24, in user space (kernels without VLAN devices can do it too)
    local host=$1 id=$2 number=$3 tap net
    tap=v${2//./-}
    net=${id##*.}
    serve "$host" "vlan-$host-$id" python3 "$here/lab.py" vlan eth0 "$tap" "$id" --priority "$((net % 8))" --seconds "$longest"
    local try
    for try in $(seq 50); do
        on "$host" ip link show "$tap" >/dev/null 2>&1 && break
        [ "$try" != 50 ] || die "no VLAN device on $host"
        sleep 0.1
    done
    on "$host" ip link set "$tap" mtu 1492
    on "$host" ip addr add "10.77.$net.$number/24" dev "$tap"
    on "$host" ip link set "$tap" up
}

record_office() {
    up --mirror each
    (sleep 1 && talk 24) &
    take "$1/office.pcapng" 27
    python3 "$here/lab.py" plain "$1/office.pcapng"
    down
}

record_duplicates() {
    up --mirror both
    (
        sleep 1
        # Only the two mirrored ports talk, so that (nearly) everything is seen where it comes in and where it goes out.
        start_trunk
        local round
        for round in 1 2 3; do
            browse desk
            log_in
            quiet on desk timeout 5 ping -c 2 -i 0.2 10.77.0.20
            quiet on desk timeout 6 iperf3 -c 10.77.0.20 -t 1 -b 400K -l 16K
            quiet on desk timeout 6 iperf3 -c 10.77.0.20 -u -R -t 1 -b 100K -l 1000
        done
    ) &
    take "$1/duplicates.pcap" 10
    down
}

record_one_way() {
    up --mirror one-way
    (sleep 1 && talk 9) &
    take "$1/one-way.pcap" 11
    down
}

record_vlans() {
    up --mirror each
    local id
    for id in 10 20 100.30; do
        tag desk "$id" 11
        tag web "$id" 20
    done
    (
        sleep 1
        start_trunk
        local round
        for round in 1 2 3; do
            quiet on desk timeout 5 ping -c 2 -i 0.2 10.77.10.20
            quiet on desk timeout 5 curl -s -m 3 -o /dev/null "http://10.77.20.20/report.bin?$round"
            quiet on desk timeout 5 curl -sk -m 3 -o /dev/null https://10.77.30.20/
            quiet on desk timeout 5 ping -c 1 10.77.0.20
            sleep 0.5
        done
    ) &
    take "$1/vlans.pcap" 8
    down
}

record_squeezed() {
    up --mirror squeezed
    (
        sleep 1
        resolve desk
        # 3 Mbit/s of TCP for three seconds; the mirror port carries 2.
        quiet on desk timeout 8 iperf3 -c 10.77.0.20 -t 3 -b 3M -l 16K
        browse desk
    ) &
    take "$1/squeezed.pcap" 9
    on switch tc -s qdisc show dev span >"$run/span.txt"
    sed 's/^/span: /' "$run/span.txt" >&2
    down
}

record_erspan() { # the start of office.pcapng as a distant switch would send it
    local plain
    plain=$(mktemp)
    tcpdump -q -n -r "$1/office.pcapng" -w "$plain" 2>/dev/null
    python3 "$here/lab.py" erspan "$plain" "$1/erspan.pcap" --session 101 --lose 50 --most 600
    rm -f "$plain"
}

record() {
    local dir=$1 part
    shift
    [ $# -gt 0 ] || set -- office duplicates one_way vlans squeezed erspan
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd)
    for part in "$@"; do
        declare -F "record_$part" >/dev/null || die "record: no capture called $part"
        echo "lab.sh: recording $part" >&2
        "record_$part" "$dir"
    done
    chmod 644 "$dir"/*.pcap "$dir"/*.pcapng
}
