"""What the fan-out calls in other processes: one interface for each kind of deployment."""

from typing import Any, Protocol

from cutout.forms import C, Form
from cutout.jobs import Cutout, CutoutFile, CutoutPixels, Failure, UpscaledFile
from cutout.models.status import ModelStatus
from cutout.pixels.finish import Finish
from cutout.pixels.plain import OutputFormat
from cutout.removal import Removal


class Model(Protocol):
    """A removal model; both methods raise CutoutError when its replicas cannot be reached or have no room."""

    async def remove(self, picture: Any, removal: Removal, form: Form[C]) -> C | Failure:
        """The cutout of a Picture, or of a reference to one, returned as pixels or as a file."""

    async def status(self) -> ModelStatus:
        """Whether the model can work now."""


class Upscaler(Protocol):
    """Enlarges and finishes pictures; every method raises CutoutError when it cannot be reached or has no room."""

    async def upscale(
        self, cutout: CutoutPixels, factor: int | None, output_format: OutputFormat, finish: Any, keep_whole: bool
    ) -> CutoutFile | Failure:
        """A model's pixels, enlarged where there is a factor, finished and encoded.

        `finish` is a Finish, a reference to one, or None. With `keep_whole` the result has the whole cutout, too.
        """

    async def compose(
        self, whole: bytes, cutout: Cutout, output_format: OutputFormat, finish: Finish | None
    ) -> CutoutFile | Failure:
        """A whole cutout, as the PNG that was kept, with another finish; `cutout` is what was known of it."""

    async def upscale_picture(
        self, picture: Any, factor: int, output_format: OutputFormat, preserve_alpha: bool
    ) -> UpscaledFile:
        """A caller's Picture, or a reference to one, enlarged and encoded."""
