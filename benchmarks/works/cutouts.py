"""One model's cutout as a PNG, against `rembg s` with the same weights; and whether both cut the same."""

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.bench import Bench
from benchmarks.findings import Findings, Row, bar, faster, table
from benchmarks.samples import Samples, alternate

ALPHA_ERROR = 0.002
"""Largest mean absolute difference of two mattes, of 1."""


def isnet(bench: Bench) -> Findings:
    """ISNet: three times as fast where the processor has AMX, and still faster with another bf16, or without one."""
    bf16 = 3.0 if "amx_bf16" in Path("/proc/cpuinfo").read_text() else 2.2
    return _cutouts(bench, "ISNet", "local_isnet", {True: bf16, False: 1.25})


def u2netp(bench: Bench) -> Findings:
    """u2netp."""
    return _cutouts(bench, "u2netp", "local_u2netp", dict.fromkeys((True, False), 1.8))


def _cutouts(bench: Bench, name: str, model_id: str, at_least: dict[bool, float]) -> Findings:
    service, rembg = bench.service, bench.rembg
    mattes: dict[str, dict[bytes, bytes]] = {"ours": {}, "rembg s": {}}

    def ours(jpeg: bytes) -> float:
        mattes["ours"][jpeg], ms = service.cut_png(jpeg, model_id)
        return ms

    def theirs(jpeg: bytes) -> float:
        mattes["rembg s"][jpeg], ms = rembg.cut(jpeg, model_id)
        return ms

    times = alternate(bench.jpegs, bench.form.rounds, {"ours": ours, "rembg s": theirs})
    errors = {label: alpha_error(mattes["ours"][jpeg], mattes["rembg s"][jpeg]) for label, jpeg in bench.jpegs.items()}
    device = service.cut(bench.photos[0].jpeg, model_id).body["results"][0]["engine"]["device"]
    work, least, limit = f"{name} cutout, PNG ({device})", at_least["bf16" in device], bench.engines(model_id)
    rows = [
        faster(work, "`rembg s`", times["ours"], times["rembg s"], least, limit),
        _agreement(name, errors),
    ]
    tables = {model_id.removeprefix("local_"): _by_photo(bench, times, errors)}
    return Findings(rows, tables, [bar(f"{name} cutout", ours=times["ours"], **{"rembg s": times["rembg s"]})])


def alpha_error(ours: bytes, theirs: bytes) -> float:
    """Mean absolute difference of two PNGs' alpha, 0 to 1, but for one level: we round, rembg truncates."""
    alphas = [np.asarray(Image.open(BytesIO(png)).getchannel("A"), np.float32) for png in (ours, theirs)]
    more = alphas[0] - alphas[1]
    return float(np.abs(more - np.clip(more, 0, 1)).mean() / 255)


def _agreement(name: str, errors: dict[str, float]) -> Row:
    worst = max(errors, key=lambda label: errors[label])
    met = errors[worst] <= ALPHA_ERROR
    return Row(
        work=f"{name} alpha, mean absolute error, worst of {len(errors)} photographs",
        against="`rembg s`",
        ours=worst,
        peer="",
        measured=f"{errors[worst]:.5f}",
        target=f"≤ {ALPHA_ERROR:g}",
        met=met,
        must=True,
    )


def _by_photo(bench: Bench, times: dict[str, Samples], errors: dict[str, float]) -> str:
    lines = []
    for photo in bench.photos:
        ours, theirs = times["ours"].p50_of(photo.name), times["rembg s"].p50_of(photo.name)
        size = f"{photo.width} x {photo.height}"
        pace = f"{theirs / ours:.2f}"
        lines.append(
            [photo.name, photo.origin, size, f"{ours:,.0f}", f"{theirs:,.0f}", pace, f"{errors[photo.name]:.5f}"]
        )
    head = ["Photograph", "From", "Pixels", "Ours, ms", "`rembg s`, ms", "Times faster", "Alpha error"]
    return table(head, lines)
