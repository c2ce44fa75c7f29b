# Two commands are enough: `make demo` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DATA ?= ../shared/data
ENVS ?= .compat
KERNELS := $(wildcard auditor/kernels/native/*.pyx auditor/kernels/native/*.h) auditor/kernels/unicode_table.py auditor/text.py

.DEFAULT_GOAL := help
BENCH ?= ../shared/bench

.PHONY: help demo test check lint types bench scale quality compat xtuner wheel clean

help: ## Show the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

$(VENV)/made:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	@touch $@

$(VENV)/installed: $(VENV)/made setup.cfg setup.py pyproject.toml $(filter-out %unicode_table.h,$(KERNELS))
	$(BIN)/pip install --quiet --editable .
	@touch $@

$(VENV)/developed: $(VENV)/made setup.cfg setup.py pyproject.toml $(filter-out %unicode_table.h,$(KERNELS))
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $(VENV)/installed $@

demo: $(VENV)/installed ## Make a virtual environment, install, audit the demo data, show the report
	$(BIN)/auditor demo

test: $(VENV)/developed ## Run the tests
	$(BIN)/python -m pytest -q

check: lint types test ## What CI runs: style, types, tests

lint: $(VENV)/developed ## Check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/developed ## Check types
	$(BIN)/mypy

quality: $(VENV)/developed ## Measure quality on real data: make quality DATA=folder
	$(BIN)/python benchmarks/quality.py --data $(DATA)

compat: $(VENV)/developed ## Hold the compat packs to the real tools: make compat DATA=folder ENVS=folder
	$(BIN)/pip install --quiet --editable '.[compat]'
	$(BIN)/python benchmarks/compat.py --data $(DATA) --envs $(ENVS)

bench: $(VENV)/developed .bench/venvs ## Time our stages and other tools side by side: make bench BENCH=folder
	$(BIN)/python benchmarks/bench.py --harness $(BENCH) $(OPTIONS)

.bench/venvs:
	bash $(BENCH)/setup_peers.sh $@
	$(PYTHON) -m venv $@/score && $@/score/bin/pip install --quiet numba numpy scipy xxhash

scale: $(VENV)/developed ## Scan a million rows, one template's rows, equal rows: make scale BENCH=folder
	$(BIN)/python benchmarks/scale.py --harness $(BENCH) $(OPTIONS)

xtuner: $(VENV)/developed ## Hold checks and hook against the real XTuner (2 GB, its own environments)
	$(BIN)/python tests/xtuner/real_all.py .xtuner

wheel: $(VENV)/developed ## Build a wheel
	$(BIN)/python -m build --wheel

clean: ## Remove what was built
	rm -rf $(VENV) .xtuner build dist *.egg-info auditor/kernels/native/*.so auditor/kernels/native/*.c auditor/kernels/native/unicode_table.h
