# Everything these targets install goes into .venv beside this file; no root rights are needed.
VENV := .venv
BIN := $(VENV)/bin
# The newest supported Python on the PATH that can make virtual environments; PYTHON=... overrides.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
  command -v $$p >/dev/null 2>&1 && $$p -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
  >/dev/null 2>&1 && echo $$p && break; done)
FIXTURE := audio_fixtures/call01_card_loss_8k_stereo.wav

.PHONY: run test lint types bench docs clean
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

run: $(VENV)/installed-run ## set up, then transcribe the bundled call with the bundled model
	$(BIN)/callcore transcribe $(FIXTURE) --again --stats --output out --overwrite --format json,srt,txt --db out/callcore.db

test: $(VENV)/installed-dev lint types ## set up, then check style, types and layers and run the tests
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --cov --cov-report=term

lint: $(VENV)/installed-dev ## style and layer contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

types: $(VENV)/installed-dev ## strict type check
	$(BIN)/mypy

bench: $(VENV)/installed-dev ## measure speed, memory and accuracy; results in benchmarks/results
	$(BIN)/python -m benchmarks

docs: $(VENV)/installed-dev ## write the generated pages in docs/
	$(BIN)/python docs/generate.py

clean: ## remove what these targets made
	rm -rf $(VENV) out .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage

$(BIN)/python:
	@if [ -z "$(PYTHON)" ]; then \
	  echo "callcore needs Python 3.11, 3.12 or 3.13 with the venv module." >&2; \
	  echo "On Debian or Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; fi
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed-run: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/installed-dev: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev,bench]"
	@touch $@ $(VENV)/installed-run
