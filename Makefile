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
WORKERS ?= 2

# The first of these that really runs and is new enough (a pyenv shim may be on PATH without running). PYTHON=… chooses another.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	"$$p" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && { echo "$$p"; break; }; done)

.PHONY: help demo install test test-long lint types imports unit check lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

demo: $(SERVICE) ## sets everything up and starts the service with demo staff; ARGS="--port 9000" passes options on
	$(BIN)/ruang-aman demo $(ARGS)

install: $(SERVICE) ## sets the service up in .venv

test: lint types imports unit check ## sets everything up, then lint, types, import rules, all tests, and the content

test-long: $(DEV) ## the long counts
	$(BIN)/python -m pytest -n $(WORKERS) -m long $(ARGS)

lint: $(DEV) ## ruff: rules and format of imports
	$(BIN)/ruff check .

types: $(DEV) ## mypy --strict
	$(BIN)/mypy

imports: $(DEV) ## which folder may import what
	$(BIN)/lint-imports --no-cache

unit: $(DEV) ## all tests but the long counts; ARGS="tests/flows -k back" narrows
	$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

check: $(SERVICE) ## flows, texts, services, danger phrases, settings
	$(BIN)/ruang-aman check

lock: ## pins pyproject.toml and requirements/*.in anew, with hashes (needs uv)
	cd requirements && for name in service dev; do \
		uv pip compile --quiet --upgrade --generate-hashes --universal --python-version 3.11 --no-header --no-emit-index-url --no-emit-find-links \
			../pyproject.toml service.in $$([ $$name = dev ] && echo dev.in) -o $$name.txt || exit 1; done

clean: ## removes what make made (no data of the service)
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
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
