# make demo     from nothing to a dashboard
# make help     the rest

CARGO  ?= cargo
TARGET := $(if $(CARGO_TARGET_DIR),$(CARGO_TARGET_DIR),target)
SPANTOP := $(TARGET)/release/spantop

# Only there when libpcap had to be unpacked instead of installed.
-include $(TARGET)/setup.mk

.NOTPARALLEL:
.PHONY: help demo live lab report test lint unit docs packages bench bench-test bench-clean curves setup setup-test setup-lab setup-pictures setup-servers build record pictures cast clean

help:
	@echo "make demo          build, then look at captures/office.pcapng (the report, without a terminal)"
	@echo "make live IF=eth1  build, then watch a mirror port"
	@echo "make lab           a whole office in network namespaces, and the dashboard on its mirror port (Linux, root)"
	@echo "make test          everything that must pass: format, clippy, tests, documentation, benches once, packages"
	@echo "make bench         how fast, beside tcpdump, tshark and ndpiReader (writes about 3 GB to $(TARGET)/bench)"
	@echo "make curves        measure the tables of docs/performance.md again (writes about 25 GB to $(TARGET)/bench)"
	@echo "make bench-clean   remove those files"
	@echo "make pictures      draw the pictures of README.md again"
	@echo "make cast          record docs/demo.cast again (asciinema play docs/demo.cast shows it)"
	@echo "make record        make the bundled captures again (Linux, root)"
	@echo "make setup-servers install the servers that exporters and archives are tried with (make test passes over those that are missing)"
	@echo "make setup         install what a build needs: a C compiler and libpcap, if they are missing"

# ---- looking ----

# Setup may write setup.mk, which only a new make reads.
build: setup
	@$(MAKE) --no-print-directory release

.PHONY: release
release:
	$(CARGO) build --release --locked

demo: build
	@$(MAKE) --no-print-directory show

.PHONY: show
show:
	@$(SPANTOP) captures/office.pcapng

live:
	@test -n "$(IF)" || { echo "which port? make live IF=eth1 (ip link lists them)" >&2; exit 2; }
	@$(MAKE) --no-print-directory build
	@if [ "$$(id -u)" = 0 ] || { command -v getcap >/dev/null && getcap $(SPANTOP) | grep -q cap_net_raw; }; \
	then exec $(SPANTOP) -i "$(IF)"; else exec sudo $(SPANTOP) -i "$(IF)"; fi

lab: build setup-lab
	@if [ "$$(id -u)" = 0 ]; then SPANTOP="$(abspath $(SPANTOP))" exec captures/lab.sh watch; \
	else exec sudo env SPANTOP="$(abspath $(SPANTOP))" captures/lab.sh watch; fi

# A session on the probe port of the lab, for asciinema: root, and what setup-lab installs.
cast: build setup-lab
	python3 docs/cast.py $(SPANTOP)

# The pictures of README.md, drawn by the dashboard itself: SVG that stays sharp, and PNG of it for what shows nothing else.
pictures: setup-pictures
	$(CARGO) run --locked --example pictures docs/pictures
	for picture in docs/pictures/*.svg; do \
		rsvg-convert --zoom 1.5 "$$picture" | pngquant --strip 64 - >"$${picture%.svg}.png" || exit 1; done

record: setup-lab
	@if [ "$$(id -u)" = 0 ]; then exec captures/lab.sh record captures; else exec sudo captures/lab.sh record captures; fi

# ---- testing ----

test: setup-test
	@$(MAKE) --no-print-directory lint unit docs bench-test packages

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --all-targets --all-features -- -D warnings
	$(CARGO) check --locked --quiet
	@if command -v shellcheck >/dev/null; then shellcheck -x captures/*.sh tests/*.sh packaging/*.sh packaging/*/post* .ci/run; \
	else echo "shellcheck is not here: scripts not checked"; fi
	@if command -v cargo-deny >/dev/null; then $(CARGO) deny --locked check --hide-inclusion-graph licenses bans sources; \
	else echo "cargo-deny is not here: licences and sources of dependencies not checked"; fi

# With every feature: what few need is tried, too. The Python of setup-servers, where it is.
PYTHON := $(abspath $(TARGET)/python/bin/python)
unit: export SPANTOP_PYTHON ?= $(if $(wildcard $(PYTHON)),$(PYTHON),python3)
unit: export SPANTOP_SPARK_PYTHON ?= $(SPANTOP_PYTHON)
# The library as its own tests are compiled with and as all others are takes 3 GiB of memory each: one after the other.
unit:
	$(CARGO) test --locked --all-features --lib
	$(CARGO) test --locked --all-features --bins --test '*'
	$(CARGO) test --locked --all-features --doc

docs:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps

bench-test:
	$(CARGO) test --locked --all-features --benches -- --test

# The program that the tests were made with, packed: what is given away is another one, but packed alike.
packages:
	packaging/try.sh pack $(TARGET)/debug/spantop

# ---- measuring ----

bench: setup
	@$(MAKE) --no-print-directory bench-run

curves: setup
	@$(MAKE) --no-print-directory curves-run

# Behind setup, whose setup.mk only a new make reads.
.PHONY: bench-run curves-run
bench-run:
	$(CARGO) bench --locked --bench decode --bench dedup --bench pipeline --bench report

curves-run:
	$(CARGO) bench --locked --bench curves -- --write

bench-clean:
	rm -rf "$(TARGET)/bench"

# ---- installing what is missing ----

setup:
	@tests/setup.sh build

setup-test:
	@tests/setup.sh test

setup-lab:
	@tests/setup.sh lab

setup-pictures:
	@tests/setup.sh pictures

setup-servers:
	@tests/setup.sh servers

clean:
	$(CARGO) clean
