# `make` lists the targets. Everything runs in .venv, which `make setup` builds from requirements.lock.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STORE ?= ./card
DATA ?= ./challng-data
STAMP := $(VENV)/.ready
DOCS_VENV ?= .venv-docs
DOCS_STAMP := $(DOCS_VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: $(shell sed -n 's/^\([a-z-]*\): .*##.*/\1/p' $(firstword $(MAKEFILE_LIST)))

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## make .venv with everything the demo and the tests need

$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary :all: --no-binary http-ece -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

demo: $(STAMP) ## a verifier and a card on this machine (SCRIPTED=1: one whole login by itself)
	@$(BIN)/python -m tests.demo $(if $(SCRIPTED),--scripted)

demo-pair: $(STAMP) ## a blank card gets its key over a cable, and logs in, by itself
	@$(BIN)/python -m tests.demo_pair

test: $(STAMP) ## the whole test suite
	@$(BIN)/python -m pytest

test-browser: $(STAMP) ## the pages in Chromium alone
	@$(BIN)/python -m pytest tests/e2e

test-booth: $(STAMP) ## a booth's day: VISITORS=2000 scripted visitors, and nothing has grown
	@VISITORS=$(or $(VISITORS),2000) $(BIN)/python -m pytest -q -p no:cacheprovider tests/booth/a_day.py

test-postgres: $(STAMP) ## the verifier's tests with its tables in a real PostgreSQL (ROOMS=: a part)
	@CHALLNG_TEST_POSTGRES=1 $(BIN)/python -m pytest $(or $(ROOMS),tests/server)

nightly: $(STAMP) ## what takes too long for each change (root; hours): whole sizes, image, container, Arm
	@bash .ci/nightly

test-failover: $(STAMP) ## under load: a primary killed, workers killed (KILLED=6), a move from SQLite
	@$(BIN)/python -m pytest tests/failover/primary_killed.py tests/failover/workers_killed.py \
		tests/failover/moved_under_load.py

test-patroni: $(STAMP) ## three machines under load, one killed, Patroni promotes (root; Debian 12; 4 minutes)
	@$(BIN)/python -m pytest tests/failover/by_patroni.py

test-systemd: $(STAMP) ## the units, sudo and login on a booted Debian (root, systemd-nspawn, mmdebstrap)
	@$(BIN)/python -m pytest tests/systemd/booted.py

test-container: $(STAMP) ## the verifier in its container, built without an engine (root, buildah, mmdebstrap)
	@$(BIN)/python -m pytest tests/container/built.py

test-kernel: $(STAMP) ## the card on a real kernel's GPIO and I2C (root; builds a kernel the first time)
	@$(BIN)/python -m pytest tests/kernel/a_login_on_a_kernel.py

test-arm: $(STAMP) ## the same on Debian's arm64 kernel with aarch64 wheels, in QEMU (root)
	@KERNEL=arm $(BIN)/python -m pytest tests/kernel/a_login_on_a_kernel.py

image: $(STAMP) ## the card's SD image into build/image (root; Debian 12)
	@$(BIN)/python -m hardware.image build/image

test-image: $(STAMP) ## the image built twice, flashed, started in QEMU and used (root; 15 minutes and more)
	@$(BIN)/python -m pytest tests/image/flashed.py

install-card: ## make this Raspberry Pi OS a card (root)
	@$(PYTHON) -B -m hardware.install

uninstall-card: ## and back (root); PURGE=1: its keys too
	@$(PYTHON) -B -m hardware.install --remove $(if $(PURGE),--purge)

test-install: $(STAMP) ## install-card and uninstall-card in Debian 12 and 13 (root, systemd-nspawn)
	@$(BIN)/python -m pytest tests/install/installed.py

test-powercut: $(STAMP) ## the store under CUTS=1000 power cuts on a real file system (root)
	@CUTS=$(or $(CUTS),1000) $(BIN)/python -m pytest tests/powercut

test-load: $(STAMP) ## open logins, floods, a soak, no database (FULL=1: all bigger; DATABASE=postgresql)
	@$(if $(FULL),OPEN_LOGINS=10000 FLOOD=400 SOAK=20000 AWAY=30) $(BIN)/python -m pytest -q -p no:cacheprovider \
		tests/load/open_logins.py tests/load/floods.py tests/load/soak.py tests/load/outage.py

test-keys: $(STAMP) ## random sequences of key presses at pin level (SEQUENCES=10000)
	@SEQUENCES=$(or $(SEQUENCES),10000) $(BIN)/python -m pytest tests/drivers/test_sequences.py

fuzz-radius: $(STAMP) ## PACKETS=100000 packets of junk for the RADIUS server (SEED=2865)
	@PACKETS=$(or $(PACKETS),100000) $(BIN)/python -m pytest tests/server/radius/test_fuzz.py

test-schema: $(STAMP) ## the API's own description, SCHEMA_EXAMPLES=200 requests a call
	@SCHEMA_EXAMPLES=$(or $(SCHEMA_EXAMPLES),200) $(BIN)/python -m pytest tests/server/operations/test_schema.py

lint: $(STAMP) ## ruff: lint and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(STAMP) ## put the code into its format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: $(STAMP) ## mypy, strict
	@$(BIN)/mypy

card: $(STAMP) ## a card in this terminal, from the store STORE=./card
	@$(BIN)/challng-card --store $(STORE) sim

server: $(STAMP) ## the verifier of DATA=./challng-data on port 8600
	@$(BIN)/challng-server --data $(DATA) serve --port 8600

bench: $(STAMP) ## figures: name, value, unit
	@$(BIN)/python -m tests.bench

bench-server: $(STAMP) ## CPU of a login beside a floor, and its waiting times, on SQLite and PostgreSQL
	@$(BIN)/python -m tests.bench.server

bench-growth: $(STAMP) ## the same while the database grows (CARDS=1000,10000,100000,1000000)
	@mkdir -p build
	@CARDS=$(or $(CARDS),1000,10000) $(BIN)/python -m tests.bench.server.growth build/growth.svg

docs: $(DOCS_STAMP) ## the manual as a site in build/manual, every warning an error (no network)
	@rm -rf build/manual build/doctrees
	@$(DOCS_VENV)/bin/sphinx-build -q -n -W --keep-going -c docs -d build/doctrees . build/manual
	@$(DOCS_VENV)/bin/python -m tests.manual.built build/manual

$(DOCS_STAMP): docs/requirements.lock
	$(PYTHON) -m venv $(DOCS_VENV)
	$(DOCS_VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary :all: -r docs/requirements.lock
	@touch $(DOCS_STAMP)

screens: $(STAMP) ## the manual's screens, maps, API pages and leaflet anew (needs Graphviz, Chromium)
	@$(BIN)/python -m tests.maps docs/pictures
	@$(BIN)/python -m tests.manual.screens docs/pictures/screens
	@$(BIN)/python -m tests.manual.api docs/api
	@$(BIN)/python -m tests.manual.leaflet docs/leaflet.pdf

pictures: screens ## all that, and the pictures of the pages in a browser
	@$(BIN)/python -m pytest -q tests/e2e --pictures docs/pictures

bom: $(STAMP) ## the page of parts, from hardware/bom/*.csv
	@$(BIN)/python -m hardware.bom

wiring: $(STAMP) ## the wiring pictures of the three builds, from their settings
	@$(BIN)/python -m hardware.wiring

case: $(STAMP) ## the case's meshes and pictures (OpenSCAD, xvfb; 2 min); CHECK=1: are they current
	@nice $(BIN)/python -m hardware.case $(if $(CHECK),--check)

board: $(STAMP) ## the card's board: rule checks, films, drill, positions, pictures (KiCad 9, or root; 3 min)
	@nice $(BIN)/python -m hardware.board.outputs

test-board: $(STAMP) ## the same made anew, and compared with what is committed
	@nice $(BIN)/python -m pytest tests/hardware/board_made.py

catalogues: $(STAMP) ## bring the languages' catalogues to what the code says now
	@mkdir -p build
	@$(BIN)/pybabel -q extract -F babel.cfg --no-location --sort-output --no-wrap -o build/messages.pot .
	@for po in server/catalogues/*.po; do $(BIN)/pybabel -q update -i build/messages.pot -o $$po \
		-l $$(basename $$po .po) --ignore-pot-creation-date --no-fuzzy-matching --ignore-obsolete --no-wrap; done

lock: ## resolve the dependencies anew into the three lock files (needs uv)
	uv export --quiet --format requirements.txt --no-emit-project --group dev --no-group docs \
		--extra card --extra provision --extra sim --extra server --no-header --no-annotate -o requirements.lock
	uv export --quiet --format requirements.txt --no-emit-project --only-group docs \
		--no-header --no-annotate -o docs/requirements.lock
	uv export --quiet --format requirements.txt --no-emit-project --no-default-groups --group build --extra server \
		--no-header --no-annotate -o server/container/requirements.lock
	rm -f uv.lock

clean: ## remove what the targets made
	rm -rf .venv .venv-docs .mypy_cache .ruff_cache .pytest_cache .hypothesis
