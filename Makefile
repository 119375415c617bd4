# Two commands do everything on a fresh machine: `make run` and `make test`. The others are for working on the desk.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
BIN := .venv/bin
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PYTHONDONTWRITEBYTECODE ?=

help: ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: assets ## set everything up and start the desk; data stays in var/
	@exec $(BIN)/python -m helpdesk.embedded run

demo: assets ## the same with a made-up company's data
	@exec $(BIN)/python -m helpdesk.embedded demo

test: assets debian lint ## set everything up and run every test
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: assets ## ruff, mypy, djlint, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/djlint helpdesk --lint --quiet
	$(BIN)/lint-imports

bench: assets ## print the figures of benchmarks/
	$(BIN)/python -m benchmarks

mailscore: .venv/.installed ## mail reading against marks: make mailscore DIR=…
	$(BIN)/python benchmarks/mailscore.py $(DIR)

lock: .venv/.installed ## pin requirements.in and requirements-dev.in anew, with hashes
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --python-version 3.11 requirements.in requirements-dev.in -o requirements.txt

assets: .venv/.installed helpdesk/static/build/manifest.json ## build the stylesheet and the script

debian: ## install what the tests need from Debian: Chromium, Postfix, Dovecot
	@.ci/debian chromium postfix dovecot-imapd dovecot-lmtpd

clean: ## remove what was built and installed; var/ (your data) stays
	rm -rf .venv node_modules helpdesk/static/build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

.venv/.installed: requirements.txt
	@.ci/python .venv
	@echo "Installing the pinned Python packages …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

node_modules/.installed: package.json package-lock.json .venv/.installed
	@echo "Installing the pinned front-end packages …"
	@.ci/npm ci --silent
	@touch $@

helpdesk/static/build/manifest.json: node_modules/.installed $(shell find helpdesk/assets helpdesk -name '*.html' -o -path 'helpdesk/assets/*' -type f)
	@.ci/npm run --silent build
	@touch $@

.PHONY: help run demo test lint bench mailscore lock assets debian clean
