"""Fetches the weights of every enabled model before the first start: `python -m cutout.models.prefetch`."""

import argparse
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from cutout.defaults import config_folder
from cutout.errors import ConfigurationError, ModelUnavailable
from cutout.models.enlarging import DETAIL
from cutout.models.registry import load_registry
from cutout.models.spec import ModelSpec, WeightsSpec
from cutout.models.weights import fetch
from cutout.spec import explain


def main() -> int:
    """0 if at least one model has its weights, or no model needs any; otherwise, or for a wrong configuration, 1."""
    parser = argparse.ArgumentParser(prog="python -m cutout.models.prefetch", description=__doc__)
    parser.add_argument("--config-dir", type=Path, default=config_folder(), help="the folder of service.yaml")
    parser.add_argument("--detail", action="store_true", help="those of `method: detail`, too")
    given = parser.parse_args()
    try:
        wanted = weights_of(load_registry(given.config_dir).models.values())
    except ConfigurationError as wrong:
        print(wrong.message)
        return 1
    had = prefetch(wanted)
    if given.detail:
        prefetch({f"method: detail, {factor} times": weights for factor, weights in DETAIL.items()})
    return 0 if any(had) or not had else 1


def weights_of(models: Iterable[ModelSpec]) -> dict[str, WeightsSpec]:
    """The weights that models need, by model id; raises ConfigurationError."""
    return {model.id: _weights(model) for model in models if "weights" in model.options}


def prefetch(wanted: Mapping[str, WeightsSpec]) -> list[bool]:
    """Whether each model's weights are present now; prints a line for each: their source, or why they are missing."""
    console = Console(markup=False, highlight=False, soft_wrap=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    quiet = not console.is_terminal
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True, disable=quiet) as bars:
        return [_fetched(model_id, weights, bars) for model_id, weights in wanted.items()]


def _weights(model: ModelSpec) -> WeightsSpec:
    try:
        return WeightsSpec.model_validate(model.options["weights"])
    except ValidationError as wrong:
        raise ConfigurationError(explain(f"configs/models/{model.id}.yaml", wrong, "options", "weights")) from wrong


def _fetched(model_id: str, weights: WeightsSpec, bars: Progress) -> bool:
    """Whether the weights are present now; prints their source, or why they are missing."""
    source = "already here"
    bar = bars.add_task(model_id, total=None)

    def show(done_bytes: int, total_bytes: int | None, what: str) -> None:
        nonlocal source
        source = f"from {what}"
        bars.update(bar, completed=done_bytes, total=total_bytes, description=f"{model_id}: {what}")

    try:
        checksum = fetch(weights, show).checksum
        bars.console.print(f"{model_id}: {source}, {checksum}")
    except ModelUnavailable as missing:
        bars.console.print(f"{model_id}: {missing.message}")
        return False
    finally:
        bars.remove_task(bar)
    return True


if __name__ == "__main__":
    sys.exit(main())
