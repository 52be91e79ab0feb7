# One folder holds everything that is set up: delete it and start again.
VENV ?= .venv
PYTHON ?= python3
BIN = $(VENV)/bin
FAST ?=

.PHONY: demo test test-jax test-all fuzz check clean

demo: $(VENV)/demo
	$(BIN)/python -m examples.demo $(if $(FAST),--fast)

test: $(VENV)/dev
	$(BIN)/python -m pytest -n auto
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python

# The front ends on the newest JAX, if there is a Python that has it.
test-jax:
	VENV=$(VENV) .ci/newest_jax

# What takes long: every target that can run here, with every op and whole models; every command of the documentation.
test-all: $(VENV)/dev
	$(BIN)/python -m pytest -n auto -m 'matrix or docs'

# Hostile files: half of them at random, half led by what code they reach.
INPUTS ?= 1000000
fuzz: $(VENV)/fuzz
	$(BIN)/python -m tests.fuzz --inputs $$(($(INPUTS) / 2))
	$(BIN)/python -m tests.fuzz --inputs $$(($(INPUTS) / 2)) --guided

check: test

# Set-up from the package index alone; each stamp file is newer than what it was made from.
$(VENV)/python:
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/demo: $(VENV)/python pyproject.toml
	$(BIN)/python -m pip install -q -e '.[demo]'
	touch $@

$(VENV)/dev: $(VENV)/python pyproject.toml
	$(BIN)/python -m pip install -q -e '.[dev]'
	touch $@

$(VENV)/fuzz: $(VENV)/dev
	$(BIN)/python -m pip install -q -e '.[fuzz]'
	touch $@

clean:
	rm -rf $(VENV) $(VENV)-newest-jax build
