# One verb a target, the same by hand and in CI. Needs Python 3.11+ (PYTHON=…), make, and for IS-Net's weights npm.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
SERVICE := tests/cluster tests/faults tests/nodes tests/scaling
TOGETHER := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
COMPILE = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header


.PHONY: help setup weights run profiles fake-providers stop test test-units test-service test-page test-faults soak check container-check bench bench-smoke quality lock clean

help:            ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready   ## virtual environment with the locked dependencies
$(VENV)/.ready: requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer expected, not " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked dependencies …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

weights: setup   ## fetch the models' weights that can be had
	@$(BIN)/python -m cutout.models.prefetch

run: weights     ## start the service on PORT (default 8000); FAKE_PROVIDERS=1 needs no keys; PROFILE=server-16, gpu
	@exec $(if $(FAKE_PROVIDERS),$(BIN)/python -m tests.providers --latency-s 1 --) $(BIN)/python -m serve_app $(if $(PROFILE),configs/profiles/$(PROFILE).yaml)

profiles: setup  ## write configs/profiles/ and the Serve part of configs/rayservice.yaml from serve_config.yaml
	@$(BIN)/python -m scripts.profiles

fake-providers: setup ## Runware and Kie.ai as stand-ins on this machine, to try the service without keys
	@exec $(BIN)/python -m tests.providers

stop:            ## end a service that `make run` started
	@$(BIN)/python -m serve_app stop

test:            ## the whole suite, its three parts at once, since each waits for long; each prints when it ends
	@$(MAKE) --no-print-directory --keep-going --jobs 3 $(TOGETHER) test-units test-service test-page

test-units: weights ## of it, what needs no Ray, by two processes: many of these tests wait more than they work
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile $(SERVICE:%=--ignore=%) --ignore=tests/page

test-service: weights ## of it, what runs on a real Ray
	@$(BIN)/python -m pytest $(SERVICE) --ignore=tests/faults/jobs

test-page: weights ## of it, the page in Chromium; a process of its own, since Playwright keeps an event loop running
	@$(BIN)/python -m pytest tests/page

test-faults: weights ## scaling, every kill and fault, several nodes, at length; `make test` has three of them
	@$(BIN)/python -m pytest -s -m "long or not long" tests/faults tests/scaling tests/nodes

soak: setup      ## mixed requests for MINUTES=30, and whether memory, handles or shared memory grow
	@$(BIN)/python -m benchmarks.operations soak --minutes $(or $(MINUTES),30)

check: setup     ## lint, format, types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

container-check: setup ## the Dockerfile's steps in a clean Debian root, where no container engine is at hand; as root
	@$(BIN)/python -m scripts.container_check

bench: weights   ## measure side by side with rembg, Pillow and libvips; writes docs/performance.md
	@$(BIN)/python -m benchmarks

bench-smoke: weights ## the benchmark's short form: that it runs, not how fast
	@$(BIN)/python -m benchmarks --smoke

quality: weights ## how good the cutouts are, on the photographs of PHOTOS (with mattes); writes docs/quality.md
	@$(BIN)/python -m benchmarks.quality $(or $(PHOTOS),../shared/eval) $(if $(ILLUSTRATIONS),--illustrations $(ILLUSTRATIONS))

lock:            ## write the lock files anew from pyproject.toml
	@$(COMPILE) -o requirements.lock pyproject.toml
	@$(COMPILE) --group pyproject.toml:build -c requirements.lock -o requirements-build.lock
	@$(COMPILE) --group pyproject.toml:gpu -c requirements.lock -o requirements-gpu.lock
	@$(COMPILE) --group dev -c requirements.lock -o requirements-dev.lock pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --no-annotate --no-emit-index-url --no-emit-find-links --no-header --python-version 3.11 -o benchmarks/peers.txt benchmarks/peers.in

clean:           ## remove the virtual environment and caches
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache
