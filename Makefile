# One file, no other tools needed than make and Python 3.11 (or newer): every target sets up its own .venv first.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench mutation fuzz peers lock clean

PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/ready
PYTEST_ARGS ?=
DEMO_ARGS   ?=
BENCH_ARGS  ?=
MUTATION_ARGS ?=
PEERS_ARGS  ?=
FUZZ_SECONDS ?= 60

help:
	@echo 'make demo    play the whole story on this machine: provider, issuer, two gateways, agent, openers (about a minute)'
	@echo 'make test    run every test, on all cores (PYTEST_ARGS=-n0 on one)'
	@echo 'make check   ruff, mypy --strict and the import contracts'
	@echo 'make bench   measure, as a table (BENCH_ARGS=--json for machines)'
	@echo 'make mutation switch off every guard and equation in turn; some test must fail each time (docs/mutation.md)'
	@echo 'make fuzz    feed every decoder with damaged octets, FUZZ_SECONDS each (docs/fuzzing.md)'
	@echo 'make peers   measure AnonCreds and Dock beside this project (docs/peers.md; about ten minutes)'
	@echo 'make setup   only make the environment (.venv)'
	@echo 'make lock    resolve requirements/*.txt anew from pyproject.toml'
	@echo 'make clean   remove the environment, caches and what the demo wrote'

setup: $(STAMP)

# Everything is pinned by hash, the build tool included, and the project itself is installed without asking any index.
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check
$(VENV)/requirements: requirements/all.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11")'
	@echo '→ making $(VENV) with $(PYTHON)'
	@$(PYTHON) -m venv --clear $(VENV)
	@echo '→ installing the pinned requirements, every file checked against its hash'
	@$(PIP) install --require-hashes -r requirements/all.txt
	@touch $@

$(STAMP): $(VENV)/requirements pyproject.toml
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
	@echo '✓ environment ready'

demo: $(STAMP)
	@$(BIN)/licence demo $(DEMO_ARGS)

test: $(STAMP)
	@$(BIN)/python -m pytest -n auto --dist loadfile $(PYTEST_ARGS)

check: $(STAMP)
	@echo '→ ruff';           $(BIN)/ruff check --quiet .
	@echo '→ ruff format';    $(BIN)/ruff format --quiet --check .
	@echo '→ mypy --strict';  $(BIN)/mypy --strict --no-error-summary
	@echo '→ import laws';    $(BIN)/lint-imports > $(VENV)/imports.log || { cat $(VENV)/imports.log; exit 1; }
	@echo '✓ clean'

bench: $(STAMP)
	@$(BIN)/licence bench $(BENCH_ARGS)

mutation: $(STAMP)
	@$(BIN)/python -m tests.mutation $(MUTATION_ARGS)

fuzz: $(STAMP)
	@$(BIN)/python -m tests.fuzz run $(FUZZ_SECONDS)

peers: $(STAMP)
	@$(BIN)/python -m benchmarks.peers $(PEERS_ARGS)

LOCKER := build/lock
LOCK := $(LOCKER)/bin/uv pip compile pyproject.toml - --generate-hashes --universal --python-version 3.11 \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links --no-emit-package operator-licence --quiet --upgrade
lock:
	@test -x $(LOCKER)/bin/uv || { $(PYTHON) -m venv $(LOCKER) && $(LOCKER)/bin/python -m pip install --quiet uv; }
	@echo 'setuptools>=77' | $(LOCK) --extra test --output-file requirements/all.txt
	@echo 'setuptools>=77' | $(LOCK) --extra verifier --output-file requirements/verifier.txt
	@wc -l requirements/*.txt

clean:
	@rm -rf $(VENV) demo-output build dist ./*.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo '✓ clean'
