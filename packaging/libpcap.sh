#!/usr/bin/env bash
# Builds a libpcap of our own to link into the program: packet sockets and filters, nothing else (no D-Bus, no RDMA, no USB).
#
#   packaging/libpcap.sh gnu     for the system's C library; prints the directory of libpcap.a, for LIBPCAP_LIBDIR
#   packaging/libpcap.sh musl    for musl (wants musl-gcc), for a program that needs no library at all
#
# The source is LIBPCAP_SOURCE (a directory, or a .tar.gz or .tar.xz of it); without it that of the system's own package, fetched and verified by
# apt-get.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
kind=${1:-}

die() {
    echo "libpcap: $*" >&2
    exit 1
}

case $kind in
gnu) compiler=${CC:-cc} ;;
musl)
    compiler=musl-gcc
    command -v musl-gcc >/dev/null || die "musl-gcc is missing (Debian: musl-tools)"
    ;;
*) die "gnu or musl?" ;;
esac
place=$target/libpcap-$kind
if [ -s "$place/libpcap.a" ]; then
    echo "$place"
    exit
fi
for tool in flex bison make "$compiler"; do command -v "$tool" >/dev/null || die "$tool is missing"; done

# The source from the package archive: an index of sources of its own, signed as the system's is.
fetch() {
    local tool
    for tool in apt-get dpkg-source; do
        command -v "$tool" >/dev/null || die "LIBPCAP_SOURCE names the source of libpcap; without it $tool is needed"
    done
    local apt=$place.apt key=/usr/share/keyrings/debian-archive-keyring.gpg
    [ -e "$key" ] || die "LIBPCAP_SOURCE names the source of libpcap: this system's apt is not Debian's"
    # shellcheck source=/dev/null
    . /etc/os-release
    rm -rf "$apt"
    mkdir -p "$apt/lists/partial" "$apt/cache"
    echo "deb-src [signed-by=$key] ${DEBIAN_MIRROR:-http://deb.debian.org/debian} ${VERSION_CODENAME:-stable} main" >"$apt/sources.list"
    local own=(-o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null -o "Dir::State::lists=$apt/lists"
        -o "Dir::Cache=$apt/cache" -o APT::Sandbox::User= -o Debug::NoLocking=1)
    (cd "$apt" && apt-get "${own[@]}" update -qq && apt-get "${own[@]}" source -qq --download-only libpcap) >&2 || die "the source cannot be fetched"
    # apt-get has verified it by the signed index; who uploaded it is not asked.
    dpkg-source --extract "$apt"/libpcap_*.dsc "$apt/source" >"$apt/log" 2>&1 || { cat "$apt/log" >&2; die "the source cannot be unpacked"; }
    mv "$apt/source" "$place"
    rm -rf "$apt"
}

rm -rf "$place"
if [ -d "${LIBPCAP_SOURCE:-}" ]; then
    cp -a "$LIBPCAP_SOURCE" "$place"
elif [ -n "${LIBPCAP_SOURCE:-}" ]; then
    mkdir -p "$place"
    tar -xf "$LIBPCAP_SOURCE" --strip-components=1 -C "$place"
else
    fetch
fi

flags="-O2 -g0 -ffile-prefix-map=$place=/libpcap"
if [ "$kind" = musl ]; then
    # musl has no headers of the kernel; they are the same for every C library.
    kernel=$place/kernel
    mkdir -p "$kernel"
    for name in linux asm-generic; do ln -sfn "/usr/include/$name" "$kernel/$name"; done
    ln -sfn "/usr/include/$(uname -m)-linux-gnu/asm" "$kernel/asm"
    [ -e "$kernel/asm/types.h" ] || ln -sfn /usr/include/asm "$kernel/asm"
    flags="$flags -idirafter $kernel"
fi
(
    cd "$place"
    CC=$compiler CFLAGS=$flags ./configure --disable-shared --disable-usb --disable-netmap --disable-bluetooth --disable-dbus --disable-rdma \
        --without-libnl --without-dag --without-septel --without-snf --without-turbocap --without-dpdk
    make -j2 libpcap.a
) >"$place.log" 2>&1 || { tail -n 20 "$place.log" >&2; die "it does not build: $place.log"; }
echo "$place"
