# One verb per target, the same by hand and in CI. Needs Python 3.11+ (PYTHON=…), make, and npm for IS-Net's weights.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
SERVICE := tests/cluster tests/faults tests/nodes tests/scaling
HTTP := tests/serve_app tests/cutout_client tests/attacks
TOGETHER := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
COMPILE = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header
# A container's variable, which is meant for images: without the compiled files each of hundreds of processes compiles anew.
unexport PYTHONDONTWRITEBYTECODE
# `run`, `weights` and `wheel` install what running needs; where testing has been set up, that is kept up to date instead.
INSTALLED := $(VENV)/.$(if $(filter-out run weights wheel,$(MAKECMDGOALS))$(wildcard $(VENV)/.ready),ready,runs)

define install
@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer expected, not " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
@echo "Installing the locked dependencies …"
@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps $(patsubst %,-r %,$(filter %.lock,$^))
@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
@touch $@
endef



.PHONY: help setup weights run wheel install-check profiles fake-providers stop test test-units test-http test-service test-page test-faults soak check container-check bench bench-smoke quality lock clean

help:            ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready   ## install what running and testing need, in .venv, as locked
$(VENV)/.ready: requirements-dev.lock pyproject.toml
	$(install)
$(VENV)/.runs: requirements.lock requirements-build.lock pyproject.toml
	$(install)

weights: $(INSTALLED)   ## download the models' weights, as far as they can be reached
	@$(BIN)/python -m cutout.models.prefetch --detail

run: weights     ## start the service on PORT (default 8000); FAKE_PROVIDERS=1 needs no keys; PROFILE=server-16, gpu
	@exec $(if $(FAKE_PROVIDERS),$(BIN)/python -m tests.providers --latency-s 1 --) $(BIN)/python -m serve_app $(if $(PROFILE),configs/profiles/$(PROFILE).yaml)

profiles: setup  ## generate configs/profiles/ and the Serve part of configs/rayservice.yaml from serve_config.yaml
	@$(BIN)/python -m scripts.profiles

fake-providers: setup ## run local stand-ins for Runware and Kie.ai, to try the service without keys
	@exec $(BIN)/python -m tests.providers

stop:            ## stop a service that `make run` started
	@$(BIN)/python -m serve_app stop

test:            ## run the whole suite, its four parts at once, since each waits half of its time
	@$(MAKE) --no-print-directory --keep-going --jobs 4 $(TOGETHER) test-service test-page test-http test-units

test-http: weights ## its part about the HTTP service and its clients, without Ray
	@$(BIN)/python -m pytest $(HTTP)

test-units: weights ## its part about everything else
	@$(BIN)/python -m pytest $(patsubst %,--ignore=%,$(SERVICE) $(HTTP) tests/page)

test-service: weights ## its part on a real Ray
	@$(BIN)/python -m pytest $(SERVICE) --ignore=tests/faults/jobs

test-page: weights ## its part in Chromium, in a process of its own, since Playwright keeps an event loop running
	@$(BIN)/python -m pytest tests/page

test-faults: weights ## test scaling, every kill and fault, and several nodes, at length; `make test` has three of them
	@$(BIN)/python -m pytest -s -m "long or not long" tests/faults tests/scaling tests/nodes

soak: setup      ## send mixed requests for MINUTES=30, and check that memory, handles and shared memory do not grow
	@$(BIN)/python -m benchmarks.operations soak --minutes $(or $(MINUTES),30)

check: setup     ## check lint, format and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

wheel: $(INSTALLED)    ## build the wheel in dist/, which pip installs anywhere
	@rm -rf build
	@$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation -w dist .

install-check: setup ## install the wheel with each extra, in bare environments, and run what README.md shows of it
	@$(BIN)/python -m scripts.install_check

container-check: setup ## build the Dockerfile by buildah on a base of Debian packages, and check the image; as root
	@$(BIN)/python -m scripts.container_check

bench: weights   ## compare with rembg, Pillow and libvips; writes docs/performance.md
	@$(BIN)/python -m benchmarks

bench-smoke: weights ## run the benchmark's short form: that it works, not how fast
	@$(BIN)/python -m benchmarks --smoke

quality: weights ## measure errors on the photographs of PHOTOS, which have mattes; writes docs/quality.md
	@$(BIN)/python -m benchmarks.quality $(or $(PHOTOS),../shared/eval) $(if $(ILLUSTRATIONS),--illustrations $(ILLUSTRATIONS))

lock:            ## write the lock files from pyproject.toml
	@$(COMPILE) --extra service -o requirements.lock pyproject.toml
	@$(COMPILE) --group pyproject.toml:build -c requirements.lock -o requirements-build.lock
	@$(COMPILE) --group pyproject.toml:gpu -c requirements.lock -o requirements-gpu.lock
	@$(COMPILE) --extra service --extra catalogue --extra mcp --group dev -c requirements.lock -o requirements-dev.lock pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --no-annotate --no-emit-index-url --no-emit-find-links --no-header --python-version 3.11 -o benchmarks/peers.txt benchmarks/peers.in

clean:           ## remove the virtual environment and caches
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache
