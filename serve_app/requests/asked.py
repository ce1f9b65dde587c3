"""What one request asks for, as frozen values: read and checked, nothing fetched or decoded yet."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from cutout.accounts.keys import KeyRecord
from cutout.jobs import Terms
from cutout.pixels.finish import Finish
from cutout.pixels.plain import Colour, EnlargingMethod, OutputFormat
from cutout.removal import Removal
from serve_app.requests.accept import Reply

ResponseFormat: TypeAlias = Literal["base64", "url", "both"]
Pick: TypeAlias = Literal["first", "best"]


@dataclass(frozen=True, slots=True)
class GivenPicture:
    """A picture that the request carries."""

    data: bytes
    field: str
    """The request's field that brought it, which errors about the picture name."""


@dataclass(frozen=True, slots=True)
class RemotePicture:
    """A picture to be fetched."""

    url: str
    field: str
    """The request's field that has the address."""


PictureSource: TypeAlias = GivenPicture | RemotePicture


@dataclass(frozen=True, slots=True)
class AskedFinish:
    """The finish of each cutout; its background's picture is not decoded yet, and perhaps still to be fetched."""

    finish: Finish
    """Complete, but for a background that is a picture."""
    picture: PictureSource | None
    """That background."""

    @property
    def background(self) -> Colour | PictureSource | None:
        """A colour, or where the picture is."""
        return self.picture or (self.finish.background if isinstance(self.finish.background, tuple) else None)


@dataclass(frozen=True, slots=True)
class Later:
    """How a request that becomes a durable job is answered."""

    asynchronous: bool
    """202 at once; else the answer waits for the job."""
    response_format: ResponseFormat
    idempotency_key: str | None
    fingerprint: str
    """SHA-256 of all that the request asks for, in hex: an Idempotency-Key is valid for this one only."""
    webhook_url: str | None
    webhook_secret: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class AskedCutouts:
    """A request for cutouts."""

    id: str
    """The job's."""
    picture: PictureSource
    models: tuple[str, ...]
    """Known ids, or `all`, each once, in the order asked."""
    factor: int | None
    """Upscale factor, 2 or 4; None: no upscale."""
    method: EnlargingMethod
    finish: AskedFinish
    removal: Removal
    terms: Terms
    pick: Pick | None
    category: str | None
    """With `pick: best`: the tag whose picks count."""
    reply: Reply
    key: KeyRecord | None
    began_s: float
    """When the request had been read, by time.perf_counter."""
    later: Later | None
    """Set when the request becomes a durable job."""


@dataclass(frozen=True, slots=True)
class AskedEnlargement:
    """A request to enlarge the caller's own picture."""

    id: str
    """The job's."""
    picture: PictureSource
    factor: int
    """2 or 4."""
    method: EnlargingMethod
    preserve_alpha: bool
    reply: Reply
    key: KeyRecord | None
    began_s: float
    """When the request had been read, by time.perf_counter."""
    later: Later | None
    """Set when the request becomes a durable job."""


@dataclass(frozen=True, slots=True)
class AskedComposition:
    """A request for another finish of cutouts that are kept."""

    models: tuple[str, ...]
    """Ids, or `all`, not checked: which are known depends on the job."""
    factor: int | None
    """How much larger than stored; None: as stored."""
    method: EnlargingMethod
    finish: AskedFinish
    reply: Reply
    began_s: float
    """When the request had been read, by time.perf_counter."""


@dataclass(frozen=True, slots=True)
class AskedEdit:
    """A request to mend a cutout that is kept."""

    model_id: str
    """Not checked: which are known depends on the job."""
    mask: bytes = field(repr=False)
    """A grey PNG of 8 bits a sample, without a colour space."""
    reply: Reply
    began_s: float
    """When the request had been read, by time.perf_counter."""


@dataclass(frozen=True, slots=True)
class BatchItem:
    """One picture of a batch."""

    job_id: str
    """Of the job that it becomes."""
    name: str
    """As its caller knows it: a relative path that is safe in an archive."""
    origin: Literal["file", "address", "object"]
    place: str
    """Where its bytes are: the file's name in the store, under its job; its address; or its path in the source."""


@dataclass(frozen=True, slots=True)
class AskedBatch:
    """A request for cutouts of many pictures."""

    id: str
    items: tuple[BatchItem, ...]
    """In the order of the request; empty with a source, which is not read yet."""
    source: str | None
    prefix: str
    models: tuple[str, ...]
    """Known ids, or `all`, each once, in the order asked."""
    factor: int | None
    """Upscale factor, 2 or 4; None: no upscale."""
    method: EnlargingMethod
    finish: AskedFinish
    removal: Removal
    terms: Terms
    """`max_cost_usd` is of all pictures together."""
    output_format: OutputFormat
    key: KeyRecord | None
    fingerprint: str
    """As in Later."""
    webhook_url: str | None
    webhook_secret: str | None = field(repr=False)


Asked: TypeAlias = AskedCutouts | AskedEnlargement
