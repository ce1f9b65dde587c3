"""What operators see of the running service: metrics, log lines, traces, probes."""

import base64
import json
import re
import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from cutout.telemetry.metrics import METRICS
from serve_app.settings import ray_folder
from tests.cluster.conftest import KEYS, ROOT, Service, readiness
from tests.cluster.prometheus import Prometheus, prometheus
from tests.configs.panels import dashboard_expressions
from tests.support.patience import HANG_S

PHOTO = (ROOT / "tests" / "photos" / "coffee.jpg").read_bytes()
PARTS = ("queue", "infer", "composite", "upscale", "finish", "encode")
SLACK_NS = 5_000_000
"""Begins are told by one clock, durations by another."""


def process(service: Service, *models: str, **headers: str) -> httpx.Response:
    fields = {"image": base64.b64encode(PHOTO).decode(), "bg_models": list(models), "upscale_factor": 2}
    return service.http.post("/process", json=fields, headers=headers)


@pytest.fixture(scope="module")
def scraped(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus that has seen a local and a paid model, an upscale, a pick and a refusal."""
    body = process(service, "local_u2netp", "runware_rmbg2").json()
    pick = {"job_id": body["job_id"], "selected_model_id": "local_u2netp"}
    assert service.http.post("/log-selection", json=pick).status_code == 200
    assert service.http.post("/process", json={}).status_code == 400
    with prometheus(tmp_path_factory.mktemp("prometheus"), service.metrics) as found:
        yield found


def test_prometheus_finds_every_metric(scraped: Prometheus) -> None:
    """A real Prometheus has every metric of cutout/telemetry/metrics.py, with the labels that the code gives it."""
    scraped.wait_for('ray_cutout_spent_usd_total{provider="runware", model="runware_rmbg2"}')
    scraped.wait_for('ray_cutout_picks_total{model="local_u2netp"}')
    for metric in METRICS:
        name = f"ray_{metric.name}" + ("_count" if metric.kind == "histogram" else "")
        labels = {label for series in scraped.series(name) for label in series["metric"]}
        assert labels >= set(metric.labels), name


def test_what_a_request_leaves(scraped: Prometheus) -> None:
    """Each span of a request is observed under its model, and the request under its endpoint and status."""
    for span, model in {
        "decode": "",
        "queue": "local_u2netp",
        "infer": "local_u2netp",
        "composite": "local_u2netp",
        "upscale": "local_u2netp",
        "encode": "runware_rmbg2",
    }.items():
        assert scraped.wait_for(f'sum(ray_cutout_span_seconds_count{{span="{span}", model="{model}"}}) > 0') >= 1
    assert scraped.wait_for('ray_cutout_requests_total{endpoint="/process", method="POST", status="200"}') >= 1
    assert scraped.wait_for('ray_cutout_refusals_total{kind="missing_image"}') >= 1
    assert scraped.wait_for('ray_cutout_provider_calls_total{provider="runware", answer="200"}') >= 1
    assert scraped.wait_for('ray_cutout_model_ready{model="local_u2netp"}') == 1
    assert scraped.wait_for('ray_cutout_model_ready{model="absent"} == 0') == 0


def test_the_dashboard_finds_its_metrics(scraped: Prometheus) -> None:
    """Every expression of the Grafana dashboard is understood, and every metric in it is one that is there."""
    expressions = dashboard_expressions("1m")
    for expression in expressions:
        scraped.query(expression)
    for name in {name for expression in expressions for name in re.findall(r"ray_\w+", expression)}:
        scraped.wait_for(name)


def lines(service: Service) -> list[dict[str, Any]]:
    """Every line of every replica, which must be JSON."""
    files = (service.folder / "logs").glob("replica_*.log")
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def deployments_of(service: Service, request_id: str, job_id: str, count: int) -> set[str]:
    """Whose lines have both ids, once there are so many: some are written when the answer has been sent already."""
    until = time.monotonic() + HANG_S
    while time.monotonic() < until:
        found = [line for line in lines(service) if line.get("request_id") == request_id]
        named = {str(line["deployment"]) for line in found if line.get("cutout_job_id") == job_id}
        if len(named) >= count and any(line["message"].startswith("POST /process 200 in ") for line in found):
            break
        time.sleep(0.1)
    return named


def test_one_request_can_be_followed(service: Service) -> None:
    """The request's id and the job's are in a line of the ingress, the model, the upscaler and the ledger."""
    request_id = f"trail-{uuid.uuid4()}"

    answer = process(service, "local_u2netp", **{"X-Request-Id": request_id})

    job_id = answer.json()["job_id"]
    wanted = {
        "cutout_Ingress",
        "cutout_local_u2netp",
        "cutout_Upscaler",
        "cutout_Ledger",
    }
    assert deployments_of(service, request_id, job_id, len(wanted)) == wanted


def test_no_key_and_no_picture_in_a_log(service: Service) -> None:
    """After requests that carried a key of ours, in vain, and a picture, no file of the logs holds either."""
    secret = f"csk-{uuid.uuid4().hex}"
    process(service, "local_u2netp", "runware_rmbg2", "kie_recraft", Authorization=f"Bearer {secret}")
    service.http.post("/upscale", json={"image": "data:image/png;base64," + "QUJD" * 100, "scale_factor": 2})

    session = service.http.get(f"http://{service.metrics}/metrics").text.partition('SessionName="')[2].partition('"')[0]
    folders = [service.folder / "logs", ray_folder() / "ray" / session / "logs"]
    logs = [file for folder in folders for file in folder.rglob("*") if file.is_file()]
    assert len(logs) > 20
    forbidden = [secret.encode(), *(key.encode() for key in KEYS.values())]
    forbidden += [base64.b64encode(PHOTO)[:64], PHOTO[:64], b"QUJDQUJDQUJD"]
    assert [(file, word) for file in logs for word in forbidden if word in file.read_bytes()] == []


def test_a_trace_of_one_request(service: Service) -> None:
    """Below a caller's span are the request's, the model's, and one of each part of its work."""
    trace_id = uuid.uuid4().hex

    answer = process(service, "local_u2netp", traceparent=f"00-{trace_id}-{'1' * 16}-01")

    spans = collected(service, trace_id, 8)
    request, model = spans["POST /process"], spans["model local_u2netp"]
    assert request.parent_span_id.hex() == "1" * 16
    assert model.parent_span_id == request.span_id
    assert {spans[part].parent_span_id for part in PARTS} == {model.span_id}
    for inner, outer in [(model, request), *((spans[part], model) for part in PARTS)]:
        assert outer.start_time_unix_nano - SLACK_NS <= inner.start_time_unix_nano
        assert inner.end_time_unix_nano <= outer.end_time_unix_nano + SLACK_NS
    for span in (request, model):
        assert {a.key: a.value.string_value for a in span.attributes}["cutout.job_id"] == answer.json()["job_id"]


def test_models_work_at_once(service: Service) -> None:
    """Of a request's models each one begins before any has ended."""
    trace_id, models = uuid.uuid4().hex, ("slow", "local_u2netp")

    process(service, *models, traceparent=f"00-{trace_id}-{'1' * 16}-01")

    spans = collected(service, trace_id, 10)
    both = [spans[f"model {name}"] for name in models]
    assert max(span.start_time_unix_nano for span in both) < min(span.end_time_unix_nano for span in both)


def test_no_query_in_a_trace(service: Service) -> None:
    """What a request's query holds, such as a signature, is in no span."""
    trace_id, secret = uuid.uuid4().hex, uuid.uuid4().hex

    service.http.get(
        f"/results/job/name.png?signature={secret}", headers={"traceparent": f"00-{trace_id}-{'1' * 16}-01"}
    )

    spans = collected(service, trace_id, 1)
    assert spans["GET /results/{job_id}/{name}"]
    assert secret not in str(service.collector.spans)


def collected(service: Service, trace_id: str, count: int) -> dict[str, Any]:
    """The spans of a trace by name, once there are so many."""
    deadline = time.monotonic() + HANG_S
    while len(spans := service.collector.of(trace_id)) < count:
        assert time.monotonic() < deadline, [span.name for span in spans]
        time.sleep(0.1)
    return {span.name: span for span in spans}


def test_probes(service: Service) -> None:
    """A service that answers is alive, and once every model has run or has said why it cannot, it is ready."""
    assert service.http.get("/health/live").json() == {"status": "alive"}
    assert readiness(service.http, 200) == {"status": "ready", "waiting_for": [], "unavailable": {}}
