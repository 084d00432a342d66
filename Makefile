# Every target works from an empty clone: it makes .venv and installs what it needs.
# Only python3 (3.11 or newer, with its venv module) and make have to be there.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
WORKERS ?= 2

# Peers have an environment of their own; MEASURE=/path/to/python takes another that has them.
BENCHMARKS ?= start step profile members conv rnn scale sweep
MEASURE ?= .venv-bench/bin/python
MEASURED := $(if $(filter .venv-bench/%,$(MEASURE)),.venv-bench/ready)

.PHONY: demo test check gpu bench results catalogue docs clean

demo: .venv/ready  ## Train, rank and score the digits ensemble
	$(BIN)/plait run dags/digits.yaml

test: .venv/ready-dev  ## The whole test suite
	$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

check: .venv/ready-dev  ## Lint, format, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

gpu: .venv/ready-dev  ## The engine's suite and the demo on a GPU, measured; without one, says so and does nothing
	$(BIN)/python -m benchmarks gpu --save

bench: $(MEASURED)  ## What is measured against its peers, printed
	@for name in $(BENCHMARKS); do echo "== $$name"; $(MEASURE) -m benchmarks $$name || exit 1; done

results: $(MEASURED) catalogue  ## The same, kept in benchmarks/results/ and written into docs/performance.md
	@for name in $(BENCHMARKS); do echo "== $$name"; $(MEASURE) -m benchmarks $$name --save || exit 1; done
	$(MEASURE) -m benchmarks.report

catalogue: .venv/ready-dev  ## Measure the catalogue's figures at full size: docs/results.json, docs/catalogue.md
	$(BIN)/python -m benchmarks.catalogue --save

docs: .venv/ready-dev  ## Write docs/dag-file.md again from the schema
	$(BIN)/plait schema --markdown > docs/dag-file.md

clean:
	rm -rf .venv .venv-bench .plait build dist *.egg-info

.venv/python-found:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "plait needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Say which: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/ready: pyproject.toml | .venv/python-found
	$(PIP) --editable .
	@touch $@

.venv/ready-dev: pyproject.toml | .venv/python-found
	$(PIP) --editable '.[dev]'
	@touch $@ .venv/ready

.venv-bench/ready: pyproject.toml | .venv/python-found
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install -qq --disable-pip-version-check --editable '.[bench]'
	@touch $@
