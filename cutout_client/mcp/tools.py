"""The tools, each a method; its docstring and types are its description for MCP clients."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias, cast
from urllib.parse import urlsplit

from pydantic import Field

from cutout.models.selection import AUTO
from cutout_client.client import AsyncClient
from cutout_client.mcp.answers import Cutouts, Model, Price
from cutout_client.mcp.guards import Guards
from cutout_client.options import Factor, JobOptions
from cutout_client.results import JobResult

Form: TypeAlias = Literal["png", "webp", "avif", "jpeg"]
Picture = Annotated[str, Field(description="Path of a picture in the server's folder, or its http(s) address.")]
One = Annotated[str, Field(description="Model id; or `auto`: the best cutout of as many models as are needed.")]
Several = Annotated[list[str], Field(description="Model ids; or `all`: every available one.", min_length=1)]
Out = Annotated[str | None, Field(description="Path of the new file in the server's folder. Default: NAME.cutout.png.")]
OutFolder = Annotated[str, Field(description="Path of a new folder in the server's folder.")]
MaxCostUsd = Annotated[float | None, Field(ge=0, description="The most to spend on it, in USD; the server limits it.")]
Background = Annotated[str | None, Field(description="What lies behind: #rrggbb or a CSS colour name. JPEG needs one.")]
Crop = Annotated[bool, Field(description="Crop to the subject.")]


@dataclass(frozen=True, slots=True)
class Tools:
    """The operations of one service, within guards."""

    client: AsyncClient
    guards: Guards

    async def remove(
        self,
        picture: Picture,
        *,
        model: One = AUTO,
        out: Out = None,
        output_format: Form = "png",
        background: Background = None,
        crop: Crop = False,
        max_cost_usd: MaxCostUsd = None,
    ) -> Cutouts:
        """Remove the background of a picture, and write the cutout to a new file."""
        file = self._new_file(out, picture, "cutout", output_format)
        options = self._options(output_format, max_cost_usd)
        if background is not None:
            options["background"] = background
        if crop:
            options["crop"] = True
        job = await self.client.remove_background(self.guards.picture(picture), model, **options)
        return await self._written(job, {_winner(job): file})

    async def process(
        self,
        picture: Picture,
        *,
        model: One = AUTO,
        upscale_factor: Factor = 4,
        out: Out = None,
        output_format: Literal["png", "webp", "avif"] = "png",
        max_cost_usd: MaxCostUsd = None,
    ) -> Cutouts:
        """Remove the background of a picture, enlarge the cutout 2 or 4 times, and write it to a new file."""
        file = self._new_file(out, picture, f"{upscale_factor}x", output_format)
        options = self._options(output_format, max_cost_usd)
        job = await self.client.process(self.guards.picture(picture), model, upscale_factor, **options)
        return await self._written(job, {_winner(job): file})

    async def compare(
        self, picture: Picture, out_folder: OutFolder, models: Several, max_cost_usd: MaxCostUsd = None
    ) -> Cutouts:
        """Remove the background of a picture by several models, and write every cutout to a file in a new folder."""
        folder = self.guards.new(out_folder)
        options = self._options("png", max_cost_usd)
        job = await self.client.remove_background(self.guards.picture(picture), models, **options)
        return await self._written(job, {one.model_id: folder / f"{one.model_id}.png" for one in job.cutouts})

    async def estimate(self, models: Several, max_cost_usd: MaxCostUsd = None) -> Price:
        """What a picture would cost by these models, and which of them would run. Nothing runs."""
        terms = self.guards.terms(max_cost_usd)
        found = await self.client.estimate(
            models, local_only=terms["local_only"], commercial_only=terms["commercial_only"]
        )
        return Price(
            estimate_usd=found.estimate_usd,
            permitted_usd=terms["max_cost_usd"],
            models=found.models,
            skipped=found.skipped,
        )

    async def models(self) -> list[Model]:
        """Every model, with its availability, price and licence."""
        return [Model.of(one) for one in await self.client.models()]

    async def jobs(
        self, job_id: Annotated[str, Field(description="As an answer of `remove`, `process` or `compare` names it.")]
    ) -> Cutouts:
        """The state of a job and its results, whose pictures have addresses while they are stored."""
        return Cutouts.of(await self.client.job(job_id), {})

    def _options(self, output_format: Form, max_cost_usd: float | None) -> JobOptions:
        return cast("JobOptions", {**self.guards.terms(max_cost_usd), "output_format": output_format})

    def _new_file(self, out: str | None, picture: str, kind: str, output_format: Form) -> Path:
        stem = Path(urlsplit(picture).path if "://" in picture else picture).with_suffix("")
        beside = stem.name if "://" in picture else str(stem)
        return self.guards.new(out or f"{beside or 'picture'}.{kind}.{output_format}")

    async def _written(self, job: JobResult, files: Mapping[str, Path]) -> Cutouts:
        for model, path in files.items():
            await asyncio.to_thread(_write, path, job[model].check())
        return Cutouts.of(job, {model: self.guards.shown(path) for model, path in files.items()})


def _winner(job: JobResult) -> str:
    return job.selected_model_id or job.cutouts[0].model_id


def _write(path: Path, image: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(image)
