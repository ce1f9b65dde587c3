"""What the service answers, typed. Fields have the contract's names; those that a newer service adds are ignored."""

import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BeforeValidator, Field, TypeAdapter
from pydantic import ValidationError as Misfit

from cutout.errors import CutoutError, InternalError
from cutout.models.spec import LOCAL
from cutout.models.status import EngineReport
from cutout.pixels.types import Size
from cutout_client.refusals import error_of

T = TypeVar("T")
ENDED = ("completed", "partial", "failed", "cancelled")
_Base64 = BeforeValidator(lambda text: binascii.a2b_base64(text) if isinstance(text, str) else text)
_Picture = Annotated[bytes | None, _Base64, Field(validation_alias="image_base64")]
_Mask = Annotated[bytes | None, _Base64, Field(validation_alias="mask_base64")]
_InputSize = Annotated[Size | None, Field(validation_alias="input_dimensions")]
_OutputSize = Annotated[Size | None, Field(validation_alias="output_dimensions")]


@dataclass(frozen=True, slots=True)
class CutoutResult:
    """One model's cutout, or why there is none."""

    model_id: str
    model_name: str
    processing_time_ms: float
    cost_usd: float
    licence: str
    commercial_use: bool
    """Whether the model's licence lets you sell this cutout."""
    image: _Picture = None
    """The PNG or WebP file; None when the model failed."""
    image_url: str | None = None
    """Its signed address, which expires; jobs have it."""
    mask: _Mask = None
    """With `output_type="both"`, the alpha as a grey PNG."""
    error: str | None = None
    """One sentence; None when the model succeeded."""
    error_type: str | None = None
    input_size: _InputSize = None
    """Before the upscale, in pixels; `process` has it."""
    output_size: _OutputSize = None
    engine: EngineReport | None = None
    """What really ran the model."""
    times_ms: dict[str, float] | None = None
    """Time in each span: queue, infer, composite, encode …"""
    note: str | None = None
    """Something you should know, such as a picture shrunk to fit a provider's limits."""
    job_id: str | None = None
    """What `log_selection` wants."""

    def check(self) -> bytes:
        """The picture file.

        Raises:
            CutoutError: the model failed; the error is of its own class.
        """
        if self.image is None:
            raise error_of(self.error_type, self.error or f"{self.model_name} gave no picture here, see image_url")
        return self.image

    def save(self, path: str | Path) -> Path:
        """Write the picture file, in place of one that is there; raises as `check`."""
        Path(path).write_bytes(self.check())
        return Path(path)


_OfModels = Annotated[
    tuple[CutoutResult, ...], BeforeValidator(lambda results: [one for one in results if "scale_factor" not in one])
]


@dataclass(frozen=True, slots=True)
class ErrorDetail:
    """An error in the contract's form."""

    type: str
    message: str


@dataclass(frozen=True, slots=True)
class JobResult:
    """A job: what came of it, or how far it is."""

    job_id: str
    status: Literal["queued", "running", "completed", "partial", "failed", "cancelled"]
    results: _OfModels
    """Of its models; an upscale has none, and its picture is what `wait_upscale` gives."""
    processing_time_ms: float
    total_cost_usd: float
    skipped: dict[str, str] = field(default_factory=dict)
    """Models that `all` left out, each with the reason."""
    created_at: float | None = None
    """Unix time, in seconds; a durable job's status has it."""
    error: ErrorDetail | None = None
    """Why the job as a whole broke."""

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.status in ENDED

    @property
    def cutouts(self) -> tuple[CutoutResult, ...]:
        """The results of the models that succeeded."""
        return tuple(result for result in self.results if result.error is None)

    def __getitem__(self, model_id: str) -> CutoutResult:
        for result in self.results:
            if result.model_id == model_id:
                return result
        raise KeyError(model_id)


@dataclass(frozen=True, slots=True)
class UpscaleResult:
    """A picture, enlarged."""

    job_id: str
    image: Annotated[bytes, _Base64, Field(validation_alias="image_base64")]
    """The PNG or WebP file."""
    input_size: Annotated[Size, Field(validation_alias="input_dimensions")]
    output_size: Annotated[Size, Field(validation_alias="output_dimensions")]
    scale_factor: int
    alpha_preserved: bool
    processing_time_ms: float
    cost_usd: float

    def save(self, path: str | Path) -> Path:
        """Write the picture file, in place of one that is there."""
        Path(path).write_bytes(self.image)
        return Path(path)


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model of the service, and whether it can work now."""

    id: str
    name: str
    provider: str
    available: bool
    price_usd: float
    licence: str
    commercial_use: bool
    reason: str | None = None
    """Why it cannot."""
    median_time_ms: float | None = None
    engine: EngineReport | None = None

    @property
    def local(self) -> bool:
        """Whether it runs at the service itself: the picture goes to no provider, and nobody charges for it."""
        return self.provider == LOCAL


@dataclass(frozen=True, slots=True)
class ModelList:
    """Answer of GET /models."""

    models: tuple[ModelInfo, ...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a request would cost."""

    models: dict[str, float]
    """Price in USD of each model that would run."""
    estimate_usd: float
    skipped: dict[str, str]
    expected_time_ms: float | None = None
    """The slowest model's median so far; None when none is known."""


def understood(form: type[T], body: object) -> T:
    """An answer's JSON as a value.

    Raises:
        InternalError: the service says something that this client does not understand.
    """
    try:
        return TypeAdapter(form).validate_python(body)
    except Misfit as misfit:
        first = misfit.errors(include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise InternalError(f"The service answered something else than expected: {where}: {first['msg']}") from misfit


def all_failed(results: Sequence[CutoutResult]) -> CutoutError | None:
    """The error of a job in which no model succeeded."""
    if any(result.error is None for result in results):
        return None
    reasons = {result.model_id: result.error for result in results}
    sentences = "; ".join(f"{model_id}: {reason}" for model_id, reason in reasons.items())
    return error_of("processing_error", f"All models failed. {sentences}", {"models": reasons})
