# The commands of this project. `make run` shows it at work, `make test` checks all of it.
#
#   make run       install what is missing, build, run one scenario and show its verdict
#   make test      install what is missing, lint, build, unit tests, all scenarios
#   make simulate  two engines on a simulated clock and a link with faults: 100,000 handshakes
#   make build     release build: .build/release/swantest and .build/release/swand
#   make install   copy programs and data to PREFIX (default /usr/local; DESTDIR is respected)
#   make bench     measure the figures of docs/PERFORMANCE.md
#   make fuzz      run the fuzzers of Fuzz/, FUZZ_SECONDS each (default 600)
#   make lint      check the formatting
#   make deps      only install what is missing
#   make clean     remove everything that was built

SHELL := /bin/bash
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: run test build install bench clean fuzz lint deps deps-run deps-test deps-bench build-strict unit simulate scenarios

PREFIX ?= /usr/local
DESTDIR ?=
SWIFT ?= swift
FUZZ_SECONDS ?= 600
# Handshakes of each of the two simulations of make test.
SIMULATED ?= 50000
# Start-up time matters: a host's shell starts swand many times, and a static runtime halves it.
RELEASE := -c release --static-swift-stdlib
BIN = $(shell $(SWIFT) build $(RELEASE) --show-bin-path)

# Debian packages: built with, run with; then what only the tests or the benchmarks call.
PACKAGES_RUN := libssl-dev libnl-3-dev libnl-route-3-dev pkg-config iproute2 iputils-ping
PACKAGES_TEST := libxml2-utils openssl procps tcpdump tshark wget nftables strongswan-charon strongswan-swanctl strongswan-pki libcharon-extra-plugins \
    libstrongswan-standard-plugins libstrongswan-extra-plugins libcharon-extauth-plugins user-mode-linux
PACKAGES_BENCH := iperf3 strongswan-charon strongswan-swanctl libcharon-extra-plugins libstrongswan-standard-plugins

# $(call install-missing,PACKAGES): nothing is asked and no service is started; recommended packages stay away.
define install-missing
	@missing=(); \
	for package in $(1); do \
	    [[ $$(dpkg-query -W -f '$${db:Status-Status}' "$$package" 2>/dev/null) == installed ]] || missing+=("$$package"); \
	done; \
	if (( $${#missing[@]} == 0 )); then exit 0; fi; \
	if (( $$(id -u) != 0 )); then \
	    echo "These Debian packages are missing; install them with this command, then type make again:" >&2; \
	    echo "    sudo sh -c 'apt-get update && apt-get install --no-install-recommends $${missing[*]}'" >&2; \
	    exit 3; \
	fi; \
	echo "Installing from Debian: $${missing[*]}"; \
	export DEBIAN_FRONTEND=noninteractive; \
	policy=/usr/sbin/policy-rc.d; made=; \
	if [[ ! -e $$policy ]]; then printf '#!/bin/sh\nexit 101\n' >$$policy && chmod 755 $$policy && made=1; fi; \
	trap '[[ -z $$made ]] || rm -f $$policy' EXIT; \
	apt-get install -q -y --no-install-recommends "$${missing[@]}" \
	    || { apt-get update -q && apt-get install -q -y --no-install-recommends "$${missing[@]}"; }
endef

run: build
	"$(BIN)/swantest" run ikev2-resume-01

test: deps-test lint build-strict unit simulate build scenarios

deps: deps-run deps-test

deps-run:
	$(call install-missing,$(PACKAGES_RUN))

deps-test: deps-run
	$(call install-missing,$(PACKAGES_TEST))

deps-bench: deps-run
	$(call install-missing,$(PACKAGES_BENCH))

lint:
	$(SWIFT) format lint --strict --recursive Sources Tests Package.swift

# The import check prints "Build complete!" after it failed: only the exit status tells, and make looks at that.
build-strict: deps-run
	$(SWIFT) build --build-tests --explicit-target-dependency-import-check error

# What failed is said again at the end, where a log of some ten thousand lines is read first.
unit: build-strict
	@mkdir -p OUTPUT; set -o pipefail; \
	$(SWIFT) test --disable-xctest --explicit-target-dependency-import-check error 2>&1 | tee OUTPUT/unit.log \
	    || { echo; echo "What failed (all of it: OUTPUT/unit.log):"; \
	         grep -E '✘ .* recorded an issue|[Ff]atal error|unexpected signal' OUTPUT/unit.log | cut -c 1-400 | tail -n 12; exit 1; }

build: deps-run
	$(SWIFT) build $(RELEASE) --product swand
	$(SWIFT) build $(RELEASE) --product swand-client
	$(SWIFT) build $(RELEASE) --product mip6d
	$(SWIFT) build $(RELEASE) --product swantest

# 100,000 handshakes of two simulated engines with faults, on two processors; a seed that fails is told as a ladder.
simulate: deps-run
	$(SWIFT) build $(RELEASE) --product ikesim
	"$(BIN)/ikesim" --quiet --handshakes $(SIMULATED) --seed 1000000 & first=$$!; \
	"$(BIN)/ikesim" --quiet --handshakes $(SIMULATED) --seed 2000000 && wait $$first
	"$(BIN)/ikesim" --exchange all --pairs
	"$(BIN)/ikesim" --quiet --seed 1 --weeks 52
	"$(BIN)/ikesim" --hostile 50000 --seed 1

# libreswan's packages cannot be installed beside strongSwan's; without them their scenario is unsupported, and says so.
scenarios: build
	"$(BIN)/swantest" fetch libreswan || true
	"$(BIN)/swantest" run --junit "$(CURDIR)/OUTPUT/junit.xml"

install: build
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(PREFIX)/libexec/swantest" "$(DESTDIR)$(PREFIX)/share/swantest"
	install -s -m 755 "$(BIN)/swantest" "$(DESTDIR)$(PREFIX)/bin/swantest"
	install -s -m 755 "$(BIN)/swand" "$(DESTDIR)$(PREFIX)/libexec/swantest/swand"
	install -s -m 755 "$(BIN)/swand-client" "$(DESTDIR)$(PREFIX)/libexec/swantest/swand-client"
	install -s -m 755 "$(BIN)/mip6d" "$(DESTDIR)$(PREFIX)/libexec/swantest/mip6d"
	rm -rf "$(DESTDIR)$(PREFIX)/share/swantest/testing" "$(DESTDIR)$(PREFIX)/share/swantest/guestbin"
	cp -R testing guestbin "$(DESTDIR)$(PREFIX)/share/swantest/"

bench: build deps-bench
	"$(CURDIR)/Benchmarks/run" "$(BIN)"

# One fuzzer for each folder of Fuzz/corpus; Fuzz/README.md says what each looks at.
fuzz: deps-run
	for target in $(notdir $(wildcard Fuzz/corpus/*)); do Fuzz/run.sh "$$target" $(FUZZ_SECONDS) || exit 1; done

clean:
	rm -rf .build OUTPUT
