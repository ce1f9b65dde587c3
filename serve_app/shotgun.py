"""The fan-out: every model at once, each upscaled as soon as it is done. asyncio only; handles are plain callables."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from cutout.errors import CutoutError, ImageTooLarge, ModelTimeout, ServiceUnavailable
from cutout.image import Picture, decode
from cutout.outcome import Cutout, Failure, Job, ModelResult, ModelStatus, OutputFormat, Result, Size, Upscaled
from cutout.spec import Registry
from serve_app.board import Board
from serve_app.bookkeeping import Bookkeeper, Books
from serve_app.choice import Choice, choose


class Model(Protocol):
    """A removal model, wherever it runs."""

    async def remove(self, picture: Any, output_format: OutputFormat | None) -> Cutout | Failure:
        """The cutout, encoded, or as pixels when `output_format` is None."""

    async def status(self) -> ModelStatus:
        """Whether it can work now."""


class Watcher(Protocol):
    """Somebody who wants to see a job while it runs."""

    def started(self, choice: Choice, size: Size) -> None:
        """The picture, of this size, has been fired at these models."""

    def finished(self, result: ModelResult) -> None:
        """One model succeeded or failed."""


class Enlarger(Protocol):
    """The upscaler, wherever it runs."""

    async def upscale(self, cutout: Cutout, factor: int, output_format: OutputFormat) -> Cutout | Failure:
        """A model's pixels, enlarged and encoded."""

    async def upscale_picture(
        self, picture: Any, factor: int, output_format: OutputFormat, preserve_alpha: bool
    ) -> Upscaled:
        """A caller's picture, enlarged and encoded."""


class Shotgun:
    """The service's operations, for HTTP and for callers by handle alike."""

    def __init__(
        self,
        registry: Registry,
        models: Mapping[str, Model],
        upscaler: Enlarger,
        books: Books,
        share: Callable[[Picture], Any] = lambda picture: picture,
    ) -> None:
        """`share` puts a picture where every replica can reach it, and gives what stands for it in a call."""
        self.registry = registry
        self.board = Board(registry.models, models)
        self._models = models
        self._upscaler = upscaler
        self._share = share
        self._books = Bookkeeper(books, registry)

    async def run(self, job: Job, watcher: Watcher | None = None) -> Result:
        """Fire the picture at every model asked for, and gather; `watcher` is told of each step as it happens.

        Raises:
            InvalidFormat, ImageTooLarge: the picture cannot be read, or it or its upscale is too large.
            ValidationError, ModelUnavailable: no model is left to run, or together they cost too much.
        """
        started = time.perf_counter()
        choice = choose(job.models, job.terms, self.board, job.key)
        picture = await asyncio.to_thread(decode, job.image, self.registry.service.limits)
        self.check_output(picture.size, job.factor or 1)
        decoded = time.perf_counter()
        async with self._books.paid(job, choice) as (choice, results):
            if watcher:
                watcher.started(choice, picture.size)
            volley = _Volley(job, self._share(picture), started, results, watcher)
            async with asyncio.TaskGroup() as group:
                for name in choice.models:
                    group.create_task(self._one_model(name, volley))
        result = Result(
            job_id=job.id,
            results=tuple(results[name] for name in choice.models),
            input_size=picture.size,
            wall_ms=(time.perf_counter() - started) * 1000,
            skipped=choice.skipped,
            times_ms={"decode": (decoded - started) * 1000},
        )
        await self._books.record(job, result)
        return result

    async def upscale(self, image: bytes, factor: int, output_format: OutputFormat, preserve_alpha: bool) -> Upscaled:
        """Enlarge a caller's picture; raises as `run` does."""
        picture = await asyncio.to_thread(decode, image, self.registry.service.limits)
        self.check_output(picture.size, factor, "scale_factor")
        timeout_s = self.registry.service.limits.request_s
        try:
            async with asyncio.timeout(timeout_s):
                return await self._upscaler.upscale_picture(self._share(picture), factor, output_format, preserve_alpha)
        except TimeoutError as late:
            raise ServiceUnavailable(f"Upscale timeout after {timeout_s:g}s") from late

    async def _one_model(self, model_id: str, volley: "_Volley") -> None:
        started, deadline_s = time.perf_counter(), volley.job.terms.deadline_s
        try:
            async with asyncio.timeout(None if deadline_s is None else volley.received + deadline_s - started):
                outcome = await self._shoot(model_id, volley.shared, volley.job)
        except TimeoutError:
            late = ModelTimeout(f"Not done by the deadline of {(deadline_s or 0) * 1000:g} ms")
            outcome = replace(Failure.of(model_id, late), cost_usd=self.registry.models[model_id].price_usd)
        volley.results[model_id] = ModelResult(model_id, outcome, (time.perf_counter() - started) * 1000)
        if volley.watcher:
            volley.watcher.finished(volley.results[model_id])

    async def _shoot(self, model_id: str, shared: Any, job: Job) -> Cutout | Failure:
        started = time.perf_counter()
        outcome = await self._cut(model_id, shared, None if job.factor else job.output_format)
        cut_ms = (time.perf_counter() - started) * 1000
        self.board.record(model_id, outcome, cut_ms)
        if isinstance(outcome, Cutout):
            outcome = outcome.timed(queue=cut_ms - sum(outcome.times_ms.values()))
            if job.factor:
                outcome = await self._enlarge(outcome, job.factor, job.output_format)
        return outcome

    async def _cut(self, model_id: str, shared: Any, output_format: OutputFormat | None) -> Cutout | Failure:
        timeout_s = self.registry.models[model_id].timeout_s
        try:
            async with asyncio.timeout(timeout_s):
                return await self._models[model_id].remove(shared, output_format)
        except TimeoutError:
            late = Failure.of(model_id, ModelTimeout(f"API timeout after {timeout_s:g}s"))
            # A provider may have taken the work: what may have been charged counts as spent.
            return replace(late, cost_usd=self.registry.models[model_id].price_usd)
        except CutoutError as error:
            return Failure.of(model_id, error)

    async def _enlarge(self, cutout: Cutout, factor: int, output_format: OutputFormat) -> Cutout | Failure:
        timeout_s = self.registry.service.limits.request_s
        try:
            async with asyncio.timeout(timeout_s):
                return await self._upscaler.upscale(cutout, factor, output_format)
        except TimeoutError:
            return Failure.of(cutout.model_id, ModelTimeout(f"Upscale timeout after {timeout_s:g}s"), "upscale")
        except CutoutError as error:
            return Failure.of(cutout.model_id, error, "upscale")

    def check_output(self, size: Size, factor: int, field: str = "upscale_factor") -> None:
        """Refuse an upscale that would be too large; ImageTooLarge names the request's field."""
        larger, cap = size.times(factor), self.registry.service.limits.output_px
        if larger.width * larger.height > cap:
            message = f"The upscaled image would have {larger.width * larger.height} pixels; at most {cap} are made"
            raise ImageTooLarge.of_field(field, message, factor)


@dataclass(frozen=True, slots=True)
class _Volley:
    """One picture in the air: what each model's task shares with the others."""

    job: Job
    shared: Any
    """What stands for the picture in a call."""
    received: float
    """When the request came, by time.perf_counter."""
    results: dict[str, ModelResult]
    watcher: Watcher | None
