# Two commands do everything: `make demo` and `make test`; both install first.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PY := .venv/bin/python
.DEFAULT_GOAL := help

.PHONY: help install test demo lock lint clean

help:  ## Show this list.
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

install: .venv/.installed  ## Make .venv from requirements.lock, and software GL where it is missing.

.venv/.installed: pyproject.toml requirements.lock install-gl.sh
	$(PYTHON) -m venv .venv
	$(PY) -m pip install --quiet --progress-bar off --no-deps --requirement requirements.lock
	$(PY) -m pip install --quiet --no-deps --no-build-isolation --editable .
	bash install-gl.sh $(PY)
	touch $@

test: install  ## Run the whole test suite (on 2 processes).
	$(PY) -m pytest --numprocesses 2 --dist loadgroup --durations 15

demo: install  ## Record, fine-tune with and without regularizers, roll out, and report in outputs/demo.
	PY=$(PY) bash demo.sh

lint: install  ## Format and check the code.
	.venv/bin/ruff check --fix . && .venv/bin/ruff format . && .venv/bin/mypy && .venv/bin/lint-imports

lock: install  ## Write requirements.lock from what .venv holds: names and versions only.
	$(PY) -m pip list --format freeze --exclude vlareg --exclude pip > requirements.lock

clean:  ## Remove what make installed and wrote; the user's cache stays.
	rm -rf .venv outputs
