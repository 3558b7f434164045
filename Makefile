# One task runner. `make` alone lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SYSTEM_PACKAGES := prometheus prometheus-alertmanager python3-venv systemd systemd-container
DATA ?= ../shared/data
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

.PHONY: help run test test-system lint golden docs bench bench-drift install uninstall wheel clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.run ## start the daemon on this machine, on a loopback port
	@exec $(BIN)/aisec-daemon run --demo --state $(VENV)/state

test: $(VENV)/.test lint ## check and test everything that needs no system package
	$(BIN)/pytest -q -m "not system"

test-system: $(VENV)/.test ## install Debian's Prometheus and the like, and test against them
	@dpkg -s $(SYSTEM_PACKAGES) >/dev/null 2>&1 || { \
		$(SUDO) apt-get update -qq && \
		$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $(SYSTEM_PACKAGES); }
	$(BIN)/pytest -q -m system

lint: $(VENV)/.test ## style, types, floors
	$(BIN)/ruff check -q
	$(BIN)/ruff format -q --check
	$(BIN)/mypy
	$(BIN)/lint-imports

golden: $(VENV)/.test ## renew the golden files; review the difference
	$(BIN)/pytest -q -m "not system" --renew

docs: $(VENV)/.test ## write docs/metrics.md and deploy/aisec.toml anew from the code
	$(BIN)/python -m aisec_daemon.app.reference docs/metrics.md deploy/aisec.toml

bench: $(VENV)/.test ## measure, and write docs/footprint.md
	$(BIN)/python -m tests.bench docs/footprint.md

bench-drift: $(VENV)/.test ## measure drift on public data (DATA=folder), and write docs/detectors/drift.md
	@$(BIN)/pip install -q --disable-pip-version-check --group bench-drift
	$(BIN)/python -m tests.bench_drift --data $(DATA) docs/detectors/drift.md

install: ## put program and service on this node, and start it (as root)
	@systemd/install

uninstall: ## remove them, but neither state nor settings (as root)
	@systemd/uninstall

wheel: $(BIN)/python ## build dist/aisec_daemon-….whl
	$(BIN)/pip wheel -q --disable-pip-version-check --no-deps --wheel-dir dist .

clean: ## remove what was made
	rm -rf $(VENV) build dist

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "python3 is missing: apt install python3"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "python3-venv is missing: apt install python3-venv"; exit 1; }
	@echo "making $(VENV) …"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml | $(BIN)/python
	@$(BIN)/pip install -q --disable-pip-version-check -e .
	@touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/python
	@$(BIN)/pip install -q --disable-pip-version-check 'pip>=25.1'
	@$(BIN)/pip install -q --disable-pip-version-check -e . --group dev
	@touch $@ $(VENV)/.run
