# The house's front door; the work is done in tools/ and deploy/. `make` lists the targets.
.DEFAULT_GOAL := help
.PHONY: help demo test quick bench nightly fuzz-all lint portability audit-graphql format clean bootstrap \
        release screenshots profile
SHELL := /bin/bash
JOBS ?= $(shell nproc)
export MC_JOBS ?= $(JOBS)

help:  ## This list
	@awk -F ':.*##  *' '/^[a-z%-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

bootstrap:  ## Install the Debian packages that are missing (deploy/packages.txt)
	@deploy/bootstrap.sh

release: bootstrap  ## Build what ships into build/release/bin
	@cmake --preset release > /dev/null
	@ninja -C build/release -j $(JOBS)

demo: bootstrap  ## Build the program, then run the demo world (DEMO_DIR=folder keeps its data, SURGE=1: one tenant asks too much)
	@cmake --preset release > /dev/null
	@ninja -C build/release -j $(JOBS) maestro
	@build/release/bin/maestro demo $(if $(DEMO_DIR),--dir "$(DEMO_DIR)") $(if $(SURGE),--surge)

test: bootstrap  ## Everything: unit (with sanitizers), house rules, conformance, end to end
	@tools/run_checks.py full

quick: bootstrap  ## Release build, unit tests and house rules
	@tools/run_checks.py quick

bench: release  ## Every bench/*/run.sh except bench/build, which builds all anew, and bench/privacy, which runs others
	@deploy/bootstrap.sh bench
	@for run in bench/*/run.sh; do case "$$run" in bench/build/*|bench/privacy/*) ;; *) "$$run" || exit 1 ;; esac; done

bench-%: release  ## One of them: bench/%/run.sh
	@deploy/bootstrap.sh bench
	@bench/$*/run.sh

fuzz-all: bootstrap  ## Every fuzzer, FUZZ_SECONDS (600) shared out evenly
	@tools/fuzz.sh --all

fuzz-%: bootstrap  ## Fuzzer %_fuzz for FUZZ_SECONDS (600) on tests/corpus/%
	@tools/fuzz.sh $*

nightly: release  ## The long forms: TSan of all that is shared, isolation, graphql-js as oracle, each fuzzer for 10 minutes
	@tools/run_checks.py tsan-all
	@build/release/bin/mc-isolation --requests 10000 --seed 1
	@ninja -C build/release -j $(JOBS) mc_dataset_test
	@MC_ISOLATION_REQUESTS=10000 build/release/bin/mc_dataset_test -tc="*do not depend*" --no-intro
	@tests/oracle/graphql/run.sh 100000
	@tests/oracle/budget/run.sh 1000000
	@tests/oracle/cost/run.sh 100000
	@tests/oracle/envelope/run.sh 20000
	@FUZZ_SECONDS=$$((600 * $$(find src -name '*_fuzz.cc' | wc -l))) tools/fuzz.sh --all

lint: bootstrap  ## clang-format, house rules, clang-tidy on changed files, coroutine gate
	@tools/run_checks.py lint

profile: release  ## Renew src/app/maestro/hot.proftext: what the program does under load
	@deploy/bootstrap.sh bench
	@tools/profile.py

portability: bootstrap  ## Build and unit tests with g++ 12
	@tools/run_checks.py portability

screenshots: release  ## The portal's pictures in docs/pictures, from a running demo
	@cd tests/e2e/portal && ../../../tools/node/run npm ci --silent --no-audit --no-fund --ignore-scripts
	@tools/node/run node tests/e2e/portal/screenshots.mjs

audit-graphql: bootstrap  ## GraphQL over HTTP audit and graphql-js as oracle
	@tools/run_checks.py audit-graphql

format:  ## Let clang-format 19 lay out every source file
	@tools/lint.sh fix

clean:  ## Remove build/
	@rm -rf build
