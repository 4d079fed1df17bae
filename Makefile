# make setup   an environment in .venv with everything for development
# make demo    run the example experiment
# make test    run the tests

BIN := .venv/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

# The first interpreter that is new enough.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)

.PHONY: setup demo test lint types clean

setup: .venv/.development

demo: .venv/.installed
	$(BIN)/lifesim run scenarios/striving_youth.yaml

test: .venv/.development
	$(BIN)/pytest -q -n auto

lint: .venv/.development
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: .venv/.development
	$(BIN)/mypy

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps, so that an environment half made is made again.
.venv/.created:
	@test -n "$(PYTHON)" || { echo "lifesim needs Python 3.11 or newer; set PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv
	@touch $@

.venv/.installed: .venv/.created pyproject.toml hatch_build.py
	$(PIP) install --editable .
	@touch $@

.venv/.development: .venv/.created pyproject.toml hatch_build.py
	$(PIP) install --editable ".[dev]"
	@touch .venv/.installed $@
