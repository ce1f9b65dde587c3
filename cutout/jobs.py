"""Jobs, complete: what is made of which picture, by which models, on whose terms. Frozen values."""

import uuid
from dataclasses import dataclass
from typing import Generic

from typing_extensions import TypeVar

from cutout.accounts.keys import KeyRecord
from cutout.models.selection import ModelSelection
from cutout.pixels.finish import Finish
from cutout.pixels.picture import Picture
from cutout.pixels.plain import STRIP_FORMATS, EnlargingMethod, OutputFormat
from cutout.removal import AS_USUAL, Removal


def new_id() -> str:
    """A random id for a job; it cannot be guessed."""
    return str(uuid.uuid4())


@dataclass(frozen=True, slots=True)
class Terms:
    """The caller's limits on cost and time, and the kinds of models that may run."""

    max_cost_usd: float | None = None
    """The request is refused, before anything is spent, when its models cost more together."""
    deadline_s: float | None = None
    """Models that have not finished by then fail with a timeout; the others are returned."""
    local_only: bool = False
    """Only models that run in this service, so that the picture does not leave it."""
    commercial_only: bool = False
    """Only models whose licence permits commercial use of a cutout."""


@dataclass(frozen=True, slots=True)
class Output:
    """What is made of each model's cutout: it is enlarged, finished and encoded, in this order."""

    format: OutputFormat = "png"
    factor: int | None = None
    """Upscale factor, 2 or 4; None: no upscale."""
    finish: Finish | None = None
    """None: the cutout as the model made it."""
    keep_whole: bool = False
    """Each result also carries the whole cutout as PNG, whatever its format and finish."""
    method: EnlargingMethod = "lanczos"
    """How it is enlarged, where there is a factor."""

    @property
    def is_plain(self) -> bool:
        """Whether the model's own cutout, encoded, is all that is needed."""
        return self.factor is None and self.has_whole and (self.format == "png" or not self.keep_whole)

    @property
    def is_made_in_strips(self) -> bool:
        """Whether a large result is encoded strip by strip, so that it is never whole in memory."""
        by_kernel = self.factor is not None and self.method != "detail"
        return by_kernel and self.has_whole and self.format in STRIP_FORMATS

    @property
    def has_whole(self) -> bool:
        """Whether a result shows the whole cutout and nothing else; as a PNG, another finish can be made from it."""
        return self.finish is None or self.finish.is_plain

    @property
    def blurs(self) -> bool:
        """Whether the blurred photograph is behind each cutout."""
        return self.finish is not None and self.finish.blur

    @property
    def masked(self) -> bool:
        """Whether each result has its mask beside it."""
        return self.finish is not None and self.finish.output_type == "both"


Image_co = TypeVar("Image_co", bound=bytes | Picture, covariant=True, default=bytes | Picture)
"""A picture: a file, or pixels where it is decoded already."""


@dataclass(frozen=True, slots=True)
class Job(Generic[Image_co]):
    """One request for cutouts, complete: its models are chosen, and its pictures are here."""

    id: str
    image: Image_co
    selection: ModelSelection
    output: Output = Output()
    terms: Terms = Terms()
    key: KeyRecord | None = None
    """The caller's API key; None: anonymous."""
    removal: Removal = AS_USUAL
    image_field: str = "image"
    """The request's field that brought the picture, which errors about the picture name."""
    began_s: float | None = None
    """When the request had been read, by time.perf_counter; None: the time starts when the job runs."""


@dataclass(frozen=True, slots=True)
class Enlargement:
    """A caller's own picture that is to be enlarged; no model runs."""

    id: str
    image: bytes
    factor: int
    """2 or 4."""
    output_format: OutputFormat = "png"
    preserve_alpha: bool = True
    """Without it, transparent pixels turn white."""
    image_field: str = "image"
    """The request's field that brought the picture, which errors about the picture name."""
    method: EnlargingMethod = "lanczos"
