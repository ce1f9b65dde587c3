"""Throughput with several clients at once."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice

from urllib3.exceptions import HTTPError

from benchmarks.bench import Bench
from benchmarks.findings import Findings, Row
from benchmarks.samples import alternate

AT_LEAST = 3.5


def throughput(bench: Bench) -> Findings:
    """ISNet with all clients asking without a pause, against `rembg s` under the same."""
    service, rembg, form = bench.service, bench.rembg, bench.form
    pictures = list(islice(cycle(bench.jpegs.values()), form.client_requests))
    errors: dict[str, list[str]] = {"ours": [], "rembg s": []}

    def under_load(side: str, cut: Callable[[bytes], object]) -> Callable[[list[bytes]], float]:
        return lambda jpegs: _all_done_ms(cut, jpegs, form.clients, errors[side])

    sides = {
        "ours": under_load("ours", lambda jpeg: service.cut_png(jpeg, "local_isnet")),
        "rembg s": under_load("rembg s", lambda jpeg: rembg.cut(jpeg, "local_isnet")),
    }
    service.cut_png(pictures[0], "local_isnet")
    rembg.cut(pictures[0], "local_isnet")  # several first requests at once would each load the model
    times = alternate({f"{form.clients} clients": pictures}, form.long_rounds, sides, warm_up=False)
    ours, theirs = (len(pictures) * 60_000 / times[side].p50 for side in ("ours", "rembg s"))
    work = f"Throughput, {form.clients} clients, ISNet"
    row = Row(
        work, "`rembg s`", f"{ours:.1f} a minute", f"{theirs:.1f} a minute", f"{ours / theirs:.2f} times",
        f"≥ {AT_LEAST} times", ours / theirs >= AT_LEAST, limit=bench.engines("local_isnet").beside(60_000 / ours),
    )  # fmt: skip
    return Findings([row, _errors(work, errors)])


def _all_done_ms(cut: Callable[[bytes], object], jpegs: list[bytes], clients: int, errors: list[str]) -> float:
    """Milliseconds until every picture is answered; what failed is noted."""

    def one(jpeg: bytes) -> None:
        try:
            cut(jpeg)
        except (RuntimeError, HTTPError) as failed:
            errors.append(str(failed))

    begun = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(one, jpegs))
    return (time.perf_counter() - begun) * 1000


def _errors(work: str, errors: dict[str, list[str]]) -> Row:
    ours, theirs = len(errors["ours"]), len(errors["rembg s"])
    for error in errors["ours"]:
        print(f"  an error of ours: {error}")
    return Row(f"{work}: errors", "`rembg s`", str(ours), str(theirs), str(ours), "none", ours == 0, must=True)
