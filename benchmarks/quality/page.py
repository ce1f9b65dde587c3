"""docs/quality.md: the table of errors by class, the targets, and a contact sheet on magenta."""

from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.quality.compare import (
    AUTO,
    AUTO_REFINED,
    FUSED,
    REFINED,
    Judged,
    best_single,
    mean,
    often_worse,
    rank_correlation,
)
from benchmarks.quality.samples import blended

MAGENTA = (255, 0, 255)
TILE_PX = 160
HEAD = """# Quality

Written by `make quality`: errors of the local networks' mattes, and of what is made of them. MAE and band error are
x1000 of full scale, lower is better; the band is where the true alpha is between .02 and .98, widened by 4 px. SAD is
in thousands of pixels, the gradient error Rhemann's. `person` and `animal` are photographs whose reference mattes are
themselves predictions, good to about 3; `sharp` and `blurred` are their subjects on other photographs' grounds, with
exact alpha; illustrations are on plain grounds. Nothing is fitted to these pictures. `auto` is the choice by score,
`fused` the mattes combined: functions of `cutout/pixels/`, that no request reaches yet.
"""


def write(judgements: list[Judged], folder: Path) -> None:
    """quality.md and quality.png, in `folder`."""
    real = [one for one in judgements if one.sample.kind != "illustration"]
    parts = [HEAD, "## Targets, photographs and composites together\n", _targets(real)]
    for title, some in [("photographs and composites", real), *_classes(judgements)]:
        parts.append(f"## {title}: {len(some)} pictures\n\n{_table(some)}")
    parts.append(
        "## Some of them\n\nPicture; then on magenta the chosen matte, the same refined, and the combined one.\n"
    )
    parts.append("![Cutouts on magenta](quality.png)\n")
    (folder / "quality.md").write_text("\n".join(parts), encoding="utf-8")
    _sheet([some[0] for _, some in _classes(judgements)]).save(folder / "quality.png", optimize=True)


def _classes(judgements: list[Judged]) -> list[tuple[str, list[Judged]]]:
    kinds = dict.fromkeys(one.sample.kind for one in judgements)
    return [(kind, [one for one in judgements if one.sample.kind == kind]) for kind in kinds]


def _table(some: list[Judged]) -> str:
    lines = ["| | MAE | band | SAD | gradient |", "|---|---|---|---|---|"]
    for way in some[0].errors:
        figures = [f"{mean(some, way, measure):.1f}" for measure in ("mae", "band", "sad", "gradient")]
        lines.append(f"| {way} | {' | '.join(figures)} |")
    return "\n".join(lines) + "\n"


def _targets(some: list[Judged]) -> str:
    lines = ["| | Target | Measured | |", "|---|---|---|---|"]
    refined_of = mean(some, "local_isnet", "band") if REFINED in some[0].errors else float("nan")
    refined_is = mean(some, REFINED, "band") if REFINED in some[0].errors else float("nan")
    for what, target, found in [
        ("`auto`, MAE, of the best single network's", 0.9, mean(some, AUTO, "mae") / best_single(some, "mae")),
        ("`auto` refined, MAE, of it", 0.9, mean(some, AUTO_REFINED, "mae") / best_single(some, "mae")),
        ("`fused`, MAE, of it", 0.83, mean(some, FUSED, "mae") / best_single(some, "mae")),
        ("`fused`, band error, of it", 0.83, mean(some, FUSED, "band") / best_single(some, "band")),
        ("`fused` worse than `auto` by more than 5 %, share of pictures", 0.25, often_worse(some)),
        ("ISNet refined, band error, of its own", 0.78, refined_is / refined_of),
        ("score against error of the chosen, Spearman", -0.7, rank_correlation(some)),
    ]:
        verdict = "met" if found <= target else "not met"
        lines.append(f"| {what} | {target:g} | {found:.2f} | {verdict} |")
    return "\n".join(lines) + "\n"


def _sheet(shown: list[Judged]) -> Image.Image:
    sheet = Image.new("RGB", (4 * TILE_PX, len(shown) * TILE_PX), "white")
    for row, one in enumerate(shown):
        tiles = [one.sample.rgb]
        for way in (AUTO, AUTO_REFINED, FUSED):
            rgba = np.dstack([one.sample.rgb, one.mattes[way]])
            tiles.append(blended(rgba, np.broadcast_to(np.array(MAGENTA, np.uint8), one.sample.rgb.shape)))
        for column, tile in enumerate(tiles):
            small = Image.fromarray(tile)
            small.thumbnail((TILE_PX, TILE_PX), Image.Resampling.LANCZOS)
            sheet.paste(small, (column * TILE_PX, row * TILE_PX))
    return sheet
