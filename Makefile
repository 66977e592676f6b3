# Two commands do everything on a fresh machine: `make demo` and `make test`.
.DEFAULT_GOAL := help
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
STARTED := $(shell date +%s)
# What a desktop program needs on Debian: a virtual screen, a window manager, Qt's xcb libraries;
# and a C compiler, because pynput's evdev comes as source only.
APT := python3-venv python3-dev gcc libc6-dev xvfb openbox fonts-dejavu-core libegl1 libgl1 libglib2.0-0 \
  libdbus-1-3 libfontconfig1 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 \
  libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-sync1 libxcb-xfixes0 libxcb-xinerama0 libxcb-xkb1
# A game that isn't ours, for tests/test_tux_football.py, which is skipped without it.
OPTIONAL_APT := tuxfootball

.PHONY: help setup demo test lint tidy docs-check bench screenshots weights clean

help:
	@echo "make setup   install everything (system packages when allowed, then .venv)"
	@echo "make demo    practice game -> recording -> training -> live play -> runs/demo/report.html"
	@echo "make test    linters, types and tests, on a virtual screen of their own"
	@echo "make lint    ruff and mypy --strict"
	@echo "make tidy    repeated code (pylint), dead code (vulture), dependencies (deptry): a minute"
	@echo "make docs-check   every command and link in the docs, checked against the program"
	@echo "make bench   measurements beside their references"
	@echo "make screenshots   the pictures of the desktop program in docs/, taken anew (a quarter of an hour)"
	@echo "make weights the detector that ships, trained anew (half an hour on two cores)"
	@echo "make clean   remove what was built (recordings/ and runs/ stay)"

setup: $(STAMP)

# robomimic only reads exports back in tests: what else it asks for (egl_probe, torchvision) isn't needed.
$(STAMP): pyproject.toml Makefile .ci/packages.sh
	@sh .ci/packages.sh $(APT)
	@sh .ci/packages.sh --optional $(OPTIONAL_APT)
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing Python packages into $(VENV) (a few minutes the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --prefer-binary --editable ".[dev]"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps robomimic==0.3.0
	@touch $@

demo: setup
	UNDERSTUDY_SETUP_SECONDS=$$(( $$(date +%s) - $(STARTED) )) $(BIN)/understudy demo --out runs/demo --force

# Two at a time, each with a screen of its own; a file's tests stay together, the longest first.
test: setup lint
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

PRODUCT := agent data gui models recorder understudy.py

# Of the product alone too: what only tests use is dead, and it imports nothing of `dev`.
tidy: setup
	$(BIN)/vulture
	$(BIN)/vulture $(PRODUCT)
	$(BIN)/deptry .
	$(BIN)/deptry . --extend-exclude tests --optional-dependencies-dev-groups dev
	$(BIN)/pylint $(PRODUCT) tests

docs-check: setup
	$(BIN)/python -m tests.docs_check

recordings/bench.h5: $(STAMP)
	$(BIN)/understudy practice --coach --headless --seconds 60 --record $@ --force

bench: setup recordings/bench.h5
	$(BIN)/understudy bench infer recordings/bench.h5
	$(BIN)/understudy bench capture
	$(BIN)/understudy bench record

screenshots: setup
	$(BIN)/python -m tests.screenshots --out docs/pictures/tour
	$(BIN)/python -m tests.first_bot --out docs/pictures/first_bot

SEEDS := $(shell seq 201 236)
LEVELS := beginner amateur professional

weights: setup
	@mkdir -p recordings/weights
	for seed in $(SEEDS); do \
	  level=$$(echo $(LEVELS) | cut -d' ' -f$$((seed % 3 + 1))); \
	  kits=$$([ $$((seed % 2)) = 1 ] || echo --kits $$seed); \
	  $(BIN)/understudy practice --coach --headless --record recordings/weights/$$seed.h5 \
	    --seed $$seed $$kits --difficulty $$level --seconds 40 --force || exit 1; \
	done
	$(BIN)/understudy train detector recordings/weights/*.h5 --out runs/weights --seed 1 \
	  --steps 3200 --every 5 --evaluations 6 --threads 1 --force
	$(BIN)/python -m models.shipping runs/weights practice

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache
