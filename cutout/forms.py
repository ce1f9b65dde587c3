"""The form in which a model's replica returns a cutout: as pixels, or as a file."""

from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from cutout.jobs import Cutout, CutoutFile, CutoutPixels
from cutout.pixels.crop import subject_box
from cutout.pixels.encoding.encode import encode
from cutout.pixels.encoding.spec import EncodeSpec
from cutout.pixels.plain import Dpi, OutputFormat
from cutout.pixels.types import Rgba
from cutout.telemetry.spans import Spans

C = TypeVar("C", bound=Cutout)
C_co = TypeVar("C_co", bound=Cutout, covariant=True)


class Form(Protocol[C_co]):
    """Adds the picture to what is known of a cutout; called in the replica, in a thread."""

    def picture(self, cutout: Cutout, rgba: Rgba, dpi: Dpi | None, encoding: EncodeSpec) -> C_co:
        """The cutout with its picture, of (H, W, 4) pixels."""
        ...


@dataclass(frozen=True, slots=True)
class AsPixels:
    """For a later step that works on pixels."""

    def picture(self, cutout: Cutout, rgba: Rgba, dpi: Dpi | None, encoding: EncodeSpec) -> CutoutPixels:  # noqa: ARG002 - see Form
        """See Form."""
        return CutoutPixels.of(cutout, rgba, dpi)


@dataclass(frozen=True, slots=True)
class AsFile:
    """For the caller, as it is: nothing else is made of it."""

    output_format: OutputFormat

    def picture(self, cutout: Cutout, rgba: Rgba, dpi: Dpi | None, encoding: EncodeSpec) -> CutoutFile:
        """See Form."""
        spans = Spans(cutout.times_ms)
        with spans.timed("encode"):
            encoded = encode(rgba, self.output_format, encoding, dpi)
        return CutoutFile.of(replace(cutout, times_ms=dict(spans), box=subject_box(rgba[..., 3])), encoded)
