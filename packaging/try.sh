#!/usr/bin/env bash
# Tries what build.sh made, the way a stranger would. What cannot be tried here is passed over with a word.
#
#   packaging/try.sh            everything below but "same", which builds twice from nothing
#   packaging/try.sh deb        the Debian package in a bare system of its own: installed, used, removed, nothing left
#   packaging/try.sh rpm        what the RPM package holds and asks for, and its program
#   packaging/try.sh tarball    the same of the .tar.gz
#   packaging/try.sh static     that the program asks for no library
#   packaging/try.sh container  the Containerfile: built, and a capture read in it
#   packaging/try.sh crate      cargo package, and cargo install from what it made
#   packaging/try.sh same       that the same sources give the same bytes, in another directory too
#   packaging/try.sh pack FILE  packs a program that is there already in every way that there are tools for, in a copy of the sources, and tries
#                               what comes out; nothing is compiled (make test does so)
#
# The bare system is made by debootstrap (as root, from the mirror this system uses or DEBIAN_MIRROR, suite DEBIAN_SUITE) and kept in
# target/bare for the next time.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
work=$(mktemp -d "${TMPDIR:-/tmp}/spantop-try.XXXXXX")
root=""

clean() {
    [ -z "$root" ] || umount -q "$root/proc" "$root/dev/pts" "$root/dev" 2>/dev/null || true
    rm -rf --one-file-system "$work"
}
trap clean EXIT

say() { echo "try: $*" >&2; }

die() {
    say "$@"
    exit 1
}

# skip WORD: what cannot be tried here is no failure.
skip() {
    say "skipped $*"
    return 0
}

have() { PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null 2>&1; }

# newest PATTERN: the file made last.
newest() {
    local found
    # shellcheck disable=SC2086,SC2012 # a pattern; names are our own
    found=$(ls -t $1 2>/dev/null | head -n 1)
    [ -n "$found" ] || die "there is no $1: packaging/build.sh makes it"
    echo "$found"
}

# used PROGRAM: what anybody does first.
used() {
    "$@" --version | grep '^spantop [0-9]' >/dev/null || die "$* --version"
    "$@" report -q /capture.pcapng >"$work/report" || die "$* report"
    grep -q 'packets' "$work/report" || die "the report says nothing of packets"
    "$@" check -q /capture.pcapng >/dev/null || [ $? -le 1 ] || die "$* check"
}

# ---- Debian ---------------------------------------------------------------------------------------------------------

# shellcheck source=/dev/null
suite() { . /etc/os-release && echo "${DEBIAN_SUITE:-${VERSION_CODENAME:-stable}}"; }

bare() { # a bare system in $root, a copy that is thrown away
    local base
    base=${SPANTOP_BARE:-$target/bare}/$(suite)
    if [ ! -e "$base/complete" ]; then
        rm -rf --one-file-system "$base"
        mkdir -p "$base"
        say "making a bare $(suite) in $base"
        debootstrap --variant=minbase "$(suite)" "$base/root" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" >"$work/debootstrap.log" 2>&1 ||
            { tail -n 5 "$work/debootstrap.log" >&2; rm -rf --one-file-system "$base"; return 1; }
        touch "$base/complete"
    fi
    root=$work/root
    cp -a "$base/root" "$root"
    cp /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
    mount -t proc proc "$root/proc"
    mount --bind /dev "$root/dev"
    mount --bind /dev/pts "$root/dev/pts"
}

inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=xterm LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }

# as_user UID GID …: the program as somebody without rights (setpriv would keep root's until the program runs).
as_user() { chroot --userspec="$1:$2" --groups="$2" "$root" env -i PATH=/usr/bin:/bin spantop "${@:3}"; }

# may_capture UID GID: whether a port of a network of its own may be opened. Where none can be made, nobody may.
may_capture() {
    unshare --net true 2>/dev/null || return 1
    unshare --net chroot --userspec="$1:$2" --groups="$2" "$root" env -i PATH=/usr/bin:/bin spantop report -q -i lo --for 1s >/dev/null 2>&1
}

