# One command for each wish; CI calls the same ones.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest -q -n 2 --dist loadfile  # what a file's tests share is made once

.PHONY: demo test test-all test-oldest lint format bench-prestashop bench-erp bench-marts bench-preview pictures schemas tsql-parser clean

$(BIN)/echannel: pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the library into $(VENV) (once; about a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $(BIN)/echannel

$(VENV)/.dev: $(BIN)/echannel pyproject.toml
	@echo "Installing what the tests need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --group dev --editable .
	@touch $@

demo: $(BIN)/echannel  ## the main job on a sample company
	@$(BIN)/echannel demo

test: $(VENV)/.dev  ## under 8 minutes; packages from pip only
	$(PYTEST) -m "not apt and not slow"

test-all: $(VENV)/.dev  ## adds the systems that come by apt (installed where this is root) and the slow tests
	@sh .ci/systems
	$(PYTEST)

OLDEST := .venv-oldest
UV_INSTALL := $(OLDEST)/bin/uv pip install --quiet --python $(OLDEST)/bin/python

test-oldest:  ## the same tests as test, with the oldest of every package that pyproject.toml allows
	$(PYTHON) -m venv $(OLDEST)
	@$(OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check uv
	@$(UV_INSTALL) --resolution lowest-direct --editable ".[all]"
	@$(UV_INSTALL) --group dev
	$(OLDEST)/bin/python -m pytest -q -n 2 --dist loadfile -m "not apt and not slow" -W ignore::DeprecationWarning -W ignore::FutureWarning

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

tsql-parser: $(VENV)/.dev  ## Microsoft's own T-SQL parser (two wheels, 47 MB), which the specs' tests use where it is
	@$(BIN)/python -m pip download --quiet --no-deps --dest .tools mssql-cli==1.0.0
	@$(BIN)/python -m pip download --quiet --no-deps --only-binary=:all: --python-version 3.10 --dest .tools psycopg2-binary==2.9.3
	@for wheel in .tools/*.whl; do $(BIN)/python -m zipfile -e $$wheel .tools; done
	@chmod +x .tools/mssqlcli/mssqltoolsservice/bin/MicrosoftSqlToolsServiceLayer
	@cd .tools/psycopg2_binary.libs && ln -sf libssl-*.so.1.1 libssl.so.1.1 && ln -sf libcrypto-*.so.1.1 libcrypto.so.1.1

bench-prestashop: $(VENV)/.dev  ## this library and its peers against one stand-in; FLAGS=--full for the large runs
	$(BIN)/python -m benchmarks.prestashop $(FLAGS)

bench-erp: $(VENV)/.dev  ## the same for ERPs: PostgreSQL (by pip) and MariaDB (by apt) beside their peers; FLAGS=--full
	$(BIN)/python -m benchmarks.erp $(FLAGS)

bench-marts: $(VENV)/.dev  ## all marts over a large company, beside dbt-duckdb; FLAGS=--full
	$(BIN)/python -m benchmarks.marts $(FLAGS)

bench-preview: $(VENV)/.dev  ## how long a page of the preview takes to answer a filter; FLAGS=--full for ten million lines
	$(BIN)/python -m benchmarks.preview $(FLAGS)

pictures: $(VENV)/.dev  ## draw what the docs and the templates show, over the demo company, in Chromium
	$(BIN)/python -m tests.pictures

schemas:  ## write the JSON schemas that editors use, and the docs' pages of marts and checks
	$(BIN)/python -m echannel_connectors.schemas

clean:
	rm -rf $(VENV) $(OLDEST) demo dist .pytest_cache .mypy_cache .ruff_cache
