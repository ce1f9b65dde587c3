"""Several models at once: the whole pipeline against its parts one by one, and a shotgun against its slowest model."""

from benchmarks.bench import Bench
from benchmarks.findings import Findings, Row, bar, faster
from benchmarks.samples import Samples, alternate

MODELS = ("local_isnet", "local_u2netp")


def process(bench: Bench) -> Findings:
    """/process by both models, four times larger, against `rembg s` twice and Pillow twice."""
    service, rembg = bench.service, bench.rembg

    def one_by_one(jpeg: bytes) -> float:
        cuts = [rembg.cut(jpeg, model_id) for model_id in MODELS]
        return sum(ms + bench.pillow_ms(png) for png, ms in cuts)

    sides = {"ours": lambda jpeg: service.process_zip(jpeg, *MODELS), "rembg s + Pillow": one_by_one}
    times = alternate(bench.jpegs, bench.form.long_rounds, sides)
    against = "`rembg s` twice + Pillow twice"
    row = faster(
        "`/process`, ISNet and u2netp, x4", against, times["ours"], times["rembg s + Pillow"], 5, bench.engines(*MODELS)
    )
    return Findings([row], bars=[bar("/process, two models, x4", **times)])


def shotgun(bench: Bench) -> Findings:
    """/remove-background by both models: its wall time, that of its slowest model, and both models one by one."""
    service = bench.service
    slowest_ms: list[float] = []

    def both(jpeg: bytes) -> float:
        answer = service.cut(jpeg, *MODELS)
        slowest_ms.append(max(result["processing_time_ms"] for result in answer.body["results"]))
        return answer.http_ms

    def one_by_one(jpeg: bytes) -> float:
        return sum(service.cut(jpeg, model_id).http_ms for model_id in MODELS)

    times = alternate(bench.jpegs, 1, {"both at once": both, "one by one": one_by_one})
    wall, slowest = times["both at once"], Samples(slowest_ms[1:])  # the first was the one that does not count
    work, more = "A shotgun of both models, over HTTP", f"{wall.p50 - slowest.p50:+,.0f} ms"
    return Findings(
        [
            Row(work, "its slowest model, inside the service", f"{wall} ms", f"{slowest} ms", more),
            faster(work, "the two models one by one", wall, times["one by one"], limit=bench.engines(*MODELS)),
        ]
    )
