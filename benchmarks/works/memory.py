"""Resident memory: after some cutouts against `rembg s`, and after many requests of all kinds against fewer."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from itertools import cycle, islice

from PIL import Image

from benchmarks.bench import Bench
from benchmarks.findings import Findings, Row, table
from benchmarks.processes import MEGABYTE, Footprint
from benchmarks.works.pipelines import MODELS

AT_MOST = 0.6
ALL_AT_MOST = 0.75
BATCHES = 10
CLIENTS = 2
GROWTH = 0.10


def memory(bench: Bench) -> Findings:
    """The photographs, by ISNet and u2netp in turn, through both sides; then every process is looked at."""
    service, rembg = bench.service, bench.rembg
    requests = list(
        islice(cycle((jpeg, model) for jpeg in bench.jpegs.values() for model in MODELS), bench.form.memory_requests)
    )
    for jpeg, model_id in requests:
        service.cut(jpeg, model_id)
        rembg.cut(jpeg, model_id)
    ours, theirs = service.footprints(), rembg.footprints()
    replicas = [one for one in ours if any(model_id in one.name for model_id in MODELS)]
    after = f"after {len(requests)} requests"
    return Findings(
        [
            _compared(f"Memory of both models' replicas {after}", replicas, theirs, AT_MOST),
            _compared(f"Memory of the whole service {after}", ours, theirs, ALL_AT_MOST),
        ],
        {"memory": _by_process(ours, theirs)},
        memory={"ours": _parts(ours), "rembg s": {"one process": _total(theirs) / MEGABYTE}},
    )


def mixed(bench: Bench) -> Findings:
    """Requests of every kind from two clients; memory of all processes together after each tenth of them."""
    requests = list(islice(cycle(_mix(bench)), bench.form.mixed_requests))
    batch = len(requests) // BATCHES
    sizes_mb = []
    with ThreadPoolExecutor(CLIENTS) as pool:
        for start in range(0, len(requests), batch):
            for done in [pool.submit(request) for request in requests[start : start + batch]]:
                done.result()
            sizes_mb.append(_total(bench.service.footprints()) / MEGABYTE)
            print(f"  after {start + batch} requests {sizes_mb[-1]:,.0f} MB", flush=True)
    more = sizes_mb[-1] / sizes_mb[0] - 1
    row = Row(
        f"Memory after {len(requests)} mixed requests", f"after {batch}", f"{sizes_mb[-1]:,.0f} MB",
        f"{sizes_mb[0]:,.0f} MB", f"{more:+.1%}", f"≤ +{GROWTH:.0%}", more <= GROWTH,
    )  # fmt: skip
    lines = [[(place + 1) * batch, f"{size:,.0f}"] for place, size in enumerate(sizes_mb)]
    return Findings([row], {"mixed": table(["Requests", "All processes, MB"], lines)})


def _mix(bench: Bench) -> Sequence[Callable[[], object]]:
    """Twenty requests: cutouts, upscales, the pipeline, what must be refused, and looks at the service's health."""
    service, jpegs = bench.service, list(bench.jpegs.values())
    small, large = jpegs[0], bench.one_megapixel.jpeg
    tiny = BytesIO()
    Image.open(BytesIO(small)).resize((300, 200)).save(tiny, "PNG")
    return [
        lambda: service.cut(large, *MODELS),
        *[lambda jpeg=jpeg: service.cut(jpeg, "local_u2netp") for jpeg in islice(cycle(jpegs), 4)],
        lambda: service.process_zip(small, "local_u2netp", factor=2),
        lambda: service.upscale_png(large, 2),
        *[lambda: service.upscale_png(tiny.getvalue())] * 5,
        *[lambda: service.upscale_png(small, 2)] * 4,
        *[lambda: service.refuse(b"no picture")] * 2,
        *[service.health] * 2,
    ]


def _compared(work: str, ours: list[Footprint], theirs: list[Footprint], at_most: float) -> Row:
    share = _total(ours) / _total(theirs)
    our_mb, their_mb = (f"{_total(side) / MEGABYTE:,.0f} MB" for side in (ours, theirs))
    return Row(
        work, "`rembg s`", our_mb, their_mb, f"{share:.2f} times", f"≤ {at_most} times", share <= at_most
    )  # fmt: skip


def _total(side: list[Footprint]) -> int:
    return sum(one.pss_bytes for one in side)


def _parts(ours: list[Footprint]) -> dict[str, float]:
    parts = {"both models": 0.0, "the service": 0.0, "Ray": 0.0}
    for one in ours:
        is_model = any(model_id in one.name for model_id in MODELS)
        is_own = "ServeReplica" in one.name or "serve_app" in one.name or one.name == "haproxy"
        part = "both models" if is_model else "the service" if is_own else "Ray"
        parts[part] += one.pss_bytes / MEGABYTE
    return parts


def _by_process(ours: list[Footprint], theirs: list[Footprint]) -> str:
    sides = [*[("ours", one) for one in ours], *[("`rembg s`", one) for one in theirs]]
    lines = [
        [side, one.name, f"{one.pss_bytes / MEGABYTE:,.0f}", f"{one.rss_bytes / MEGABYTE:,.0f}"] for side, one in sides
    ]
    return table(["Side", "Process", "PSS, MB", "RSS, MB"], lines)
