#!/usr/bin/env bash
# Builds what is given away, from the sources as they are:
#
#   packaging/build.sh files    the program, its manual page and completions, into target/package
#   packaging/build.sh deb      a Debian package (wants cargo-deb); it uses the system's libpcap
#   packaging/build.sh rpm      an RPM package (wants cargo-generate-rpm), with a libpcap of its own
#   packaging/build.sh tarball  a .tar.gz of the files, with a libpcap of its own
#   packaging/build.sh static   a program that needs no library at all, by musl, into target/package/static
#   packaging/build.sh profile  has a program of its own count what is often reached (packaging/train.py), for all that is built afterwards: what is
#                               reached becomes faster, everything else smaller. Wants rustup component add llvm-tools, and takes another build
#
# Systems call libpcap by different names, so what is to run on several brings its own: packaging/libpcap.sh builds it. LIBPCAP_LIBDIR names
# another one; where none can be had, the system's is used, and that is said.
# The same sources give the same bytes: times are SOURCE_DATE_EPOCH, by default that of the last commit, and paths of this machine are left out.
# Which commit it is the program finds itself (build.rs); where there is no clone SPANTOP_COMMIT may say it.
# SPANTOP_PROGRAM names a program that is there already: it is packed as it is, without its symbols, and nothing is compiled.
# packaging/try.sh tries what comes out.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
target=${CARGO_TARGET_DIR:-target}
files=target/package
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH
export RUSTFLAGS="${RUSTFLAGS:-} --remap-path-prefix=$PWD=/spantop --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"

# Functions that compile to the same code (sorting, dropping) are there once, where the linker can do that.
same='-C link-arg=-Wl,--icf=all'
probe=$(mktemp -d)
# shellcheck disable=SC2086 # two words
if echo 'fn main() {}' | rustc $same -o "$probe/program" - 2>/dev/null; then RUSTFLAGS="$RUSTFLAGS $same"; fi
rm -rf "$probe"

# What profile has found out. Times of threads are in it: the same bytes come of the same profile only.
profile=$(realpath -m "$target/spantop.profdata")

say() { echo "build: $*" >&2; }

die() {
    say "$@"
    exit 1
}

files() {
    mkdir -p "$files"
    if [ -n "${SPANTOP_PROGRAM:-}" ]; then
        strip -o "$files/spantop" "$SPANTOP_PROGRAM"
    else
        cargo build --locked --profile dist
        cp "$target/dist/spantop" "$files/spantop"
    fi
    "$files/spantop" man | gzip -9n >"$files/spantop.1.gz"
    for shell in bash zsh fish; do "$files/spantop" completions "$shell" >"$files/spantop.$shell"; done
    say "$(du -k "$files/spantop" | cut -f 1) KB: $files/spantop"
}

# Counters are written where nobody's rights are in the way: a port is looked at as nobody.
profile() {
    local merge raw
    merge=$(rustc --print sysroot)/lib/rustlib/$(rustc -vV | sed -n 's/^host: //p')/bin/llvm-profdata
    [ -x "$merge" ] || die "profile: rustup component add llvm-tools"
    raw=$(mktemp -d "${TMPDIR:-/tmp}/spantop-profile.XXXXXX")
    # What a build itself runs counts, too: that is thrown away.
    LLVM_PROFILE_FILE=/dev/null RUSTFLAGS="$RUSTFLAGS -Cprofile-generate" cargo build --locked --profile dist --target-dir "$target/profile"
    chmod 1777 "$raw"
    LLVM_PROFILE_FILE="$raw/%m-%p.profraw" packaging/train.py "$target/profile/dist/spantop" || { rm -rf "$raw"; die "profile: what is to be counted does not run"; }
    "$merge" merge --sparse -o "$profile" "$raw"
    rm -rf "$raw"
    say "$(du -k "$profile" | cut -f 1) KB: $profile"
}

# own KIND: a libpcap that is linked into the program.
own() {
    [ -z "${LIBPCAP_LIBDIR:-}${SPANTOP_PROGRAM:-}" ] || return 0
    if LIBPCAP_LIBDIR=$(packaging/libpcap.sh "$1"); then
        export LIBPCAP_LIBDIR
    else
        unset LIBPCAP_LIBDIR
        return 1
    fi
}

static() {
    local machine
    machine=$(uname -m)-unknown-linux-musl
    [ -d "$(rustc --print sysroot)/lib/rustlib/$machine" ] || die "static: rustup target add $machine"
    own musl || die "static: there is no libpcap for musl; LIBPCAP_LIBDIR names the directory of a libpcap.a"
    # What is written in C is compiled for musl, too; Rust brings what it takes to link.
    export "CC_${machine//-/_}=musl-gcc"
    RUSTFLAGS=${RUSTFLAGS/ -C link-arg=-Wl,--icf=all/} cargo build --locked --profile dist --target "$machine"
    mkdir -p "$files/static"
    cp "$target/$machine/dist/spantop" "$files/static/spantop"
    say "$(du -k "$files/static/spantop" | cut -f 1) KB: $files/static/spantop"
}

if [ "${1:-}" != profile ] && [ -s "$profile" ]; then RUSTFLAGS="$RUSTFLAGS -Cprofile-use=$profile"; fi

case ${1:-} in
profile) profile ;;
files) files ;;
deb)
    command -v cargo-deb >/dev/null || die "deb: cargo install cargo-deb"
    files
    cargo deb --no-build --profile dist --output "$target/debian/"
    ;;
rpm)
    command -v cargo-generate-rpm >/dev/null || die "rpm: cargo install cargo-generate-rpm"
    own gnu || say "rpm: the system's libpcap is used; systems that call it by another name will not take the package"
    files
    cargo generate-rpm --target-dir "$target" --profile dist
    ;;
tarball)
    own gnu || say "tarball: the system's libpcap is used; systems that call it by another name will not run the program"
    files
    name=spantop-$(uname -m)-linux
    tar --sort=name --owner=0 --group=0 --mtime="@$SOURCE_DATE_EPOCH" --mode=u+rw,go+r-w --exclude=./static -C "$files" -c . | gzip -9n >"$target/$name.tar.gz"
    echo "$target/$name.tar.gz"
    ;;
static) static ;;
flags) echo "$RUSTFLAGS" ;; # what it compiles with, for who wants to add to it
*) die "files, deb, rpm, tarball, static or profile?" ;;
esac
