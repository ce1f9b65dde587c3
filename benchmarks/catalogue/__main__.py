"""python -m benchmarks.catalogue: a folder by `cutout catalogue` against other commands; pace, memory, kills.

With `--nodes 3`: its pace on one, two and three Ray nodes of this machine, with a model that only waits.

The folder has COUNT copies of the photographs of PHOTOS and tests/photos, by turns, no two the same file. Run it on a
quiet machine. Parts: `remove` and `rembg` are what `catalogue` is compared with; `kills` is the same folder by a paid
model, whose provider is a stand-in.
"""

import argparse
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.catalogue.killed import KILLS, Ended, killed
from benchmarks.catalogue.nodes import grown
from benchmarks.catalogue.paces import COMMAND, PEERS, Pace, Work, catalogue, rembg, remove
from benchmarks.catalogue.pictures import filled
from benchmarks.catalogue.watched import watched
from benchmarks.findings import table
from benchmarks.peers import MODELS

TESTS = Path("tests/photos")
PACES = {"remove": remove, "rembg": rembg, "catalogue": catalogue}
KILLED = "kills"
OF_REMOVE, OF_REMBG, GROWTH = 0.9, 3.0, 0.1
"""Targets."""


def main() -> None:
    """Measure, and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.catalogue", description=__doc__)
    parser.add_argument("--photos", type=Path, default=Path("../shared/eval"), help="a folder of photographs")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--model", default="local_u2netp", choices=sorted(MODELS))
    parser.add_argument("--only", default=",".join([*PACES, KILLED]), help="parts, with commas")
    parser.add_argument("--nodes", type=int, help="Ray nodes at most, with a model that only waits")
    given = parser.parse_args()
    asked = given.only.split(",")
    if unknown := set(asked) - {*PACES, KILLED}:
        parser.error(f"{', '.join(sorted(unknown))}: parts of {', '.join([*PACES, KILLED])} expected")
    with tempfile.TemporaryDirectory(prefix="catalogue-") as scratch:
        if given.nodes:
            grown(Path(scratch), given.count, given.nodes)
            return
        sources = sorted([*given.photos.glob("*.jpg"), *TESTS.glob("*.jpg")])
        work = Work(Path(scratch), filled(Path(scratch) / "in", sources, given.count), given.model)
        print(table(["Row", "Measured", "Target", "Met"], _measured(work, asked)))


def _measured(work: Work, asked: list[str]) -> list[list[str]]:
    """The rows of the parts that are asked for."""
    count = len(work.pictures)
    first = [str(work.pictures[0]), "-m", work.model, "-o", str(work.scratch / "first.png"), *work.data]
    watched([*COMMAND, "remove", *first])  # compiles the network, for all
    paces = dict[str, Pace]()
    for name in (name for name in PACES if name in asked):
        paces[name] = PACES[name](work)
        print(paces[name], flush=True)
    rows = _paced(paces, count)
    if KILLED in asked:
        ended = killed(work)
        print(ended, flush=True)
        rows += _ended(ended, count)
    return rows


def _paced(paces: Mapping[str, Pace], count: int) -> list[list[str]]:
    rows = [[f"pictures a minute, {pace.name}", f"{pace.whole:.1f}", "", ""] for pace in paces.values()]
    if (ours := paces.get("catalogue")) is None:
        return rows
    if other := paces.get("remove"):
        share = ours.whole / other.whole
        rows.append(["of `cutout remove`", f"{share:.2f}", f"≥ {OF_REMOVE:g}", _met(share >= OF_REMOVE)])
    if other := paces.get("rembg"):
        times = ours.whole / other.steady
        name = f"of `rembg p`, by {min(PEERS, count)} of them, its start not counted"
        rows.append([name, f"{times:.2f}", f"≥ {OF_REMBG:g}", _met(times >= OF_REMBG)])
    if ours.growth is not None:
        rows.append(["memory, growth once warm", f"{ours.growth:+.1%}", f"≤ {GROWTH:.0%}", _met(ours.growth <= GROWTH)])
    return rows


def _ended(ended: Ended, count: int) -> list[list[str]]:
    once = f"{ended.rows.total()} rows, {len(ended.rows)} pictures, {ended.files} files"
    money = f"{ended.priced:g} prices in the rows, {ended.asked} calls, {ended.booked:g} booked"
    return [
        [f"killed by -9 {KILLS} times: every picture once", once, f"{count} each", _met(ended.is_once(count))],
        ["costs as the stand-in counts them", money, "no call is not booked", _met(ended.is_counted(count))],
    ]


def _met(met: bool) -> str:
    return "yes" if met else "**no**"


if __name__ == "__main__":
    main()
