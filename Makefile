# Everything one needs to know: make help
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help up down sim sim-down status doctor check test unit functional conformance host-tests lab molecule lint bench clean

VENV ?= .venv
BIN := $(abspath $(VENV))/bin
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
INVENTORY ?= inventory/quickstart
PLAY := $(SUDO) env PATH="$(BIN):$$PATH" ANSIBLE_CONFIG="$(CURDIR)/ansible.cfg" CLOUDSTACK_CONFIG="$(CURDIR)/var/cloudstack.ini" $(BIN)/ansible-playbook -i $(INVENTORY)
RUN := $(SUDO) $(BIN)/stratoform
PYTEST := $(SUDO) env PATH="$(BIN):$$PATH" $(BIN)/pytest
SIM_PORT ?= 8081
SIM_VAR ?= $(CURDIR)/var/sim
SIM = env PATH="$(BIN):$$PATH" ANSIBLE_CONFIG="$(CURDIR)/ansible.cfg" STRATOFORM_VAR="$(SIM_VAR)" STRATOFORM_BIND=127.0.0.1:$(SIM_PORT) STRATOFORM_SIMULATED=1
# What building the virtual environment itself takes; roles/packages installs the rest.
BOOTSTRAP := python3-venv python3-dev gcc pkg-config libvirt-dev

help: ## this text
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

up: $(VENV)/.installed ## a running cloud on this machine, and a virtual machine you can log in to
	@$(PLAY) playbooks/up.yml
	@$(RUN) instances

down: $(VENV)/.installed ## remove everything `make up` made (packages and .venv stay)
	@$(PLAY) -i inventory/instances.stratoform.yml playbooks/down.yml

sim: $(VENV)/.installed ## a simulated cloud, basic and advanced zone, without hypervisor or root (SIM_PORT, SIM_VAR)
	@$(SIM) $(BIN)/ansible-playbook -i inventory/sim playbooks/sim.yml
	@$(SIM) $(BIN)/stratoform instances
	@echo "try it       export CLOUDSTACK_CONFIG=$(SIM_VAR)/cloudstack.ini PATH=$(BIN):\$$PATH"
	@echo "             cs listZones; cs listTemplates templatefilter=featured; make sim-down ends it"

sim-down: ## stop the simulated cloud and forget all of it
	@if [ -d "$(SIM_VAR)" ]; then $(SIM) $(BIN)/stratoform stop && rm -rf "$(SIM_VAR)"; fi

status: ## the endpoint and the instances
	@$(RUN) status && $(RUN) instances

doctor: ## check this machine and the installation
	@$(RUN) doctor

test: lint unit functional conformance host-tests lab ## set up and run all tests

lint: $(VENV)/.developing ## formatters, linters, types
	$(BIN)/ruff check .
	$(BIN)/mypy
	PATH="$(BIN):$$PATH" $(BIN)/ansible-lint --offline -q

unit: $(VENV)/.developing ## tests of single parts
	$(PYTEST) -q tests/unit

functional: $(VENV)/.developing var/.test-packages ## tests of the service, on SQLite and MariaDB, with simulated hosts
	$(PYTEST) -q -n 2 tests/functional

conformance: $(VENV)/.developing var/.test-packages var/clients/.fetched ## foreign clients against a service, on both databases
	$(PYTEST) -q -n 2 --dist loadgroup tests/conformance

host-tests: $(VENV)/.developing var/.test-packages ## tests with this machine's libvirt and real guests
	$(PYTEST) -q tests/contract

lab: $(VENV)/.developing var/.test-packages ## roles on container hosts, by Molecule
	$(PYTEST) -q tests/lab

bench: $(VENV)/.developing var/.test-packages ## measure; the numbers go to docs/benchmarks.md
	$(SUDO) env PATH="$(BIN):$$PATH" $(BIN)/python -m tests.bench

# The collection ngine_io.cloudstack, out of the package that carries it.
var/clients/.fetched: tests/conformance/clients.txt tests/conformance/fetch_clients.py $(VENV)/.developing
	$(SUDO) $(BIN)/python tests/conformance/fetch_clients.py
	@$(SUDO) touch $@

$(VENV)/bin/python:
	@missing=$$(dpkg-query -W -f '$${db:Status-Status} $${Package}\n' $(BOOTSTRAP) 2>/dev/null | awk '$$1 == "installed" { print $$2 }' | sort | comm -13 - <(printf '%s\n' $(BOOTSTRAP) | sort)); \
	if [ -n "$$missing" ]; then echo "installing" $$missing; $(SUDO) apt-get update -q && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $$missing; fi
	/usr/bin/python3 -m venv $(VENV)

$(VENV)/.installed: pyproject.toml $(VENV)/bin/python
	$(BIN)/python -m pip install -q --disable-pip-version-check -e .
	@touch $@

$(VENV)/.developing: pyproject.toml $(VENV)/.installed
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[dev]'
	@touch $@

var/.test-packages: roles/packages/vars/Debian.yml $(VENV)/.installed
	@$(PLAY) playbooks/setup.yml playbooks/prepare_hosts.yml -e '{"setup_package_sets": ["service", "tests"], "kvm_host_bridges": []}'
	@$(SUDO) touch $@
