"""A pick: the cutout of a job that a caller chose."""

from dataclasses import dataclass

from cutout.errors import ValidationError
from cutout.picks.worth import Shown, Vote

CATEGORY_CHARS = 64
NOTES_CHARS = 2000


@dataclass(frozen=True, slots=True)
class Pick:
    """The cutout that a caller chose.

    Raises:
        ValidationError: a text is too long, or contains NUL, which databases do not accept; names the field.
    """

    job_id: str
    selected_model_id: str
    """A model that the job offered, or `NONE`."""
    image_category: str | None
    """The caller's tag, at most CATEGORY_CHARS long."""
    notes: str | None
    """At most NOTES_CHARS long."""
    created_at: float
    """Unix time, in seconds."""
    edited: bool = False
    """Whether its matte was mended by hand before it was chosen."""
    shown: tuple[str, ...] = ()
    """The models that the job offered in the order in which they were shown; empty: as in its results."""

    def __post_init__(self) -> None:
        for name, limit in {"image_category": CATEGORY_CHARS, "notes": NOTES_CHARS}.items():
            if len(getattr(self, name) or "") > limit:
                raise ValidationError.of_field(name, f"{name}: at most {limit} characters are expected")
        for name in ("job_id", "selected_model_id", "image_category", "notes"):
            if "\0" in (getattr(self, name) or ""):
                raise ValidationError.of_field(name, f"{name}: text without NUL characters is expected")


@dataclass(frozen=True, slots=True)
class Logged:
    """The receipt of a pick."""

    selection_id: str
    """uuid4; unchanged when the job's pick is replaced."""
    replaced: bool
    """Whether the job had a pick before, which is now discarded."""


@dataclass(frozen=True, slots=True)
class LoggedPick:
    """A pick as exported, without the job's id: knowing that is enough to replace the pick."""

    number: int
    """Ascending; the cursor of an export."""
    selection_id: str
    created_at: float
    """Unix time of the pick that counts, in seconds."""
    selected_model_id: str
    image_category: str | None
    notes: str | None
    shown: tuple[Shown, ...]
    """The cutouts that were offered, in the order in which they were shown."""
    edited: bool = False
    """Whether the chosen cutout was mended by hand before."""

    @property
    def offered(self) -> tuple[str, ...]:
        """Their models."""
        return tuple(one.model_id for one in self.shown)

    @property
    def vote(self) -> Vote:
        """What can be learned from it."""
        return Vote(self.shown, self.selected_model_id, self.image_category)
