"""The fan-out: all models at once, each upscaled as soon as it is done; asyncio only, and nothing of Ray."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from cutout.cascade import next_step
from cutout.comparison import Comparison
from cutout.errors import ModelError, ModelTimeout
from cutout.forms import AsFile, AsPixels
from cutout.jobs import Enlargement, Job, Terms
from cutout.ledger import Ledger
from cutout.models.registry import Registry
from cutout.models.selection import FUSED, ModelSelection
from cutout.models.spec import ModelSpec
from cutout.pixels.decoding.decoder import Decoder
from cutout.pixels.finish import check_transparency
from cutout.pixels.ground import shown
from cutout.pixels.mattes.edges import strength
from cutout.pixels.picture import Picture
from cutout.results import C, CutoutFile, CutoutPixels, Failure, ModelResult, Result, UpscaledFile
from cutout.scoring import compared
from cutout.telemetry.job_context import follow
from cutout.telemetry.metrics import NO_INSTRUMENTS, SPAN_SECONDS, Instruments
from serve_app.fanout.billing import Billing
from serve_app.fanout.fan_out import Enough, FanOut, Model, Watcher
from serve_app.fanout.model_calls import Combiner, ModelCalls
from serve_app.fanout.model_statuses import ModelStatuses
from serve_app.fanout.second_stage import SecondStage, Upscaler
from serve_app.telemetry.results import record_result, record_spans


class Shotgun:
    """The service's operations, for HTTP and for callers by handle alike."""

    def __init__(
        self,
        registry: Registry,
        models: Mapping[str, Model],
        upscaler: Upscaler,
        combiner: Combiner,
        ledger: Ledger,
        *,
        share: Callable[[Any], Any] = lambda value: value,
        instruments: Instruments = NO_INSTRUMENTS,
        records: bool = True,
        prepare: Callable[[ModelSpec], None] | None = None,
        resting: Callable[[], frozenset[str]] = frozenset,
        detailer: Upscaler | None = None,
    ) -> None:
        """`detailer` enlarges with `method: detail`; None: the upscaler does.

        `share` puts a value where every replica can reach it, and returns a reference for calls.

        `prepare` and `resting`: see ModelStatuses.

        Without `records`, jobs are not recorded in the ledger, nor outcomes of models in the metrics: a durable job
        runs its models one at a time, in stages that may be repeated, and its workflow records what came of them all.
        """
        self.registry = registry
        self.instruments = instruments
        self.decoder = Decoder(registry.service.limits)
        retry_s = registry.service.retry_unavailable_s
        self.statuses = ModelStatuses(
            registry.models, models, ledger.worths, instruments, prepare=prepare, resting=resting, retry_s=retry_s
        )
        self._calls = ModelCalls(registry, models, combiner, self.statuses.record)
        self.second_stage = SecondStage(upscaler, detailer or upscaler, registry.service.limits)
        self._share = share
        self._billing = Billing(ledger, registry)
        self._records = records

    async def run(self, job: Job, watcher: Watcher | None = None, enough: Enough | None = None) -> Result[CutoutFile]:
        """Send the picture to every selected model at once, and gather; `watcher` is told of each step.

        `fused` is made after the models, of their cutouts.

        Once `enough` returns true, the other models are cancelled. What they may have charged counts as spent.

        Raises:
            InvalidFormat, ImageTooLarge: the picture cannot be read, or it or its upscale is too large.
            BudgetSpent: the budgets leave no model.
        """
        return await self._run(job, self._file, watcher=watcher, enough=enough)

    async def cut_out(self, job: Job) -> Result[CutoutPixels]:
        """The models' cutouts as pixels, without an upscale or a finish; raises as `run` does."""
        return await self._run(job, self._pixels)

    async def _run(
        self,
        job: Job,
        made: "Callable[[str, FanOut[C]], Awaitable[C | Failure]]",
        *,
        watcher: Watcher[C] | None = None,
        enough: Enough | None = None,
    ) -> Result[C]:
        """The cutouts of all models; `made` gives the one of a model."""
        called = time.perf_counter()
        started = called if job.began_s is None else job.began_s
        follow(job.id)
        if job.selection.is_compared:
            job = replace(job, removal=replace(job.removal, compared=True, with_matte=job.selection.is_fused))
        picture = await self.decoded(job)
        decoded = time.perf_counter()
        async with self._billing.paid(job, job.selection) as (selection, costs):
            if watcher:
                watcher.started(selection, picture.size)
            shared, finish = await self._shared(picture, job)
            fan_out = FanOut(replace(job, selection=selection), shared, finish, made, started, costs, watcher)
            ran = await self._fire_selected(selection, fan_out, enough)
            if ran.is_fused:
                await self._one_model(FUSED, fan_out)
        ordered = tuple(fan_out.results[name] for name in ran.result_ids)
        result = Result(
            job_id=job.id,
            results=ordered,
            input_size=picture.size,
            wall_ms=(time.perf_counter() - started) * 1000,
            skipped=ran.skipped,
            times_ms={"decode": (decoded - called) * 1000},
            comparison=await self._compared(ordered) if job.selection.is_compared else None,
        )
        record_spans(self.instruments, result.times_ms)
        if self._records:
            await self._billing.record(job, result)
        return result

    async def fuse(
        self, job: Job, results: Iterable[ModelResult[Any]], mattes: Mapping[str, Any]
    ) -> ModelResult[CutoutFile]:
        """`fused` of cutouts that there are already; `mattes` has the alpha of each, (H, W), bytes, by its model.

        Raises:
            InvalidFormat, ImageTooLarge: as `run`.
        """
        started, picture = time.perf_counter(), await self.decoded(job)
        shared, finish = await self._shared(picture, job)
        fan_out = FanOut(job, shared, finish, self._file, started, {}, None)
        fan_out.results.update({one.model_id: one for one in results})
        for model_id, matte in mattes.items():
            fan_out.mattes[model_id] = await asyncio.to_thread(self._share, matte)
        await self._one_model(FUSED, fan_out)
        return fan_out.results[FUSED]

    async def upscale(self, job: Enlargement) -> UpscaledFile:
        """Enlarge a caller's own picture.

        Raises:
            ValidationError: the format cannot keep the picture's transparency.
            InvalidFormat, ImageTooLarge: the picture cannot be read, or it or its upscale is too large.
            ServiceUnavailable: the upscaler is away, or took longer than a request may.
        """
        check_transparency(job.output_format, job.preserve_alpha)
        with self.instruments.timed(SPAN_SECONDS, span="decode"):
            picture = await self.decoded(job)
        upscaled = await self.second_stage.picture(await asyncio.to_thread(self._share, picture), job)
        record_spans(self.instruments, upscaled.times_ms)
        return upscaled

    async def finish(self, job: Job, cutout: CutoutPixels, spent_ms: float) -> ModelResult[CutoutFile]:
        """Enlarge, finish and encode a cutout in the time that is left after `spent_ms`; no model runs or is paid."""
        started = time.perf_counter()
        allowed_s, late = self._allowed(job.terms)
        finish = self._share(job.output.finish) if job.output.finish else None
        try:
            async with asyncio.timeout(allowed_s - spent_ms / 1000):
                photograph = await self.decoded(job) if job.output.blurs else None
                made = await self.second_stage.cutout(cutout, job.output, finish, photograph)
        except TimeoutError:
            made = Failure.of(cutout.model_id, ModelTimeout(late), "upscale")
        wall_ms = spent_ms + (time.perf_counter() - started) * 1000
        return ModelResult(cutout.model_id, replace(made, cost_usd=cutout.cost_usd), wall_ms)

    async def _shared(self, picture: Picture, job: Job) -> tuple[Any, Any]:
        """A picture and the job's finish, if it has one, where every replica can reach them."""
        finish = self._share(job.output.finish) if job.output.finish else None
        return await asyncio.to_thread(self._prepared, picture, job), finish

    def _prepared(self, picture: Picture, job: Job) -> Any:
        """A picture in shared memory, which copies all its pixels, with what comparisons of its mattes need."""
        if job.removal.compared:
            seen = strength(shown(job.removal.input(picture)))
            picture = replace(picture, edge_strength=seen)
        return self._share(picture)

    async def _fire_selected(
        self, selection: ModelSelection, fan_out: "FanOut[C]", enough: Enough | None
    ) -> ModelSelection:
        """Run the models of a selection; what ran of it."""
        if selection.is_auto:
            return await self._fire_in_steps(selection, fan_out)
        await self._fire(selection.models, fan_out, enough)
        return selection

    async def _fire_in_steps(self, selection: ModelSelection, fan_out: "FanOut[C]") -> ModelSelection:
        """Run the models of `auto`, as many as are needed; the selection without those that are not."""
        specs = [self.registry.models[name] for name in selection.models]
        comparison: Comparison | None = None
        fan_out.costs.update(dict.fromkeys(selection.models, 0.0))  # until it is asked
        while (step := next_step(specs, fan_out.results, comparison, self.registry.service.quality)).models:
            if fan_out.watcher:
                fan_out.watcher.stepped(step)
            for name in step.models:
                del fan_out.costs[name]
            await self._fire(step.models, fan_out, None)
            comparison = await self._compared(fan_out.results.values())
        if fan_out.watcher:
            fan_out.watcher.stepped(step)
        spared = (name for name in selection.models if name not in fan_out.results)
        return selection.without(dict.fromkeys(spared, f"Not needed: {step.reason}"))

    async def _fire(self, models: tuple[str, ...], fan_out: "FanOut[C]", enough: Enough | None) -> None:
        def look(_: asyncio.Task[None]) -> None:
            if enough and enough(fan_out.results, models):
                for task in tasks:
                    task.cancel()

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._one_model(name, fan_out)) for name in models]
            for task in tasks:
                task.add_done_callback(look)
        for name in models:
            if name not in fan_out.results:
                failure = self._calls.given_up(name, ModelError("Called off: another cutout was enough"), fan_out)
                fan_out.results[name] = ModelResult(name, failure, (time.perf_counter() - fan_out.received) * 1000)

    async def _one_model(self, model_id: str, fan_out: "FanOut[C]") -> None:
        started = time.perf_counter()
        allowed_s, late = self._allowed(fan_out.job.terms)
        left_s = fan_out.received + allowed_s - started
        try:
            async with asyncio.timeout(left_s):
                if left_s <= 0:
                    fan_out.costs[model_id] = 0.0  # it is not called any more
                    raise TimeoutError
                outcome = await fan_out.made(model_id, fan_out)
        except TimeoutError:
            outcome = self._calls.given_up(model_id, ModelTimeout(late), fan_out)
        fan_out.results[model_id] = ModelResult(model_id, outcome, (time.perf_counter() - started) * 1000)
        if self._records:
            record_result(self.instruments, fan_out.results[model_id])
        if fan_out.watcher:
            fan_out.watcher.finished(fan_out.results[model_id])

    async def _compared(self, results: Iterable[ModelResult[C]]) -> Comparison | None:
        return await asyncio.to_thread(compared, results, self.registry)

    def _allowed(self, terms: Terms) -> tuple[float, str]:
        """Seconds that a request has for all of its models, and the message for one that takes longer."""
        request_s = self.registry.service.limits.request_s
        if terms.deadline_s is None or terms.deadline_s > request_s:
            return request_s, f"Not done within the {request_s:g} s of a request"
        return terms.deadline_s, f"Not done by the deadline of {terms.deadline_s * 1000:g} ms"

    async def _file(self, model_id: str, fan_out: "FanOut[Any]") -> CutoutFile | Failure:
        output = fan_out.job.output
        if output.is_plain:
            return await self._calls.cut(model_id, fan_out, AsFile(output.format))
        cut = await self._calls.cut(model_id, fan_out, AsPixels())
        if isinstance(cut, Failure):
            return cut
        made = await self.second_stage.cutout(cut, output, fan_out.finish, fan_out.shared)
        return replace(made, cost_usd=cut.cost_usd)  # the model stays paid, whatever happens to the picture after it

    async def _pixels(self, model_id: str, fan_out: "FanOut[Any]") -> CutoutPixels | Failure:
        return await self._calls.cut(model_id, fan_out, AsPixels())

    async def decoded(self, job: Job | Enlargement) -> Picture:
        """A job's picture, once it is certain that its results can be made.

        Raises:
            ValidationError: the format does not go with the finish.
            InvalidFormat, ImageTooLarge: the picture cannot be read, or it or its upscale is too large.
        """
        if isinstance(job, Enlargement):
            check = partial(self.second_stage.check_enlargement, job)
        else:
            check = partial(self.second_stage.check, job.output)
        if isinstance(job.image, bytes):
            return await self.decoder.decode(job.image, job.image_field, check)
        check(job.image.size)
        return job.image
