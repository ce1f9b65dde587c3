"""Frozen values that travel: what a model did, what a request asked for, what came of it."""

import uuid
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from cutout.accounts.keys import KeyRecord
from cutout.errors import CutoutError, ModelUnavailable
from cutout.models.status import EngineReport
from cutout.pixels.finish import Finish
from cutout.pixels.types import STRIP_FORMATS, Box, Dpi, OutputFormat, Rgba, Size
from cutout.removal import Removal

JobStatus: TypeAlias = Literal["completed", "partial", "failed"]


def new_id() -> str:
    """A random id for a job; it cannot be guessed."""
    return str(uuid.uuid4())


@dataclass(frozen=True, slots=True)
class Cutout:
    """One model's success: pixels, or an encoded picture of them, never both."""

    model_id: str
    size: Size
    cost_usd: float
    engine: EngineReport
    rgba: Rgba | None = None
    encoded: bytes | None = None
    dpi: Dpi | None = None
    """Resolution of `rgba`, where its picture had one; a file says its own."""
    times_ms: dict[str, float] = field(default_factory=dict)
    """Time in each span, in ms: `infer`, `composite`, `upscale`, `encode` …"""
    note: str | None = None
    source_size: Size | None = None
    """Size before the upscale, when there was one."""
    box: Box | None = None
    """The subject within the picture; None: nothing was found."""
    frame: Box | None = None
    """What a crop shows, in pixels of the whole cutout; None: all of it."""
    mask: bytes | None = None
    """A PNG of the alpha, when it was asked for beside the picture."""
    whole: bytes | None = None
    """A PNG of the whole cutout, from which another finish can be made, when that was wanted and `encoded` is another.
    """

    @property
    def whole_box(self) -> Box | None:
        """The subject within the whole cutout."""
        if self.box is None or self.frame is None:
            return self.box
        return replace(self.box, left=self.box.left + self.frame.left, top=self.box.top + self.frame.top)

    def timed(self, **spans_ms: float) -> "Cutout":
        """The same cutout with more spans recorded."""
        return replace(self, times_ms={**self.times_ms, **spans_ms})


@dataclass(frozen=True, slots=True)
class Failure:
    """One model's failure, or its upscale's."""

    model_id: str
    type: str
    message: str
    cost_usd: float = 0.0
    stage: Literal["bg_removal", "upscale"] = "bg_removal"
    unavailable: bool = False
    """The model never started: it has no weights, key, provider or room."""
    retryable: bool = False
    retry_after_s: float | None = None
    """When the model may have room, or be there, again; None where nobody knows."""

    @classmethod
    def of(cls, model_id: str, error: CutoutError, stage: Literal["bg_removal", "upscale"] = "bg_removal") -> "Failure":
        """The value that stands for `error` in a result."""
        return cls(
            model_id=model_id,
            type=error.type,
            message=error.message,
            cost_usd=float(error.details.get("cost_usd", 0.0)),
            stage=stage,
            unavailable=isinstance(error, ModelUnavailable),
            retryable=error.retryable,
            retry_after_s=error.details.get("retry_after_s"),
        )


@dataclass(frozen=True, slots=True)
class Terms:
    """What a caller will pay and wait for, and which models he will have."""

    max_cost_usd: float | None = None
    """The request is refused, before anything is spent, when its models cost more together."""
    deadline_s: float | None = None
    """What is done by then is given back; the rest failed by timeout."""
    local_only: bool = False
    """No picture leaves this service."""
    commercial_only: bool = False
    """Only models whose licence lets a cutout be sold."""


@dataclass(frozen=True, slots=True)
class Job:
    """What one request asks for, after every check that needs no model."""

    id: str
    image: bytes
    models: tuple[str, ...] = ("all",)
    """Empty: the picture itself is enlarged."""
    output_format: OutputFormat = "png"
    factor: int | None = None
    """Upscale factor, 2 or 4; None: no upscale."""
    terms: Terms = Terms()
    key: KeyRecord | None = None
    """The API key that asks; None: nobody's."""
    finish: Finish | None = None
    """What becomes of each cutout; None: it stays as it was made."""
    keep_whole: bool = False
    """Each result is to bring the whole cutout, lossless, in whatever form it is answered."""
    removal: Removal | None = None
    """How each cutout is made; None: as `Removal()` says."""
    preserve_alpha: bool = True
    """Of a picture that is itself enlarged; without it, what is transparent turns white."""
    pixels: bool = False
    """Cutouts come back as pixels, for somebody here who goes on with them; only without an upscale."""
    image_field: str = "image"
    """The request's field that brought the picture, which the picture's faults name."""
    began_s: float | None = None
    """When the whole request was there, by time.perf_counter; None: when it is run."""

    @property
    def enlarges(self) -> bool:
        """Whether the picture itself is enlarged, and no model runs."""
        return not self.models

    @property
    def is_plain(self) -> bool:
        """Whether a model's own cutout, as a file, is all that is asked for."""
        return self.factor is None and self.has_whole and (self.output_format == "png" or not self.keep_whole)

    @property
    def is_made_in_strips(self) -> bool:
        """Whether its results, when they are large, are not whole in memory before they are written."""
        return self.factor is not None and self.has_whole and self.output_format in STRIP_FORMATS

    @property
    def has_whole(self) -> bool:
        """Whether a result shows the whole cutout and no more; as a PNG, another finish can be made from it."""
        return self.finish is None or self.finish.is_plain


@dataclass(frozen=True, slots=True)
class ModelResult:
    """One model's part of a result."""

    model_id: str
    outcome: Cutout | Failure
    wall_ms: float
    """From the fan-out to this model's last byte, upscale included."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a job."""

    job_id: str
    results: tuple[ModelResult, ...]
    input_size: Size
    wall_ms: float
    skipped: dict[str, str] = field(default_factory=dict)
    """Models that `all` left out, each with its reason."""
    times_ms: dict[str, float] = field(default_factory=dict)

    @property
    def status(self) -> JobStatus:
        """`completed` when every model succeeded, `failed` when none did, else `partial`."""
        good = sum(isinstance(r.outcome, Cutout) for r in self.results)
        return "completed" if good == len(self.results) else "partial" if good else "failed"

    @property
    def total_cost_usd(self) -> float:
        """Sum of what was charged, failures included."""
        return round(sum(r.outcome.cost_usd for r in self.results), 6)


@dataclass(frozen=True, slots=True)
class Upscaled:
    """One picture, enlarged and encoded."""

    encoded: bytes
    input_size: Size
    output_size: Size
    has_alpha: bool
    times_ms: dict[str, float] = field(default_factory=dict)
