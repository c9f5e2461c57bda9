# Two commands: `make demo` and `make test`. Both set up everything they need.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not ((3, 11) <= sys.version_info[:2] <= (3, 13)))' 2>/dev/null && command -v $$p && break; done)
BIN := .venv/bin
DEMO := TRAINLOOP_HOME=$(CURDIR)/.trainloop/demo TRAINLOOP_ENVIRONMENT=demo \
	TRAINLOOP_SITE_FILE=$(CURDIR)/include/trainloop/demo/site.yaml

.PHONY: help setup browser demo demo-down up down status test test-fast cluster-test lint format types compose-check docs bench audit lock clean

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

setup: .venv/.complete  ## install system libraries (Debian) and Python packages
.venv/.complete: requirements.lock pyproject.toml .ci/system-packages
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed: install it and run again, or pass PYTHON=/path/to/python3"; exit 1; }
	@.ci/system-packages $(PYTHON)
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(sed -nE 's/^(uv==[0-9.]+).*/\1/p' requirements.lock)"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

browser: setup  ## install the Chromium of the browser tests (Debian)
	@.ci/system-packages $(PYTHON) browser || { test "$$BROWSER_TESTS" != required && echo "Without Chromium the browser tests are skipped."; }

demo: setup  ## a sample company's training year through the real DAGs; leaves the stack up
	@$(DEMO) $(BIN)/trainloop demo

demo-down: setup  ## stop what `make demo` left running
	@$(DEMO) $(BIN)/trainloop down

up: setup  ## start PostgreSQL, Airflow, the forms service and (outside production) the dev mailbox
	@$(BIN)/trainloop up

down: setup  ## stop what `make up` or `make demo` started
	@$(BIN)/trainloop down
	@$(DEMO) $(BIN)/trainloop down

status: setup  ## what runs, where, and what is due
	@$(BIN)/trainloop status

test: browser  ## every test: unit, PostgreSQL, DAGs, PDF, SMTP, browser, kills, one real Airflow
	@$(BIN)/python -m pytest -m "not benchmark and not cluster" -n logical --no-loadscope-reorder

test-fast: setup  ## the inner loop: under a minute
	@$(BIN)/python -m pytest -q -n logical --no-loadscope-reorder \
		-m "not slow and not postgres and not acceptance and not benchmark and not cluster"

cluster-test: setup  ## docker-compose.yml's services natively: two workers, Redis, first weeks of the demo, kills
	@.ci/system-packages $(PYTHON) cluster
	@$(BIN)/python -m pytest -q -s -m cluster tests/cluster

lint: setup  ## ruff: style, security, Airflow rules
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

format: setup  ## let ruff mend what it can
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

types: setup  ## mypy, strict, on include/
	@$(BIN)/mypy

compose-check: setup  ## docker-compose.yml and Dockerfile against their specification and the code
	@$(BIN)/python -m pytest -q tests/stack/test_compose.py

docs: setup  ## renew the generated pages (DAG catalogue, data dictionary)
	@$(BIN)/trainloop docs

bench: setup  ## ratios against COPY, DuckDB, Typst, smtplib, an empty DAG, both sides in one run (ARGS=--quick: minutes)
	@$(BIN)/trainloop bench $(ARGS)

audit: setup  ## licences and known vulnerabilities of the dependencies
	@$(BIN)/pip-licenses --summary --order=count
	@$(BIN)/pip-audit --requirement requirements.lock --require-hashes --disable-pip

lock: setup  ## renew requirements.lock from pyproject.toml (hashes, no host names)
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --extra dev pyproject.toml -o requirements.lock

clean: down  ## stop everything and remove what was made here
	@rm -rf .trainloop .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
