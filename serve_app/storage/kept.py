"""Jobs that have ended, with the cutouts that are stored of them."""

from dataclasses import dataclass

from cutout.pixels.plain import EnlargingMethod, Size
from cutout.removal import AS_USUAL, Removal
from cutout.results import Cutout
from serve_app.storage.pictures import SUFFIX

INPUT = f"input.file{SUFFIX}"
"""Name of the picture that was sent."""


@dataclass(frozen=True, slots=True)
class CachedCutout:
    """One whole cutout in the store, as a PNG."""

    cutout: Cutout
    name: str
    """Its name in the store."""


@dataclass(frozen=True, slots=True)
class CachedJob:
    """A job that has ended, and its whole cutouts."""

    job_id: str
    key_id: str | None
    """Of the API key that made the job, and that alone may use it; None: anybody who knows the job's id."""
    factor: int | None
    input_size: Size
    cutouts: tuple[CachedCutout, ...]
    picture: str = INPUT
    """Name of the picture that was sent, in the store; it may be gone, or never have been stored."""
    removal: Removal = AS_USUAL
    suffix: str = SUFFIX
    """Of the names of its files."""
    method: EnlargingMethod = "lanczos"
    """By which they were enlarged."""
