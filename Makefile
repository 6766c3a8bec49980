# Everything a user or a build server calls. Needs make and Python 3.11, 3.12 or 3.13; .venv and the rest are made on demand.

VENV := .venv
PYTHON := $(VENV)/bin/python
INSTALLED := $(VENV)/installed
INSTALLED_DEV := $(VENV)/installed-dev
# The newest first. `make matrix` runs the quick tests on each of them.
PYTHONS := python3.13 python3.12 python3.11
MATRIX := .matrix
# Each worker of the tests has servers of its own; the rest of the options is tests/workers.py's.
WORKERS ?= 3
PYTEST := $(PYTHON) -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder
# For 3.11 and newer: a package that only one version needs says so in its line.
COMPILE := $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links --upgrade

# Without bytecode every Airflow process starts twice as slowly.
unexport PYTHONDONTWRITEBYTECODE
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help run stop status test suite test-quick matrix soak lint bench requirements clean

help:  ## List these targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 22

run: $(INSTALLED)  ## Start everything, load the sample data, run every DAG, print a report
	@$(VENV)/bin/watershed demo

stop:  ## Stop all servers; the data stays
	@test ! -x $(VENV)/bin/watershed || $(VENV)/bin/watershed down

status: $(INSTALLED)  ## Show the servers: address, process, memory, health
	@$(VENV)/bin/watershed status

test: $(INSTALLED_DEV)  ## All checks: lint, types and tests (23 minutes on two cores)
	@$(MAKE) --no-print-directory --jobs 2 lint suite

suite: $(INSTALLED_DEV)
	@$(PYTEST)

test-quick: $(INSTALLED_DEV)  ## Only the tests that need no server (3 minutes)
	@$(PYTEST) -m "not servers"

matrix:  ## The quick tests on Python 3.11, 3.12 and 3.13, each in an environment of its own (outside CI)
	@result=0; for python in $(PYTHONS); do \
		if ! "$$python" --version >/dev/null 2>&1; then echo "$$python is missing: install it"; result=1; \
		elif $(MAKE) --no-print-directory VENV=$(MATRIX)/$$python PYTHONS=$$python test-quick; \
		then echo "$$python: passed"; else echo "$$python: FAILED"; result=1; fi; done; exit $$result

soak: $(INSTALLED_DEV)  ## Streams under load while everything is killed in turn (at most 15 minutes)
	@$(PYTHON) -m pytest -s -m soak

lint: $(INSTALLED_DEV)  ## Style and types
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m mypy

bench: $(INSTALLED)  ## Measure ourselves beside the peers; table and plot go to benchmarks/results/
	@$(PYTHON) -m benchmarks

requirements: $(INSTALLED_DEV)  ## Compile the full pins anew from requirements.in and requirements-dev.in
	$(COMPILE) requirements.in -o requirements.txt
	$(COMPILE) requirements-dev.in -o requirements-dev.txt

clean: stop  ## Stop the servers and remove .venv and caches; the data in .watershed stays
	@rm -rf $(VENV) $(MATRIX) *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A full pin needs no resolver (--no-deps): faster, and nothing that is not listed gets in.
INSTALL = { $(PYTHON) -m pip install --no-deps --progress-bar off -r $(1) 2>&1 || echo "FAILED"; } | { \
	count=0; total=$$(grep -c == $(1)); \
	while read -r word rest; do case "$$word" in \
		Collecting|Processing|Requirement) count=$$((count + 1)); \
			test $$((count % 20)) -ne 0 || echo "  $$count of $$total packages" ;; \
		Installing) echo "  unpacking" ;; \
		ERROR:) echo "$$word $$rest" ;; \
		FAILED) exit 1 ;; \
	esac; done; }

$(VENV)/bin/python:
	@for python in $(PYTHONS) python3; do \
		if "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then \
			echo "making $(VENV) with $$python"; exec "$$python" -m venv $(VENV); \
		fi; done; echo "Python 3.11, 3.12 or 3.13 is needed: install one" >&2; exit 1

$(INSTALLED): requirements.txt pyproject.toml | $(VENV)/bin/python
	@echo "installing requirements (a few minutes the first time)"
	@$(call INSTALL,requirements.txt)
	@# PyPI's torch is for accelerators too: it does not load without packages of theirs, which pip then finds.
	@$(PYTHON) -c 'import torch' 2>/dev/null || \
		$(PYTHON) -m pip install --quiet -c requirements.txt $$(grep '^torch==' requirements.txt)
	@$(PYTHON) -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(INSTALLED_DEV): requirements-dev.txt $(INSTALLED)
	@echo "installing test and lint tools"
	@$(call INSTALL,requirements-dev.txt)
	@touch $@
