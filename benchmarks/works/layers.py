"""Where the time of one cutout goes: network, model, replica, HTTP."""

from io import BytesIO

import numpy as np
from PIL import Image

from benchmarks.bench import Bench
from benchmarks.findings import Findings, Row, table
from benchmarks.limits import Limit, TimedModel, timed_model
from benchmarks.samples import Samples, alternate
from benchmarks.serving import Answer
from cutout.pixels.picture import Picture

OVERHEAD_MS = 60
ROUTING_MS = 20


def layers(bench: Bench) -> Findings:
    """Each local model, in this process and over HTTP by turns."""
    found, lines, parts = Findings(), [], []
    health = Samples(bench.service.health() for _ in range(bench.form.repeats * 5))
    for name, model_id in (("ISNet", "local_isnet"), ("u2netp", "local_u2netp")):
        times = _measured(bench, timed_model(model_id, bench.service.folder / "compiled"))
        found.rows += _overhead(f"{name}, {bench.one_megapixel.megapixels:.1f} MP", times, health)
        lines.append([name, times["network"], times["model"], times["replica"], times["http"]])
        shown = [times[part].p50 for part in ("decode", "queue", "infer", "composite", "encode", "edge")]
        parts.append([name, *[f"{ms:.1f}" for ms in (*shown, health.p50)]])
    head = ["ms", "Network alone", "With resizing and normalising", "In its replica", "Over HTTP"]
    found.tables["layers"] = table(head, lines)
    head = ["ms", "Decode", "Hop to the replica and back", "Model", "Composite", "PNG", "HTTP, base64, JSON"]
    found.tables["spans"] = table([*head, "An empty request"], parts)
    return found


def _measured(bench: Bench, model: TimedModel) -> dict[str, Samples]:
    """Times in ms. Differences are taken within one request or one call, so that they are true."""
    photo = bench.one_megapixel
    picture = Picture(np.asarray(Image.open(BytesIO(photo.jpeg)).convert("RGB")))
    calls: list[tuple[float, float]] = []
    answers: list[Answer] = []

    def in_process(_: bytes) -> float:
        calls.append(model.measure(picture))
        return calls[-1][0]

    def over_http(jpeg: bytes) -> float:
        answers.append(bench.service.cut(jpeg, model.spec.id))
        return answers[-1].http_ms

    sides = {"model": in_process, "http": over_http}
    times = alternate({photo.name: photo.jpeg}, bench.form.repeats, sides)
    counted = calls[1:]
    times["network"] = Samples(network for _, network in counted)
    times["around"] = Samples(whole - network for whole, network in counted)
    return times | _of_answers(answers[1:])


def _of_answers(answers: list[Answer]) -> dict[str, Samples]:
    """The spans that the service says, and what lies between them."""
    spans = [answer.spans_ms for answer in answers]
    times = {name: Samples(one[name] for one in spans) for name in ("queue", "infer", "composite", "encode")}
    times["replica"] = Samples(sum(one.values()) - one["queue"] for one in spans)
    times["overhead"] = Samples(answer.http_ms - one["infer"] for answer, one in zip(answers, spans, strict=True))
    bodies = [(answer.http_ms, answer.body["processing_time_ms"], answer.body["results"][0]) for answer in answers]
    times["decode"] = Samples(job_ms - result["processing_time_ms"] for _, job_ms, result in bodies)
    times["edge"] = Samples(http_ms - job_ms for http_ms, job_ms, _ in bodies)
    return times


def _overhead(name: str, times: dict[str, Samples], health: Samples) -> list[Row]:
    overhead, routing = times["overhead"].p50 + times["around"].p50, times["queue"].p50 + health.p50
    whole = f"Service overhead, {name}: HTTP less the network's time"
    part = f"of which routing, {name}: an empty request, and the hop to the replica"
    return [
        Row(
            whole,
            "",
            f"{overhead:.0f} ms",
            "",
            f"{overhead:.0f} ms",
            f"≤ {OVERHEAD_MS} ms",
            overhead <= OVERHEAD_MS,
            limit=Limit("an empty request", health.p50).beside(overhead),
        ),
        Row(part, "", f"{routing:.0f} ms", "", f"{routing:.0f} ms", f"≤ {ROUTING_MS} ms", routing <= ROUTING_MS),
    ]
