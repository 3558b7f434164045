# One task runner. `make` alone lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SYSTEM_PACKAGES := busybox-static chromium containerd fonts-dejavu-core gcc iproute2 libc6-dev \
	podman prometheus prometheus-alertmanager python3-venv runc systemd systemd-container util-linux
DATA ?= ../shared/data
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

RUNS := # of each scene on each card, for bench-detection; 6 if not said
PUBLIC := # a folder of public logs that bench-detection judges, too

.PHONY: help run test test-system system-services system-systemd lint golden docs bench bench-detection bench-drift install uninstall wheel clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.run ## start the daemon on this machine, on a loopback port
	@exec $(BIN)/aisec-daemon run --demo --state $(VENV)/state

test: $(VENV)/.test ## check and test everything that needs no system package
	@$(MAKE) -s lint & lint=$$!; \
	$(BIN)/pytest -q -n 2 --dist loadfile -m "not system"; tests=$$?; \
	wait $$lint && exit $$tests

test-system: $(VENV)/.services ## install Debian's Prometheus and the like, and test against them
	@dpkg -s $(SYSTEM_PACKAGES) >/dev/null 2>&1 || { \
		$(SUDO) apt-get update -qq && \
		$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $(SYSTEM_PACKAGES); }
	@$(MAKE) -s -O -j2 system-services system-systemd

system-services: ; $(BIN)/pytest -q -n 2 --dist loadfile -m system --ignore tests/systemd
system-systemd: ; $(BIN)/pytest -q -m system tests/systemd

lint: $(VENV)/.test ## style, types, floors
	$(BIN)/ruff check -q
	$(BIN)/ruff format -q --check
	$(BIN)/mypy
	$(BIN)/lint-imports

golden: $(VENV)/.test ## renew the golden files; review the difference
	$(BIN)/pytest -q -m "not system" --renew

docs: $(VENV)/.test ## write docs/metrics.md, docs/posture-checks.md and what is generated in deploy/
	$(BIN)/python -m aisec_daemon.app.reference docs/metrics.md deploy/aisec.toml
	$(BIN)/python -m aisec_daemon.app.checks_page docs/posture-checks.md
	$(BIN)/python deploy/grafana/make.py
	$(BIN)/python deploy/kubernetes/make.py

bench: $(VENV)/.test ## measure, and write docs/footprint.md
	$(BIN)/python -m tests.bench --peers docs/footprint.md

bench-detection: $(VENV)/.test ## measure what the rules find, and write it into docs/detectors/mining.md
	$(BIN)/python -m tests.bench_detection $(if $(RUNS),--runs $(RUNS)) \
		$(if $(PUBLIC),--public $(PUBLIC)) docs/detectors/mining.md

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

$(VENV)/.services: $(VENV)/.test
	@$(BIN)/pip install -q --disable-pip-version-check --group services
	@touch $@
