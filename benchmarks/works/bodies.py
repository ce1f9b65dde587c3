"""Large uploads and large answers: whether the process that they pass through grows, and stays grown."""

from io import BytesIO

import numpy as np
from PIL import Image

from benchmarks.bench import Bench
from benchmarks.findings import Findings, Row
from benchmarks.processes import MEGABYTE

GROWTH = 0.10
EARLY = 3
"""Turns after which the ingress has what it needs."""


def bodies(bench: Bench) -> Findings:
    """Noise, which no PNG makes smaller: sent to u2netp, and a seventh of it enlarged four times."""
    large, small = _noise(bench.form.large_megapixels), _noise(bench.form.large_megapixels / 7)
    sizes_mb, answer = [], b""
    for _ in range(bench.form.large_bodies):
        bench.service.cut_png(large, "local_u2netp")
        answer, _ = bench.service.upscale_png(small)
        sizes_mb.append(_ingress_mb(bench))
    early, late = sizes_mb[min(EARLY, len(sizes_mb)) - 1], sizes_mb[-1]
    sent, got = len(large) / MEGABYTE, len(answer) / MEGABYTE
    row = Row(
        f"Memory of the ingress after {len(sizes_mb)} uploads of {sent:.0f} MB and answers of {got:.0f} MB",
        f"after {EARLY} of each", f"{late:,.0f} MB", f"{early:,.0f} MB", f"{late / early - 1:+.1%}",
        f"≤ +{GROWTH:.0%}", late / early - 1 <= GROWTH,
    )  # fmt: skip
    return Findings([row])


def _noise(megapixels: float) -> bytes:
    side = round((megapixels * 1e6) ** 0.5)
    pixels = np.random.default_rng(1).integers(0, 256, (side, side, 3), np.uint8)
    written = BytesIO()
    Image.fromarray(pixels).save(written, "PNG", compress_level=1)
    return written.getvalue()


def _ingress_mb(bench: Bench) -> float:
    return sum(one.pss_bytes for one in bench.service.footprints() if "Ingress" in one.name) / MEGABYTE
