#!/usr/bin/env bash
# Installs what is missing, and nothing else.
#
#   tests/setup.sh build    what a build needs: Rust (only told about), a C compiler, libpcap
#   tests/setup.sh test     the same, and says which tools the tests would like to have
#   tests/setup.sh lab      what captures/lab.sh needs
#   tests/setup.sh pictures what makes PNG of the pictures of README.md
#   tests/setup.sh servers  the servers that exporters and archives are tried with: databases, collectors, and in target/python Spark and
#                           readers of Parquet. What cannot be had is passed over with a word, and so are its tests
#
# As root it installs directly, otherwise through sudo. With neither, on Debian and its children, libpcap is unpacked into
# target/libpcap instead, and target/setup.mk tells the Makefile.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
target=${CARGO_TARGET_DIR:-target}
rust_needed=1.88

say() { echo "setup: $*" >&2; }

die() {
    say "$@"
    exit 1
}

have() { PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null 2>&1; }

# ---- packages -------------------------------------------------------------------------------------------------------

manager() {
    local name
    case $(uname -s) in Darwin)
        echo brew
        return
        ;;
    esac
    for name in apt-get dnf pacman zypper apk; do
        if have "$name"; then
            echo "$name"
            return
        fi
    done
    echo none
}

package() { # package THING: what this system calls it
    case $(manager):$1 in
    apt-get:compiler) echo gcc libc6-dev ;;
    pacman:compiler) echo base-devel ;;
    apk:compiler) echo build-base ;;
    *:compiler) echo gcc ;;
    apt-get:libpcap) echo libpcap-dev ;;
    dnf:libpcap | zypper:libpcap) echo libpcap-devel ;;
    apk:libpcap) echo libpcap-dev ;;
    *:libpcap) echo libpcap ;;
    apt-get:ip | apt-get:tc) echo iproute2 ;;
    dnf:ip) echo iproute ;;
    dnf:tc) echo iproute-tc ;;
    *:ip | *:tc) echo iproute2 ;;
    apt-get:dig) echo bind9-dnsutils ;;
    dnf:dig | zypper:dig) echo bind-utils ;;
    pacman:dig) echo bind ;;
    apk:dig) echo bind-tools ;;
    apt-get:dnsmasq) echo dnsmasq-base ;;
    apt-get:nginx) echo nginx-light ;;
    apt-get:ping) echo iputils-ping ;;
    *:ping) echo iputils ;;
    apt-get:python3 | dnf:python3 | zypper:python3 | apk:python3) echo python3 ;;
    pacman:python3) echo python ;;
    apt-get:udhcpc) echo udhcpc ;;
    *:udhcpc) echo busybox ;;
    *:timeout) echo coreutils ;;
    *:nfcapd) echo nfdump ;;
    apt-get:rsvg-convert) echo librsvg2-bin ;;
    dnf:rsvg-convert) echo librsvg2-tools ;;
    zypper:rsvg-convert | apk:rsvg-convert) echo rsvg-convert ;;
    *:rsvg-convert) echo librsvg ;;
    apt-get:java) echo default-jre-headless ;;
    dnf:java) echo java-17-openjdk-headless ;;
    apk:java) echo openjdk17-jre-headless ;;
    pacman:java) echo jre-openjdk-headless ;;
    *) echo "$1" ;;
    esac
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif have sudo && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
        sudo "$@"
    else
        return 1
    fi
}

may_install() { [ "$(manager)" = brew ] || [ "$(id -u)" = 0 ] || { have sudo && { sudo -n true 2>/dev/null || [ -t 0 ]; }; }; }

install() { # install PACKAGE…
    say "installing $* (with $(manager))"
    case $(manager) in
    apt-get)
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null ||
            { as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >/dev/null; }
        ;;
    dnf) as_root dnf install -q -y "$@" ;;
    pacman) as_root pacman -S --needed --noconfirm "$@" ;;
    zypper) as_root zypper --non-interactive install "$@" ;;
    apk) as_root apk add -q "$@" ;;
    brew) brew install --quiet "$@" ;;
    *) return 1 ;;
    esac
}

