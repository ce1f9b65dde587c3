"""The forms in which a model's replica returns a cutout, each a results.Form: as pixels, or as a file."""

from dataclasses import dataclass, replace

from cutout.pixels.crop import subject_box
from cutout.pixels.encoding.encode import encode
from cutout.pixels.encoding.spec import EncodeSpec
from cutout.pixels.plain import Dpi, OutputFormat
from cutout.pixels.semi_transparent import share_of
from cutout.pixels.types import Rgba
from cutout.results import Cutout, CutoutFile, CutoutPixels
from cutout.telemetry.spans import Spans


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
        known = replace(cutout, box=subject_box(rgba[..., 3]), semi_transparent=share_of(rgba))
        return CutoutFile.of(replace(known, times_ms=dict(spans)), encoded)