# With a group named spantop its members may capture, and nobody else may run it.
for_a_group() {
    local group
    inside groupadd --system spantop
    group=$(inside getent group spantop | cut -d : -f 3)
    inside apt-get install -y --reinstall --no-install-recommends /spantop.deb >"$work/again.log" 2>&1 || { cat "$work/again.log" >&2; die "it is not installed again"; }
    inside getcap /usr/bin/spantop | grep 'cap_net_raw[=+]ep' >/dev/null || die "what the group captures with has no right to"
    ! as_user 65534 65534 --version >/dev/null 2>&1 || die "who is not in the group may run it"
    as_user 65534 "$group" report -q /capture.pcapng >/dev/null || die "a member of the group may not read a file with it"
    if unshare --net true 2>/dev/null; then may_capture 65534 "$group" || die "a member of the group may not open a port with it"; fi
    inside groupdel spantop
}

# Everything there is, but for what packages keep books in and what every apt writes.
listed() {
    inside find / -xdev \( -path /proc -o -path /dev -o -path /var/lib/dpkg -o -path /var/lib/apt -o -path /var/cache -o -path /var/log \
        -o -path /tmp -o -path /etc/ld.so.cache -o -path /capture.pcapng -o -path /spantop.deb \) -prune -o -print | sort
}