# ---- building -------------------------------------------------------------------------------------------------------

check_rust() {
    if ! have cargo; then
        [ ! -x "$HOME/.cargo/bin/cargo" ] || die "cargo is in ~/.cargo/bin but not in PATH: run  . ~/.cargo/env  and try again"
        die "Rust $rust_needed or newer is missing. Its usual way in is
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh
  then open a new shell and try again."
    fi
    local version
    version=$(rustc --version | awk '{ print $2 }')
    [ "$(printf '%s\n%s\n' "$rust_needed" "$version" | sort -V | head -n 1)" = "$rust_needed" ] ||
        die "Rust $version is too old, $rust_needed or newer is needed: run  rustup update"
}

check_compiler() {
    if have cc && printf 'int main(void){return 0;}\n' | cc -x c - -o /dev/null 2>/dev/null; then return; fi
    [ "$(uname -s)" != Darwin ] || die "the C compiler is missing: run  xcode-select --install"
    # shellcheck disable=SC2046 # a list of packages
    may_install && install $(package compiler) && have cc && return
    die "a C compiler (cc) is missing and cannot be installed from here. As root: install $(package compiler)"
}

links_pcap() { printf 'int main(void){return 0;}\n' | cc -x c - "$@" -lpcap -o /dev/null 2>/dev/null; }

