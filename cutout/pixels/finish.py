"""The finish of a cutout: edge, crop, canvas, shadow, mask, background. No model is needed to change it."""

from dataclasses import dataclass, field

from PIL import ImageColor

from cutout.errors import ValidationError
from cutout.pixels.crop import Margin, largest
from cutout.pixels.picture import Picture
from cutout.pixels.plain import Colour, Dpi, OutputFormat, OutputType, Size


@dataclass(frozen=True, slots=True)
class Edge:
    """What is done to a cutout's edge, in its pixels; by default, nothing."""

    choke_px: int = 0
    """The edge moves inwards by so much; 0 to MOST_CHOKE_PX."""
    feather_px: int = 0
    """Then it fades out over so much; 0 to MOST_FEATHER_PX."""


AS_IT_IS = Edge()


@dataclass(frozen=True, slots=True)
class Finish:
    """How a result looks, apart from its file format; by default, the cutout as the model made it."""

    output_type: OutputType = "cutout"
    background: Colour | Picture | None = None
    """Behind the cutout. A picture is scaled to cover the result, centred; its transparent parts become white."""
    crop: bool = False
    """Crop to the subject's box and `margin`; a cutout without a subject stays whole."""
    margin: Margin = field(default_factory=Margin)
    """Around that box; with a canvas, within its sides."""
    blur: bool = False
    """Behind the cutout is the photograph itself, blurred; there is no other background."""
    canvas: Size | None = None
    """The result has this size: what is shown is scaled to fit it, and centred."""
    edge: Edge = AS_IT_IS
    shadow_percent: int = 0
    """How dark the shadow on the ground is, 0 to 100."""
    quality: int | None = None
    """Of a lossy format, 1 to 100; None: as the service is configured."""
    dpi: float | None = None
    """Resolution of the result; None: that of the picture, and none on a canvas."""

    @property
    def has_background(self) -> bool:
        """Whether the result is opaque."""
        return self.background is not None or self.blur

    @property
    def is_plain(self) -> bool:
        """Whether the finish changes nothing."""
        changed = (self.output_type != "cutout", self.has_background, self.crop, self.canvas, self.edge != AS_IT_IS)
        return not any((*changed, self.shadow_percent, self.quality, self.dpi))

    def largest(self, size: Size) -> Size:
        """The largest possible result for a cutout of that size."""
        if self.canvas:
            return self.canvas
        return largest(self.margin, size) if self.crop else size

    def resolution(self, dpi: Dpi | None) -> Dpi | None:
        """The resolution of a result, for a cutout of that resolution."""
        if self.dpi is not None:
            return self.dpi, self.dpi
        return None if self.canvas else dpi


def colour(text: str) -> Colour | None:
    """The colour of `#rgb`, `#rrggbb` or a CSS name, in upper or lower case; None for anything else."""
    name = text.strip().lower()
    if name not in ImageColor.colormap and not (name.startswith("#") and len(name) in (4, 7)):
        return None
    try:
        red, green, blue, *_ = ImageColor.getrgb(name)
    except ValueError:
        return None
    return red, green, blue


def check_transparency(output_format: OutputFormat, preserve_alpha: bool) -> None:
    """Raise ValidationError for a format that cannot keep the transparency that is to be preserved."""
    if output_format == "jpeg" and preserve_alpha:
        message = "output_format: jpeg has no transparency; preserve_alpha: false is expected with it"
        raise ValidationError.of_field("output_format", message, "jpeg")


def check_format(output_type: OutputType, output_format: OutputFormat, *, has_background: bool) -> None:
    """Check that a finish can be written in a format.

    Raises:
        ValidationError: JPEG without a background, or a background behind a mask.
    """
    if output_type == "mask" and has_background:
        raise ValidationError.of_field("background", "background: a mask has none; output_type cutout or both expected")
    if output_format == "jpeg" and not has_background:
        message = "output_format: jpeg has no transparency; a background is expected with it, or png, webp or avif"
        raise ValidationError.of_field("output_format", message, output_format)
