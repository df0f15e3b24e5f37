# `make` prints the targets. Each needs nothing but git, make, bash and Python 3.11 (or uv).

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

bin := .venv/bin
# Extra arguments: `make test ARGS="-k lease -x"`, `make crash ARGS="--devices 200"`, `make scenarios ARGS=a_storm`.
ARGS ?=
# Which measurements: `make bench ONLY=chain`.
ONLY ?=

##@ Use

.PHONY: help
help: ## show this help
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@ / { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: install
install: .venv/.runtime ## make .venv/ with hansho in it (every other target does that first)

.PHONY: run
run: .venv/.runtime ## start everything on SQLite with a storm over the demo city
	@$(bin)/hansho run

.PHONY: live
live: .venv/.runtime ## start everything on JMA's real feeds
	@$(bin)/hansho run --feeds live --city odawara

.PHONY: kafka
kafka: .venv/.kafka ## start an Apache Kafka on loopback, without Docker (needs Java 17, and Maven once)
	@$(bin)/python deploy/kafka-local/kafka.py $(ARGS)

##@ Check

.PHONY: test
test: .venv/.dev ## run all tests (ARGS="-k lease" for some)
	@$(bin)/python -m pytest --numprocesses 4 --dist worksteal $(ARGS)

.PHONY: test-kafka
test-kafka: .venv/.dev .venv/.kafka ## run what needs a real Kafka: it is started, and stopped, by this (needs Java 17, Maven)
	@$(bin)/python -m tests.kafka.run $(ARGS)

.PHONY: scenarios
scenarios: .venv/.dev ## play every night on the wall clock, against real processes, five hundred times as fast
	@$(bin)/python -m tests.scenario.run $(ARGS)

.PHONY: crash
crash: crash-town crash-city ## kill -9 at every point of a warning, people changing meanwhile: nobody missed, bounded repeats

.PHONY: crash-town
crash-town: .venv/.dev ## of that what fits into a quarter of an hour: 200 and 5,000 devices, 300 bulletins by brute force
	@$(bin)/python -m tests.crash.run $(ARGS)
	@$(bin)/python -m tests.oracle 300 20000

.PHONY: crash-city
crash-city: .venv/.dev ## of that the city: 200,000 devices, 1,000 bulletins over 50,000 by brute force
	@$(bin)/python -m tests.crash.run --devices 200000
	@$(bin)/python -m tests.oracle

.PHONY: fuzz
fuzz: .venv/.dev ## read wounded telegrams, CAP and L-Alert messages, 20,000 of each: no exception, no hang (ARGS="MUTANTS SEED")
	@$(bin)/python -m tests.fuzz.jma $(ARGS)
	@$(bin)/python -m tests.fuzz.cap $(ARGS)

.PHONY: fuzz-rivers
fuzz-rivers: .venv/.dev ## read 20,000 wounded river documents: no exception, no hang (ARGS="MUTANTS SEED")
	@$(bin)/python -m tests.fuzz.rivers $(ARGS)

.PHONY: bench
bench: .venv/.dev ## measure (ONLY=chain): work, ours, peer, ratio, spread, goal; kept in var/bench.json
	@$(bin)/python -m tests.bench.run $(ONLY)

.PHONY: cover
cover: .venv/.dev ## hold schemas/ and every core/ to 100 % branches by their own test file
	@$(bin)/python -m tests.cover

.PHONY: mutants
mutants: .venv/.dev ## see every invariant fail when its rule is swapped for a wrong one
	@$(bin)/python -m tests.mutants

.PHONY: lint
lint: .venv/.dev ## style, types, imports, schema drift, types of the pages
	@$(bin)/ruff check
	@$(bin)/ruff format --check
	@$(bin)/mypy
	@$(bin)/lint-imports --no-cache
	@$(bin)/python -m schemas.generate --check
	@deploy/check-pages.sh

##@ Change

.PHONY: fix
fix: .venv/.dev ## let ruff mend and format what it can
	@$(bin)/ruff check --fix
	@$(bin)/ruff format

.PHONY: schemas
schemas: .venv/.dev ## rewrite schemas/json from the contract types
	@$(bin)/python -m schemas.generate

.PHONY: locks
locks: ## resolve requirements/ anew from pyproject.toml (needs uv)
	@deploy/lock.sh

.PHONY: clean
clean: ## remove .venv/, var/ (all recorded alerts with it) and caches
	@rm -rf .venv var .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache *.egg-info
	@find schemas services tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment: one stamp for what running needs, one for what checking adds. Both are void
# once the folder was moved or copied: the scripts in .venv would still run the old place's code.

ifneq ($(shell cat .venv/.made 2>/dev/null),$(CURDIR))
.venv/.runtime: force
.PHONY: force
endif

.venv/.runtime: requirements/runtime.txt pyproject.toml deploy/install.sh
	@deploy/install.sh runtime

.venv/.kafka: requirements/kafka.txt .venv/.runtime
	@deploy/install.sh kafka

.venv/.dev: requirements/dev.txt .venv/.runtime
	@deploy/install.sh dev
