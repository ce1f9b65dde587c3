"""/upscale: against Pillow and libvips without HTTP, and how its time grows with the picture."""

import statistics
from io import BytesIO

from PIL import Image

from benchmarks.bench import Bench
from benchmarks.findings import Findings, Row, bar, faster, table
from benchmarks.limits import copied
from benchmarks.photos import Photo
from benchmarks.samples import alternate

FACTOR = 4
WITHIN = 0.40
"""Largest distance of one size's time per megapixel from the median of all sizes."""


def upscale(bench: Bench) -> Findings:
    """ISNet's cutouts of all photographs, brought to one size, four times larger on each side."""
    service, megapixels = bench.service, bench.form.upscale_megapixels
    cutouts = {photo.name: _cutout(bench, photo, megapixels) for photo in bench.photos}
    sides = {
        "ours": lambda png: service.upscale_png(png, FACTOR)[1],
        "Pillow": bench.pillow_ms,
        "libvips": bench.libvips_ms,
    }
    times = alternate(cutouts, bench.form.long_rounds, sides)
    work = f"`/upscale` x4 of {megapixels} MP RGBA"
    return Findings(
        rows=[
            faster(work, "Pillow in process", times["ours"], times["Pillow"], 8, copied(megapixels * FACTOR**2)),
            faster(work, "libvips in process", times["ours"], times["libvips"]),
        ],
        bars=[bar(f"/upscale x4, {megapixels} MP", **times)],
    )


def growth(bench: Bench) -> Findings:
    """One cutout at several sizes: time for each megapixel of output."""
    service, photo = bench.service, bench.one_megapixel
    sizes = {f"{size} MP": _cutout(bench, photo, size / FACTOR**2) for size in bench.form.output_megapixels}
    over_http = alternate(
        sizes, bench.form.repeats // 2 or 1, {"ours": lambda png: service.upscale_png(png, FACTOR)[1]}
    )
    each = [(size, over_http["ours"].p50_of(f"{size} MP")) for size in bench.form.output_megapixels]
    per_megapixel = {size: ms / size for size, ms in each}
    middle = statistics.median(per_megapixel.values())
    lines = [[size, f"{ms:,.0f}", f"{ms / size:.1f}", f"{ms / size / middle - 1:+.0%}"] for size, ms in each]
    head = ["Output, MP", "Over HTTP, ms", "ms each MP", "From the median"]
    return Findings([_linear(per_megapixel, middle)], {"growth": table(head, lines)}, line=each)


def _linear(per_megapixel: dict[int, float], middle: float) -> Row:
    worst = max(per_megapixel, key=lambda size: abs(per_megapixel[size] / middle - 1))
    off = per_megapixel[worst] / middle - 1
    smallest, largest = min(per_megapixel), max(per_megapixel)
    return Row(
        work=f"`/upscale`, time each megapixel, {smallest} to {largest} MP",
        against="the median of all sizes",
        ours=f"{per_megapixel[worst]:.1f} ms/MP at {worst} MP",
        peer=f"{middle:.1f} ms/MP",
        measured=f"{off:+.0%}",
        target=f"within {WITHIN:.0%}",
        met=abs(off) <= WITHIN,
    )


def _cutout(bench: Bench, photo: Photo, megapixels: float) -> bytes:
    """ISNet's cutout of a photograph, brought to a size, as a PNG."""
    cut = Image.open(BytesIO(bench.service.cut_png(photo.jpeg, "local_isnet")[0]))
    scale = (megapixels / photo.megapixels) ** 0.5
    written = BytesIO()
    cut.resize((round(cut.width * scale), round(cut.height * scale)), Image.Resampling.LANCZOS).save(written, "PNG")
    return written.getvalue()
