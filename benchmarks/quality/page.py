"""docs/quality.md: the table of errors by class, the targets, and a contact sheet on magenta."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.machine import processor
from benchmarks.quality.compare import (
    AUTO,
    AUTO_REFINED,
    CASCADE,
    FUSED,
    ISNET,
    REFINED,
    Judged,
    Ways,
    best_single,
    cascade_cpu,
    mean,
    often_worse,
    rank_correlation,
)
from benchmarks.quality.samples import blended
from cutout.pixels.foreground import decontaminate
from deployments.engines.open_vino import has_bf16

MAGENTA = (255, 0, 255)
TILE_PX = 160
HEAD = """# Quality

Written by `make quality`: errors of the local networks' mattes, and of what is made of them. MAE and band error are
x1000 of full scale, lower is better; the band is where the true alpha is between .02 and .98, widened by 4 px. SAD is
in thousands of pixels, the gradient error Rhemann's. `person` and `animal` are photographs whose reference mattes are
themselves predictions, good to about 3; `sharp` and `blurred` are their subjects on other photographs' grounds, with
exact alpha; illustrations are on plain grounds. `auto` is the choice by score, which is an answer's
`selected_model_id`; refined, it is the same with `refine`. The cascade is what a request for `auto` runs. `fused` is
the mattes combined, which a request for `fused` returns.

The constants were chosen on the subjects of odd number (`animal-1`, `person-3`, ...) alone; those of even number were
held out. The cascade's rule was chosen on all: the cheapest network of each family first, the others where they do not
agree.
"""
FORMULAS = Path(__file__).with_name("formulas.md")
SHEET = """## Some of them

Picture; then on magenta the chosen matte, the same refined, and the combined one. The photographs are those of
`tests/photos`, in the public domain; they have no true matte.

![Cutouts on magenta](quality.png)
"""


def write(judgements: list[Judged], looks: list[Ways], cpu_s: Mapping[str, float], folder: Path) -> None:
    """quality.md, of what was judged, and quality.png, of what may be shown, in `folder`.

    `cpu_s` holds the processor time that each network takes for a picture.
    """
    real = [one for one in judgements if one.sample.kind != "illustration"]
    held_out = [one for one in real if one.sample.origin[-1] in "02468"]
    parts = [HEAD, FORMULAS.read_text(encoding="utf-8")]
    parts += ["## Targets, photographs and composites together\n", _targets(real, held_out or real, cpu_s)]
    for title, some in [("photographs and composites", real), *_classes(judgements)]:
        parts.append(f"## {title}: {len(some)} picture{'s'[: len(some) != 1]}\n\n{_table(some)}")
    (folder / "quality.md").write_text("\n".join([*parts, SHEET]), encoding="utf-8")
    _sheet(looks).save(folder / "quality.png", optimize=True)


def _classes(judgements: list[Judged]) -> list[tuple[str, list[Judged]]]:
    kinds = dict.fromkeys(one.sample.kind for one in judgements)
    return [(kind, [one for one in judgements if one.sample.kind == kind]) for kind in kinds]


def _table(some: list[Judged]) -> str:
    lines = ["| | MAE | band | SAD | gradient |", "|---|---|---|---|---|"]
    for way in some[0].errors:
        figures = [f"{mean(some, way, measure):.1f}" for measure in ("mae", "band", "sad", "gradient")]
        lines.append(f"| {way} | {' | '.join(figures)} |")
    return "\n".join(lines) + "\n"


def _targets(every: list[Judged], held_out: list[Judged], cpu_s: Mapping[str, float]) -> str:
    lines = [f"| | Target | All {len(every)} | {len(held_out)} held out | |", "|---|---|---|---|---|"]
    for (what, (target, found)), (_, apart) in zip(
        _figures(every, cpu_s).items(), _figures(held_out, cpu_s).values(), strict=True
    ):
        verdict = "met" if max(found, apart) <= target else "not met"
        lines.append(f"| {what} | {target:g} | {found:.2f} | {apart:.2f} | {verdict} |")
    costs = ", ".join(f"{model} {seconds:.2f}" for model, seconds in cpu_s.items())
    place = f"{processor()}, {'with' if has_bf16() else 'without'} bf16"
    return "\n".join(lines) + f"\n\nProcessor seconds a picture on {place}: {costs}.\n"


def _figures(some: list[Judged], cpu_s: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """Each with its target; all are met by less."""
    mae, band = best_single(some, "mae"), best_single(some, "band")
    found = {
        "`auto`, MAE, of the best single network's": (0.9, mean(some, AUTO, "mae") / mae),
        "`auto` refined, MAE, of it": (0.9, mean(some, AUTO_REFINED, "mae") / mae),
        "`fused`, MAE, of it": (0.83, mean(some, FUSED, "mae") / mae),
        "`fused`, band error, of it": (0.83, mean(some, FUSED, "band") / band),
        "`fused` worse than `auto` by more than 5 %, share of pictures": (0.25, often_worse(some)),
        "score against error of the chosen, Spearman": (-0.7, rank_correlation(some)),
        "`auto` as a cascade, CPU, of all networks'": (0.7, cascade_cpu(some, cpu_s)),
        "`auto` as a cascade, MAE, of `auto`'s": (1.03, mean(some, CASCADE, "mae") / mean(some, AUTO, "mae")),
    }
    if ISNET in some[0].scored:
        found["ISNet refined, band error, of its own"] = (0.78, mean(some, REFINED, "band") / mean(some, ISNET, "band"))
    return found


def _sheet(looks: list[Ways]) -> Image.Image:
    sheet = Image.new("RGB", (4 * TILE_PX, len(looks) * TILE_PX), "white")
    for row, one in enumerate(looks):
        tiles = [one.rgb]
        for way in (AUTO, AUTO_REFINED, FUSED):
            rgba = np.dstack([one.rgb, one.mattes[way]])
            decontaminate(rgba)
            tiles.append(blended(rgba, np.broadcast_to(np.array(MAGENTA, np.uint8), one.rgb.shape)))
        for column, tile in enumerate(tiles):
            small = Image.fromarray(tile)
            small.thumbnail((TILE_PX, TILE_PX), Image.Resampling.LANCZOS)
            sheet.paste(small, (column * TILE_PX, row * TILE_PX))
    return sheet