unpack_libpcap() { # without root, on Debian: the packages are fetched and unpacked, not installed
    have apt-get && have dpkg-deb || return 1
    local place=$PWD/target/libpcap apt
    case $target in /*) place=$target/libpcap ;; esac
    apt=$place/apt
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/get"
    say "no root and no sudo: unpacking libpcap into $place"
    (
        cd "$apt/get"
        local wanted="libpcap0.8-dev libpcap0.8 libdbus-1-3 libsystemd0 libibverbs1 libnl-3-200 libnl-route-3-200" own=()
        apt-get download -qq libpcap0.8-dev >/dev/null 2>&1 || {
            own=(-o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o Debug::NoLocking=1)
            apt-get "${own[@]}" update -qq >/dev/null 2>&1
        }
        local name
        for name in $wanted; do
            # Newer releases have renamed the library (libpcap0.8t64).
            apt-get "${own[@]}" download -qq "$name" >/dev/null 2>&1 || apt-get "${own[@]}" download -qq "${name}t64" >/dev/null 2>&1 || true
        done
        ls ./*.deb >/dev/null 2>&1
    ) || return 1
    local deb library
    for deb in "$apt"/get/*.deb; do dpkg-deb -x "$deb" "$place"; done
    library=$(find "$place" -name 'libpcap.so' -printf '%h\n' | head -n 1)
    [ -n "$library" ] || return 1
    links_pcap "-L$library" "-Wl,-rpath-link,$library" || return 1
    {
        echo "# Written by tests/setup.sh: libpcap lives here because it could not be installed."
        echo "export LIBPCAP_LIBDIR := $library"
        echo "export LIBPCAP_VER := $(basename "$(readlink -f "$library/libpcap.so")" | sed 's/libpcap\.so\.//')"
        echo "export LIBRARY_PATH := $library:\$(LIBRARY_PATH)"
        echo "export LD_LIBRARY_PATH := $library:\$(LD_LIBRARY_PATH)"
    } >"$target/setup.mk"
    rm -rf "$apt"
}

check_libpcap() {
    mkdir -p "$target"
    # What setup.mk says must not pass for the system's own libpcap.
    [ ! -e "$target/setup.mk" ] || unset LIBRARY_PATH LD_LIBRARY_PATH
    if links_pcap; then
        rm -f "$target/setup.mk"
        return
    fi
    [ -s "$target/setup.mk" ] && links_pcap "-L$(sed -n 's/^export LIBPCAP_LIBDIR := //p' "$target/setup.mk")" && return
    # shellcheck disable=SC2046 # a list of packages
    if may_install && install $(package libpcap) && links_pcap; then return; fi
    unpack_libpcap && return
    die "libpcap (with its development files) is missing and cannot be installed from here. As root: install $(package libpcap)"
}

# ---- wishes ---------------------------------------------------------------------------------------------------------

tell_wishes() {
    local tool missing=""
    for tool in tshark capinfos editcap tcpdump trafgen tcpreplay tmux shellcheck; do
        have "$tool" || missing="$missing $tool"
    done
    [ -z "$missing" ] || say "not here, and so the tests that compare with them skip themselves:$missing"
    missing=""
    for tool in clickhouse-server nfcapd prometheus victoria-metrics java; do
        have "$tool" || missing="$missing $tool"
    done
    [ -x "$target/python/bin/python" ] || missing="$missing $target/python"
    [ -z "$missing" ] || say "not here, and so exporters and archives are not tried with them (make setup-servers):$missing"
}

setup_lab() {
    [ "$(uname -s)" = Linux ] || die "the lab needs network namespaces, that is Linux"
    local tool packages="" had_nginx=yes
    have nginx || had_nginx=""
    for tool in ip tc ethtool curl dig dnsmasq nginx iperf3 openssl python3 ping timeout tcpdump; do
        have "$tool" || packages="$packages $(package "$tool")"
    done
    have udhcpc || have busybox || packages="$packages $(package udhcpc)"
    [ -n "$packages" ] || return 0
    may_install || die "the lab needs these packages, and root to install them:$packages"
    # shellcheck disable=SC2086 # a list of packages
    install $packages || die "could not install:$packages"
    # The package may start a web server of its own, which nobody asked for.
    if [ -z "$had_nginx" ] && have systemctl; then as_root systemctl disable --now nginx >/dev/null 2>&1 || true; fi
}

setup_pictures() {
    local tool packages=""
    for tool in rsvg-convert pngquant; do
        have "$tool" || packages="$packages $(package "$tool")"
    done
    [ -n "$packages" ] || return 0
    may_install || die "PNG pictures need these packages, and root to install them:$packages"
    # shellcheck disable=SC2086 # a list of packages
    install $packages || die "could not install:$packages"
}

# Packages of servers start them; nobody asked for that.
keep_quiet() { # keep_quiet SERVICE…
    if have systemctl; then as_root systemctl disable --now "$@" >/dev/null 2>&1 || true; fi
}

setup_servers() {
    local tool name
    for tool in clickhouse-server nfcapd prometheus victoria-metrics java; do
        have "$tool" && continue
        name=$(package "$tool")
        if may_install && install "$name" && have "$tool"; then keep_quiet "$name"; else say "not to be had here, and so not tried: $tool"; fi
    done
    # A Python of its own: what is installed there is in nobody's way.
    local python=$target/python
    if [ ! -x "$python/bin/pip" ]; then
        rm -rf "$python"
        python3 -m venv "$python" >/dev/null 2>&1 || { may_install && install python3-venv; } || true
        python3 -m venv "$python" >/dev/null || { say "python3 makes no environment here: Spark and Parquet are not tried"; return 0; }
    fi
    for name in pyspark pyarrow duckdb; do
        "$python/bin/python" -c "import $name" 2>/dev/null && continue
        say "installing $name into $python"
        "$python/bin/pip" install -q "$name" || say "not to be had here, and so not tried: $name"
    done
}

case ${1:-build} in
build)
    check_rust
    check_compiler
    check_libpcap
    ;;
test)
    check_rust
    check_compiler
    check_libpcap
    tell_wishes
    ;;
lab) setup_lab ;;
pictures) setup_pictures ;;
servers) setup_servers ;;
*) die "usage: tests/setup.sh build|test|lab|pictures|servers" ;;
esac
