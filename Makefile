# make run            the chat page on the sample documents (DOCS=folder for your own, PORT=7861 for another port)
# make test           every test
# make check          lint, types, tests
# make eval           the sample suite: accuracy, abstention, broken citations
# make bench          the public sets of ../shared, where they are, beside what is to be reached (BENCH="--sample 100")
# make install        the environment alone
PYTHON ?= python3
PORT ?= 7860
BENCH ?=
DOCS ?= eval/suites/geneva/documents
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: install run test check lint types eval bench constraints clean
.DEFAULT_GOAL := install

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Witness needs Python 3.11 or newer; try: make PYTHON=python3.11 $(MAKECMDGOALS)")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

run: install
	$(BIN)/python -m app "$(DOCS)" --port $(PORT)

test: install weights
	$(BIN)/python -m pytest

check: lint types test

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

eval: install
	$(BIN)/python -m eval

bench: install weights
	$(BIN)/python -m eval.bench $(BENCH)

.PHONY: weights
weights: install
	@$(BIN)/python -c 'from qa import Settings; from qa.models import fetch; fetch("arctic-embed-s", Settings().cache)'

# Pins every dependency to what is installed in a fresh environment without pins.
constraints:
	rm -rf $(VENV)-pins && $(PYTHON) -m venv $(VENV)-pins
	$(VENV)-pins/bin/python -m pip install --quiet -e '.[dev]'
	$(VENV)-pins/bin/python -m pip freeze --exclude-editable > constraints.txt
	rm -rf $(VENV)-pins

clean:
	rm -rf $(VENV) build dist *.egg-info
