#!/usr/bin/env bash
# Builds what is given away, from the sources as they are:
#
#   packaging/build.sh files    the program, its manual page and completions, into target/package
#   packaging/build.sh deb      a Debian package (wants cargo-deb)
#   packaging/build.sh rpm      an RPM package (wants cargo-generate-rpm)
#   packaging/build.sh tarball  a .tar.gz of the files
#   packaging/build.sh static   a program that needs no library, where the musl target and a libpcap.a for it are there
#
# The same sources give the same bytes: times are SOURCE_DATE_EPOCH, by default that of the last commit, and paths of this machine are left out.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
target=${CARGO_TARGET_DIR:-target}
files=target/package
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH
SPANTOP_COMMIT=${SPANTOP_COMMIT:-$(git rev-parse --short HEAD 2>/dev/null || echo unknown)}
export SPANTOP_COMMIT
export RUSTFLAGS="${RUSTFLAGS:-} --remap-path-prefix=$PWD=/spantop --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"

die() {
    echo "build: $*" >&2
    exit 1
}

files() {
    cargo build --locked --profile dist
    mkdir -p "$files"
    cp "$target/dist/spantop" "$files/spantop"
    "$files/spantop" man | gzip -9n >"$files/spantop.1.gz"
    for shell in bash zsh fish; do "$files/spantop" completions "$shell" >"$files/spantop.$shell"; done
}

static() {
    [ -n "${LIBPCAP_LIBDIR:-}" ] || die "static: LIBPCAP_LIBDIR names the directory of a libpcap.a built for musl (configure --host, CC=musl-gcc)"
    rustup target list --installed 2>/dev/null | grep -q x86_64-unknown-linux-musl || die "static: rustup target add x86_64-unknown-linux-musl"
    cargo build --locked --profile dist --target x86_64-unknown-linux-musl
}

case ${1:-} in
files) files ;;
deb)
    command -v cargo-deb >/dev/null || die "deb: cargo install cargo-deb"
    files
    cargo deb --no-build --profile dist
    ;;
rpm)
    command -v cargo-generate-rpm >/dev/null || die "rpm: cargo install cargo-generate-rpm"
    files
    cargo generate-rpm --target-dir "$target" --profile dist
    ;;
tarball)
    files
    name=spantop-$(uname -m)-linux
    tar --sort=name --owner=0 --group=0 --mtime="@$SOURCE_DATE_EPOCH" -C "$files" -c . | gzip -9n >"target/$name.tar.gz"
    echo "target/$name.tar.gz"
    ;;
static) static ;;
*) die "files, deb, rpm, tarball or static?" ;;
esac
