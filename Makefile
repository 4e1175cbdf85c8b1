# make run            the chat page on the sample documents (DOCS=folder for your own, PORT=7861 for another port,
#                     LLM=local for a model on this machine, LLM=openai:MODEL for an endpoint's, MCP=1 for agents)
# make test           every test
# make check          lint, types, tests
# make eval           the sample suite, or SUITE=folder for your own: accuracy, abstention, citations
# make bench          the public sets of ../shared, where they are, beside what is to be reached (BENCH="--sample 100")
# make soak           16 sessions ask the page for 5 minutes: seconds, errors, memory (SOAK="--minutes 1" for less)
# make bench-size     a store of 20,000 passages: seconds and memory of each stage (SIZE="--documents 100000" for a million)
# make install        the environment alone, with the tools for tests
PYTHON ?= python3
PORT ?= 7860
BENCH ?=
SOAK ?=
SIZE ?=
LLM ?=
MCP ?=
SUITE ?= geneva
DOCS ?= eval/suites/geneva/documents
VENV := .venv
BIN := $(VENV)/bin
PRODUCT := $(VENV)/.product
TOOLS := $(VENV)/.tools
EVAL := $(VENV)/.eval
LOCAL := $(VENV)/.local
MCP_SERVER := $(VENV)/.mcp
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: install run test check lint types eval bench bench-size soak constraints clean
.DEFAULT_GOAL := install

install: $(TOOLS)

# What the page and the sample suite need, without the tools for tests and public sets, which weigh as much again.
$(PRODUCT): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Witness needs Python 3.11 or newer; try: make PYTHON=python3.11 $(MAKECMDGOALS)")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) -e .
	@touch $@

$(TOOLS): $(PRODUCT)
	$(PIP) -e '.[dev,eval,local,mcp,scale,ray]'
	@touch $@

# What the harness counts and draws with.
$(EVAL): $(PRODUCT)
	$(PIP) -e '.[eval]'
	@touch $@

# What runs a model on this machine.
$(LOCAL): $(PRODUCT)
	$(PIP) -e '.[local]'
	@touch $@

# What lets agents ask the page.
$(MCP_SERVER): $(PRODUCT)
	$(PIP) -e '.[mcp]'
	@touch $@

run: $(PRODUCT) $(if $(filter local% %.gguf,$(LLM)),$(LOCAL)) $(if $(MCP),$(MCP_SERVER))
	$(BIN)/python -m app "$(DOCS)" --port $(PORT) $(if $(LLM),--llm "$(LLM)") $(if $(MCP),--mcp)

test: install weights
	$(BIN)/python -m pytest

check: lint types test

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

eval: $(EVAL) $(if $(filter local% %.gguf,$(LLM)),$(LOCAL))
	$(BIN)/python -m eval run $(SUITE) --fresh $(if $(LLM),--llm "$(LLM)")

bench: install weights
	$(BIN)/python -m eval.bench $(BENCH)

soak: $(PRODUCT)
	$(BIN)/python -m eval.bench.soak $(SOAK)

bench-size: $(PRODUCT)
	$(BIN)/python -m eval.bench.size $(SIZE)

.PHONY: weights
weights: install
	@$(BIN)/python -c 'from qa import Settings; from qa.models import fetch; [fetch(name, Settings().cache) for name in ("arctic-embed-s", "smollm2-135m")]'

# Pins every dependency to what is installed in a fresh environment without pins.
constraints:
	rm -rf $(VENV)-pins && $(PYTHON) -m venv $(VENV)-pins
	$(VENV)-pins/bin/python -m pip install --quiet -e '.[dev,eval,local,mcp,scale,ray]'
	$(VENV)-pins/bin/python -m pip freeze --exclude-editable > constraints.txt
	rm -rf $(VENV)-pins

clean:
	rm -rf $(VENV) build dist *.egg-info
