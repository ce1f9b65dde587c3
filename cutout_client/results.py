"""The service's answers, typed. Fields have the contract's names; unknown fields, of newer services, are ignored."""

import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, TypeAlias, TypeVar

from pydantic import BeforeValidator, Field, TypeAdapter
from pydantic import ValidationError as Misfit

from cutout.errors import CutoutError, InternalError
from cutout.models.spec import LOCAL
from cutout.models.status import EngineReport
from cutout.pixels.plain import Size
from cutout_client.refusals import error_of

T = TypeVar("T")
JobStatus: TypeAlias = Literal["queued", "running", "completed", "partial", "failed", "cancelled"]
ENDED = ("completed", "partial", "failed", "cancelled")
_Base64 = BeforeValidator(lambda text: binascii.a2b_base64(text) if isinstance(text, str) else text)
_Picture = Annotated[bytes | None, _Base64, Field(validation_alias="image_base64")]
_Mask = Annotated[bytes | None, _Base64, Field(validation_alias="mask_base64")]
_InputSize = Annotated[Size | None, Field(validation_alias="input_dimensions")]
_OutputSize = Annotated[Size | None, Field(validation_alias="output_dimensions")]


@dataclass(frozen=True, slots=True)
class CutoutResult:
    """One model's cutout, or its error."""

    model_id: str
    model_name: str
    processing_time_ms: float
    cost_usd: float
    licence: str
    commercial_use: bool
    """Whether the model's licence allows commercial use of this cutout."""
    image: _Picture = field(default=None, repr=False)
    """The PNG or WebP file; None when the model failed."""
    image_url: str | None = None
    """The picture's signed URL, which expires; set for durable jobs."""
    mask: _Mask = field(default=None, repr=False)
    """With `output_type="both"`, the alpha as a grey PNG."""
    error: str | None = None
    """One sentence; None when the model succeeded."""
    error_type: str | None = None
    input_size: _InputSize = None
    """Size before the upscale, in pixels; set by `process`."""
    output_size: _OutputSize = None
    engine: EngineReport | None = None
    """The engine and device that ran the model."""
    times_ms: dict[str, float] | None = None
    """Time of each step: queue, infer, composite, encode …"""
    note: str | None = None
    """A remark, such as that the picture was reduced to fit a provider's limits."""
    edited_from: str | None = None
    """The model whose cutout was mended by hand; its `model_id` is `edited`."""
    semi_transparent: float | None = None
    """Share of semi-transparent pixels among those that are not fully transparent, 0 to 1."""
    job_id: str | None = None
    """For `log_selection`."""

    def check(self) -> bytes:
        """The picture file.

        Raises:
            CutoutError: the model failed; the class is that of its error.
        """
        if self.image is None:
            raise error_of(self.error_type, self.error or f"{self.model_name} gave no picture here, see image_url")
        return self.image

    def save(self, path: str | Path) -> Path:
        """Write the picture file, replacing an existing one; raises as `check`."""
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
    """A job with its status and its results so far."""

    job_id: str
    status: JobStatus
    results: _OfModels
    """One per model; empty for an upscale, whose picture `wait_upscale` returns."""
    processing_time_ms: float
    total_cost_usd: float
    skipped: dict[str, str] = field(default_factory=dict)
    """Models that `all` left out, with the reasons."""
    created_at: float | None = None
    """Unix time in seconds; set for durable jobs."""
    error: ErrorDetail | None = None
    """Why the job as a whole failed."""
    selected_model_id: str | None = None
    """The model of the best cutout by its score; None where one model was asked, or the job has not ended."""

    @property
    def ended(self) -> bool:
        """Whether the job has ended, so that nothing more will change."""
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
class JobEntry:
    """One durable job in a list."""

    job_id: str
    status: JobStatus
    created_at: float
    """Unix time in seconds."""
    models: tuple[str, ...]
    total_cost_usd: float
    selected_model_id: str | None = None
    picture_url: str | None = None
    """Signed URL of the picture that was sent, which expires; None when it is not stored."""
    thumbnail_url: str | None = None


@dataclass(frozen=True, slots=True)
class JobList:
    """A page of jobs."""

    jobs: tuple[JobEntry, ...]
    """The newest first."""
    next: int | None
    """`before` of the next page; None: there is none."""


@dataclass(frozen=True, slots=True)
class Share:
    """A link to cutouts."""

    job_id: str
    models: tuple[str, ...]
    """The results that it shows."""
    url: Annotated[str, Field(validation_alias="share_url")]
    expires_at: int
    """Unix time in seconds."""


@dataclass(frozen=True, slots=True)
class UpscaleResult:
    """An enlarged picture."""

    job_id: str
    image: Annotated[bytes, _Base64, Field(validation_alias="image_base64")] = field(repr=False)
    """The PNG or WebP file."""
    input_size: Annotated[Size, Field(validation_alias="input_dimensions")]
    output_size: Annotated[Size, Field(validation_alias="output_dimensions")]
    scale_factor: int
    alpha_preserved: bool
    processing_time_ms: float
    cost_usd: float

    def save(self, path: str | Path) -> Path:
        """Write the picture file, replacing an existing one."""
        Path(path).write_bytes(self.image)
        return Path(path)


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model and its availability."""

    id: str
    name: str
    provider: str
    available: bool
    price_usd: float
    licence: str
    commercial_use: bool
    reason: str | None = None
    """Why it is not available."""
    at_rest: bool = False
    """It has no replica: its next picture starts one, which takes seconds."""
    median_time_ms: float | None = None
    engine: EngineReport | None = None

    @property
    def local(self) -> bool:
        """Whether it runs in the service itself: the picture is sent to no provider, and there is no charge."""
        return self.provider == LOCAL


@dataclass(frozen=True, slots=True)
class ModelList:
    """Answer of GET /models."""

    models: tuple[ModelInfo, ...]


@dataclass(frozen=True, slots=True)
class Preset:
    """A canvas by name."""

    id: str
    name: str
    width: int
    height: int
    dpi: float | None = None


@dataclass(frozen=True, slots=True)
class PresetList:
    """Answer of GET /presets."""

    presets: tuple[Preset, ...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """The price of a request."""

    models: dict[str, float]
    """Price in USD of each model that would run."""
    estimate_usd: float
    skipped: dict[str, str]
    expected_time_ms: float | None = None
    """Median time of the slowest model so far; None when none is known."""


def parsed(form: type[T], body: object) -> T:
    """Parse an answer's JSON.

    Raises:
        InternalError: it does not have the expected form.
    """
    try:
        return TypeAdapter(form).validate_python(body)
    except Misfit as misfit:
        first = misfit.errors(include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise InternalError(f"The service's answer is not as expected: {where}: {first['msg']}") from misfit


def all_failed(results: Sequence[CutoutResult]) -> CutoutError | None:
    """The error of a job in which no model succeeded."""
    if any(result.error is None for result in results):
        return None
    reasons = {result.model_id: result.error for result in results}
    sentences = "; ".join(f"{model_id}: {reason}" for model_id, reason in reasons.items())
    return error_of("processing_error", f"All models failed. {sentences}", {"models": reasons})
