# Two commands do everything on a fresh machine: `make run` and `make test`. The others are for working on the desk.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
BUILT := helpdesk/static/build/manifest.json
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Compiled modules halve every start; without them each process compiles anew.
export PYTHONDONTWRITEBYTECODE :=

# A .venv whose Python is gone (an upgrade of the system, say) is made anew.
$(shell test ! -e .venv/.installed || .venv/bin/python -c pass 2>/dev/null || rm -f .venv/.installed .venv/.installed-dev)

help: ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: assets ## set everything up and start the desk; data stays in var/
	@exec $(PYTHON) -m helpdesk.embedded run

demo: assets ## the same with a made-up company's data
	@exec $(PYTHON) -m helpdesk.embedded demo

test: assets debian lint ## set everything up and run every test
	$(PYTHON) -m pytest -n 2 --dist loadfile

lint: .venv/.installed-dev ## ruff, mypy, djlint, import-linter
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	$(PYTHON) -m djlint helpdesk --lint --quiet
	lint-imports

chaos: assets .venv/.installed-dev ## kill and break everything for an hour: make chaos MINUTES=5 SEED=1, RACES=200, RUNS=3 POINTS=…
	@.ci/debian dovecot-imapd dovecot-lmtpd
	RACE_RUNS=$(or $(RACES),$(if $(MINUTES),20,200)) $(PYTHON) -m pytest -q -s tests/races
	$(PYTHON) -m tests.chaos $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED)) $(if $(RUNS),--runs $(RUNS)) $(if $(POINTS),--points $(POINTS))

fuzz: assets .venv/.installed-dev ## inputs at random for all that reads what strangers send: make fuzz MINUTES=10 SEED=1
	$(PYTHON) -m tests.fuzz $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED))

bench: assets .venv/.installed-dev ## print the desk's figures; BENCH="--million --keep" measures more, keeps the table
	$(PYTHON) -m benchmarks $(BENCH)

mailscore: .venv/.installed ## mail reading against marks: make mailscore DIR=…
	$(PYTHON) benchmarks/mailscore.py $(DIR)

LOCK := uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate --python-version 3.11
lock: .venv/.installed-dev ## pin what the *.in files name, with hashes; UPGRADE=--upgrade takes newer versions
	$(LOCK) $(UPGRADE) requirements.in -o requirements.txt
	$(LOCK) $(UPGRADE) -c requirements.txt requirements-dev.in -o requirements-dev.txt
	$(LOCK) $(UPGRADE) requirements-node.in -o requirements-node.txt

assets: $(BUILT) ## build the stylesheet and the script

debian: ## install what the tests need from Debian: Chromium, Postfix, Dovecot, faketime
	@.ci/debian chromium postfix dovecot-imapd dovecot-lmtpd faketime

clean: ## remove what was built and installed; var/ (your data) stays
	rm -rf .venv node_modules helpdesk/static/build .make .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

.venv/.installed: requirements.txt
	@.ci/once $@ $^ -- .ci/python requirements.txt

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	@.ci/once $@ $^ -- .ci/python requirements-dev.txt

node_modules/.installed: package.json package-lock.json .venv/.installed
	@.ci/once $@ $^ -- .ci/npm ci --loglevel=error

SOURCES := $(shell find helpdesk -name '*.html' -o -path 'helpdesk/assets/*' -type f)
$(BUILT): node_modules/.installed $(SOURCES)
	@.ci/once $@ $^ -- .ci/npm run --silent build

.PHONY: help run demo test lint chaos fuzz bench mailscore lock assets debian clean