try_deb() {
    [ "$(id -u)" = 0 ] || { skip "deb: a bare system needs root"; return; }
    have debootstrap || { skip "deb: debootstrap is not here"; return; }
    local package
    package=$(newest "$target/debian/spantop_*.deb")
    bare || { skip "deb: no bare system can be made here (no network?)"; return; }
    cp "$package" "$root/spantop.deb"
    cp captures/office.pcapng "$root/capture.pcapng"
    local example=/usr/share/doc/spantop/examples/office.pcapng
    inside apt-get update -qq >/dev/null 2>&1 || { skip "deb: the bare system reaches no mirror"; return; }
    # Pages and completions are what a bare system leaves out.
    rm -f "$root"/etc/dpkg/dpkg.cfg.d/*doc*
    # A group that came and went has left its traces before, too.
    inside groupadd --system spantop && inside groupdel spantop
    listed >"$work/before"
    inside apt-get install -y --no-install-recommends /spantop.deb >"$work/install.log" 2>&1 || { cat "$work/install.log" >&2; die "it is not installed"; }
    used inside spantop
    cmp -s "$root$example" captures/office.pcapng || die "$example is missing"
    # The dashboard on it, in a terminal: it is drawn, q leaves.
    if inside sh -c 'command -v script' >/dev/null; then
        (sleep 3; printf q; sleep 1) | inside script -qec "stty rows 30 cols 100; spantop $example" /dev/null >"$work/demo" || die "the demo does not end well"
        grep -a -q 'Over' "$work/demo" || die "the demo draws nothing"
    else
        skip "deb, the demo: the bare system has no script(1)"
    fi
    [ "$(inside spantop --version)" = "$(inside /usr/bin/spantop --version)" ] || die "another spantop is in the way"
    # Whoever has no rights reads files, and captures nothing.
    as_user 65534 65534 report -q /capture.pcapng >/dev/null || die "nobody may not read a file with it"
    may_capture 65534 65534 && die "anybody may capture with it"
    [ -z "$(inside getcap /usr/bin/spantop)" ] || die "anybody may run what has a right"
    for_a_group
    gzip -dc "$root/usr/share/man/man1/spantop.1.gz" | grep '^\.TH SPANTOP 1' >/dev/null || die "the manual page is none"
    inside apt-get install -y -qq --no-install-recommends mandoc >/dev/null 2>&1 && {
        inside mandoc -T lint -W error /usr/share/man/man1/spantop.1.gz || die "the manual page has errors"
        inside apt-get purge -y -qq --autoremove mandoc >/dev/null 2>&1
    }
    inside bash -n /usr/share/bash-completion/completions/spantop || die "the completions of bash"
    inside bash -c '. /usr/share/bash-completion/completions/spantop && complete -p spantop' >/dev/null || die "bash completes nothing"
    for file in usr/share/zsh/vendor-completions/_spantop usr/share/fish/vendor_completions.d/spantop.fish usr/share/doc/spantop/copyright; do
        [ -s "$root/$file" ] || die "$file is missing"
    done
    # shellcheck disable=SC2016 # dpkg-query's own
    say "deb: $(du -k "$package" | cut -f 1) KB, $(inside dpkg-query -W -f '${Installed-Size}' spantop) KB installed, asks for $(inside dpkg-query -W -f '${Depends}' spantop)"
    inside apt-get purge -y --autoremove spantop >"$work/remove.log" 2>&1 || { cat "$work/remove.log" >&2; die "it is not removed"; }
    listed >"$work/after"
    diff "$work/before" "$work/after" >&2 || die "that is left behind, or gone"
    say "deb: installed, used, removed, nothing left"
}

# ---- RPM, tarball ---------------------------------------------------------------------------------------------------

try_rpm() {
    for tool in rpm rpm2cpio cpio; do have "$tool" || { skip "rpm: $tool is not here"; return; }; done
    local package place=$work/rpm
    package=$(newest "$target/generate-rpm/spantop-*.rpm")
    mkdir "$place"
    rpm -qp --list "$package" >"$work/list"
    for file in /usr/bin/spantop /usr/share/man/man1/spantop.1.gz /usr/share/bash-completion/completions/spantop; do
        grep -qx "$file" "$work/list" || die "rpm: $file is missing"
    done
    rpm -qp --scripts "$package" | grep setcap >/dev/null || die "rpm: what captures gets no right to"
    # Debian calls libpcap by a name that no system with RPM knows.
    ! rpm -qp --requires "$package" | grep 'libpcap\.so\.0' >/dev/null || die "rpm: it asks for Debian's libpcap.so.0.8; build it with a libpcap of its own (LIBPCAP_LIBDIR) or on a system with RPM"
    rpm -K --nosignature "$package" >/dev/null || die "rpm: its digests are wrong"
    # Some rpm2cpio end with an error after everything is written.
    rpm2cpio "$package" >"$work/rpm.cpio" || true
    (cd "$place" && cpio --quiet -idm <"$work/rpm.cpio")
    used_here "$place/usr/bin/spantop"
    say "rpm: $(du -k "$package" | cut -f 1) KB, asks for $(rpm -qp --requires "$package" | grep -v '^rpmlib\|^rtld\|(GLIBC\|(GCC' | tr '\n' ' ')"
}

used_here() {
    "$1" --version | grep '^spantop [0-9]' >/dev/null || die "$1 --version"
    "$1" report -q captures/office.pcapng | grep packets >/dev/null || die "$1 report"
}

try_tarball() {
    local package place=$work/tarball
    package=$(newest "$target/spantop-*-linux.tar.gz")
    mkdir "$place"
    tar -xzf "$package" -C "$place"
    used_here "$place/spantop"
    gzip -t "$place/spantop.1.gz"
    say "tarball: $(du -k "$package" | cut -f 1) KB"
}

try_static() {
    local program=target/package/static/spantop
    [ -x "$program" ] || { skip "static: there is no $program (packaging/build.sh static)"; return; }
    ! ldd "$program" 2>/dev/null | grep '=>' >/dev/null || die "static: it asks for libraries: $(ldd "$program")"
    used_here "$program"
    say "static: $(du -k "$program" | cut -f 1) KB, asks for nothing"
}

try_container() {
    local engine found=""
    for engine in podman docker; do
        if have "$engine" && "$engine" info >/dev/null 2>&1; then found=$engine && break; fi
    done
    [ -n "$found" ] || { skip "container: neither podman nor docker runs here"; return; }
    "$found" build -q -t spantop-try -f packaging/Containerfile . >"$work/container.log" 2>&1 || { tail -n 20 "$work/container.log" >&2; die "container: it is not built"; }
    "$found" run --rm --network none --cap-drop all -v "$PWD/captures:/captures:ro" spantop-try report -q /captures/office.pcapng | grep packets >/dev/null ||
        die "container: no report"
    say "container: $("$found" image inspect -f '{{.Size}}' spantop-try) bytes, reads a capture without a right"
    "$found" rmi spantop-try >/dev/null
}

# ---- cargo ----------------------------------------------------------------------------------------------------------

try_crate() {
    try_packed
    local commit
    # With the profile and directory of build.sh little is left to compile.
    RUSTFLAGS="$(packaging/build.sh flags)" cargo install --locked --path . --profile dist --root "$work/installed" --target-dir "$target" >"$work/install.log" 2>&1 ||
        { tail -n 20 "$work/install.log" >&2; die "cargo install --path ."; }
    used_here "$work/installed/bin/spantop"
    if commit=$(git rev-parse HEAD 2>/dev/null); then
        "$work/installed/bin/spantop" --version | grep -F "(${commit:0:12})" >/dev/null || die "crate: --version does not say which commit it is"
    fi
    say "crate: cargo install --path . works"
}

# What cargo package packs.
try_packed() {
    cargo package --locked --offline --no-verify --allow-dirty --target-dir "$work/crate" >"$work/package.log" 2>&1 || { cat "$work/package.log" >&2; die "cargo package"; }
    mkdir "$work/unpacked"
    tar -xzf "$work"/crate/package/spantop-*.crate --strip-components=1 -C "$work/unpacked"
    local named
    for named in Cargo.lock README.md LICENSE-MIT LICENSE-APACHE CHANGELOG.md build.rs captures/office.pcapng src/main.rs src/names/vendors.tsv; do
        [ -e "$work/unpacked/$named" ] || die "crate: $named is missing"
    done
    ! find "$work/unpacked" -size +2M | grep . >&2 || die "crate: that is large"
    cargo metadata --locked --offline --filter-platform "$(rustc -vV | sed -n 's/^host: //p')" --format-version 1 --manifest-path "$work/unpacked/Cargo.toml" >/dev/null || die "crate: what is packed is no whole package"
    say "crate: $(du -k "$work"/crate/package/spantop-*.crate | cut -f 1) KB"
}

# ---- without building -----------------------------------------------------------------------------------------------

try_pack() {
    local program place=$work/pack
    [ -x "${1:-}" ] || die "pack: which program?"
    program=$(realpath "$1")
    git rev-parse HEAD >/dev/null 2>&1 || { skip "pack: this is no clone"; return; }
    try_packed
    mkdir "$place"
    git ls-files -z | xargs -0 cp --parents -t "$place"
    (
        cd "$place"
        unset CARGO_TARGET_DIR
        export SPANTOP_PROGRAM=$program SPANTOP_BARE=$target/bare
        packaging/build.sh tarball >/dev/null
        packaging/try.sh tarball
        if have cargo-deb; then
            packaging/build.sh deb >/dev/null
            packaging/try.sh deb
        else
            skip "pack, deb: cargo-deb is not here"
        fi
        if ! have cargo-generate-rpm; then
            skip "pack, rpm: cargo-generate-rpm is not here"
        elif ldd "$program" | grep 'libpcap\.so\.0\.' >/dev/null; then
            skip "pack, rpm: this system calls libpcap by a name of its own"
        else
            packaging/build.sh rpm >/dev/null
            packaging/try.sh rpm
        fi
    )
}

# What is committed, built twice: in another place, with another user's paths and clock.
try_same() {
    git rev-parse HEAD >/dev/null 2>&1 || { skip "same: this is no clone"; return; }
    local place
    for place in one two/deeper; do
        mkdir -p "$work/$place"
        git archive HEAD | tar -x -C "$work/$place"
        (
            export SOURCE_DATE_EPOCH=1700000000 SPANTOP_COMMIT=same TMPDIR=$work CARGO_TARGET_DIR="$work/$place/target" TZ="UTC${#place}" LC_ALL=C
            cd "$work/$place" && packaging/build.sh tarball
        ) >"$work/same.log" 2>&1 || { tail -n 20 "$work/same.log" >&2; die "same: it does not build"; }
    done
    cmp "$work"/one/target/spantop-*.tar.gz "$work"/two/deeper/target/spantop-*.tar.gz || die "same: built twice, two programs"
    say "same: $(sha256sum <"$work"/one/target/package/spantop | cut -c 1-16)… twice"
}

case ${1:-all} in
all)
    try_deb
    try_rpm
    try_tarball
    try_static
    try_container
    try_crate
    ;;
pack) try_pack "${2:-}" ;;
deb | rpm | tarball | static | container | crate | same) "try_$1" ;;
*) die "deb, rpm, tarball, static, container, crate, same or pack?" ;;
esac
