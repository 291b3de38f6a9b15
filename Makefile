# Two commands do all the set-up: `make demo` to see it work, `make test` to see it tested.
# Everything is installed from the lock files into .venv; nothing else on the machine is touched.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
INSTALL_SELF := $(PIP) install --no-deps --no-build-isolation --editable .
# No index address may enter a lock file, and each file must install with --require-hashes.
COMPILE := $(BIN)/uv pip compile pyproject.toml --constraint constraints.txt --universal --python-version 3.11 \
	--generate-hashes --no-strip-extras --no-emit-index-url --no-annotate --no-header --quiet

# With it every start would compile all modules anew, and tests and benchmarks start the program some hundred times.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test test-duckdb-2 test-ops test-lake test-scale bench bench-quick bench-large calibration check format lint types imports sql-lint dagster reference screenshots lock clean

help: ## List these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

demo: $(VENV)/installed ## Run the whole job against a synthetic fleet on this machine
	@$(BIN)/cce-etl demo

test: $(VENV)/installed-dev ## Run all tests
	$(BIN)/pytest --numprocesses 3 --dist worksteal

test-duckdb-2: $(VENV)/duckdb-2/installed ## Run the tests of the warehouse and the models on DuckDB 2
	PYTHONPATH=$(VENV)/duckdb-2 $(BIN)/pytest --numprocesses 2 tests/warehouse tests/models tests/publish tests/sql

test-ops: $(VENV)/installed-dev ## Run the services of deploy/ beside a PostgreSQL through a night, and a simulated month (some seven minutes)
	$(BIN)/pytest -m ops tests/integration/ops

test-lake: $(VENV)/installed-dev ## Run a lake beside a PostgreSQL and a bucket (a minute or two)
	$(BIN)/pytest -m scale tests --ignore tests/integration/scale/test_workers.py

test-scale: $(VENV)/installed-dev ## Run twenty sources on Celery workers with PostgreSQL and Redis into one lake (a quarter of an hour)
	$(BIN)/pytest -m scale tests

# First of all paths, since what is measured beside us may need releases that are not in .venv.
BENCH := PYTHONPATH=$(CURDIR)/$(VENV)/bench $(BIN)/python -m benchmarks

bench: $(VENV)/bench/installed ## Measure us beside floors and alternatives, into benchmarks/RESULTS.md
	$(BENCH)

bench-quick: $(VENV)/bench/installed ## Print the same table at small sizes, in a minute
	$(BENCH) --scale quick

bench-large: $(VENV)/bench/installed ## Measure the growth to 1,000,000 jobs, into the same file
	$(BENCH) --scale large

calibration: $(VENV)/installed-dev ## Hold the analysis to planted truths in synthetic fleets of many seeds (some 20 minutes)
	$(BIN)/python -m benchmarks.calibration

check: format lint types imports sql-lint test test-duckdb-2 ## Everything that must hold before a change lands

format: $(VENV)/installed-dev
	$(BIN)/ruff format --check --quiet .

lint: $(VENV)/installed-dev
	$(BIN)/ruff check --quiet .

types: $(VENV)/installed-dev
	$(BIN)/mypy

imports: $(VENV)/installed-dev
	$(BIN)/lint-imports --no-cache

sql-lint: $(VENV)/installed-dev
	$(BIN)/sqlfluff lint --processes 2 sql

dagster: $(VENV)/installed-dev ## Open Dagster's pages on http://127.0.0.1:3000
	DAGSTER_HOME=$(CURDIR)/dagster_home $(BIN)/dagster dev --host 127.0.0.1 --module-name cce_etl.definitions

reference: $(VENV)/installed-dev ## Write docs/reference/ and the examples of environment files from the code
	$(BIN)/python docs/make_reference.py

screenshots: $(VENV)/installed-dev ## Make the pictures in docs/images anew, of a synthetic fleet; needs Chromium
	DAGSTER_DISABLE_TELEMETRY=1 $(BIN)/python docs/screenshots.py

lock: $(VENV)/installed-dev ## Compile the lock files anew from the ranges in pyproject.toml
	$(COMPILE) --all-extras --group dev --output-file requirements-dev.lock
	$(COMPILE) --constraint requirements-dev.lock --group build --output-file requirements.lock
	$(COMPILE) --constraint requirements-dev.lock --group build --extra postgres --extra telemetry --extra ui --output-file requirements-deploy.lock
	$(COMPILE) --constraint requirements-dev.lock --group build --extra celery --extra k8s --extra lake --extra postgres --extra telemetry --extra ui --output-file requirements-scale.lock
	$(subst pyproject.toml,,$(COMPILE)) --constraint requirements-dev.lock --group bench --output-file requirements-bench.lock
	echo 'duckdb>=2,<3' | $(subst pyproject.toml --constraint constraints.txt,-,$(COMPILE)) --output-file requirements-duckdb-2.lock

clean: ## Remove what these commands made, but not data/
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one: make demo PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes --requirement requirements.lock
	$(INSTALL_SELF)
	@touch $@

$(VENV)/installed-dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) install --require-hashes --requirement requirements-dev.lock
	$(INSTALL_SELF)
	@touch $@ $(VENV)/installed

$(VENV)/duckdb-2/installed: requirements-duckdb-2.lock | $(VENV)/installed-dev
	$(PIP) install --require-hashes --no-deps --upgrade --target $(VENV)/duckdb-2 --requirement requirements-duckdb-2.lock
	@touch $@

$(VENV)/bench/installed: requirements-bench.lock | $(VENV)/installed-dev
	$(PIP) install --require-hashes --no-deps --upgrade --target $(VENV)/bench --requirement requirements-bench.lock
	@touch $@
