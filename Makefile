# Two commands on a fresh machine: `make demo` and `make test`. Each sets up what it needs; a second run sets up nothing.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# Checks for updates and crash reports stay off, and jsii keeps quiet about Node's age.
export CHECKPOINT_DISABLE := 1
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 1

.PHONY: help setup demo test check format bench schemas lock clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY)  ## the environment in .venv (and Node in it, when the machine has none)

$(READY): requirements.lock tests/polaris.lock tests/openbao.lock tests/checkov.lock pyproject.toml scripts/setup
	PYTHON="$(PYTHON)" sh scripts/setup $(VENV)
	@touch $@

demo: $(READY)  ## synthesize the production example; deploy the local one into an AWS emulator, and take it down again
	$(BIN)/floe-infra synth -c floe-infra.yaml -o cdktf.out
	$(BIN)/floe-infra demo -c examples/local.yaml

test: check  ## lint, types and the whole suite
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY)  ## ruff's formatting and fixes
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)  ## how long synthesizing takes, next to stock CDKTF
	$(BIN)/python bench/synth.py

schemas: $(READY)  ## the JSON Schema of the configuration file, from the models
	$(BIN)/python -m floe_infra.config.schema

lock: $(READY)  ## requirements.lock from pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.10 \
	  --all-extras --group dev -o requirements.lock pyproject.toml

clean:  ## the environment and everything generated
	rm -rf $(VENV) cdktf.out
