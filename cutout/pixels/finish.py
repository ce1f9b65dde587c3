"""The finish of a cutout: edge, crop, canvas, shadow, mask, background. No model is needed to change it."""

from dataclasses import dataclass, field

from PIL import ImageColor

from cutout.errors import ValidationError
from cutout.pixels.crop import Margin, largest, room, scale
from cutout.pixels.picture import Picture
from cutout.pixels.plain import PRINT_DPI, USUAL_LPI, AlphaMode, Colour, Dpi, Fit, OutputFormat, OutputType, Size

LEAST_SCREEN_PX = 2.0
"""Least distance of the dots of a halftone: with less they cannot be told apart."""


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
    """The result has this size: what is shown is scaled to it, and centred."""
    fit: Fit = "fit"
    """How what is shown lies on the canvas."""
    edge: Edge = AS_IT_IS
    shadow_percent: int = 0
    """How dark the shadow on the ground is, 0 to 100."""
    quality: int | None = None
    """Of a lossy format, 1 to 100; None: as the service is configured."""
    dpi: float | None = None
    """Resolution of the result; None: that of the picture, and none on a canvas."""
    least_dpi: float | None = None
    """A print whose picture has fewer pixels an inch of its own is refused; None: any is made."""
    alpha: AlphaMode = "soft"
    halftone_lpi: float = USUAL_LPI
    """Lines per inch of the screen of a halftone."""

    @property
    def has_background(self) -> bool:
        """Whether the result is opaque."""
        return self.background is not None or self.blur

    @property
    def is_plain(self) -> bool:
        """Whether the finish changes nothing."""
        shape = (self.output_type != "cutout", self.crop, self.canvas, self.edge != AS_IT_IS, self.alpha != "soft")
        return not any((*shape, self.has_background, self.shadow_percent, self.quality, self.dpi))

    @property
    def screen_px(self) -> float:
        """Distance of the dots of a halftone, in pixels of the result."""
        return (self.dpi or PRINT_DPI) / self.halftone_lpi

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

    def check_resolution(self, shown: Size) -> None:
        """Raise ValidationError if so large a part of a cutout has too few pixels for its canvas as a print.

        Half a dot an inch is forgiven: a canvas has whole pixels.
        """
        if self.canvas is None or self.dpi is None or self.least_dpi is None:
            return
        own_dpi = self.dpi / scale(shown, room(self.canvas, self.margin).size, self.fit)
        if own_dpi >= self.least_dpi - 0.5:
            return
        message = (
            f"least_dpi: this picture has {own_dpi:.0f} dots per inch on a print of that size, and {self.least_dpi:g} "
            "are wanted; send a larger picture, enlarge it by upscale_factor, or give a lower least_dpi"
        )
        raise ValidationError.of_field("least_dpi", message, round(own_dpi, 1))


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


def check_screen(finish: Finish) -> None:
    """Raise ValidationError for a halftone whose dots would be less than two pixels apart."""
    if finish.alpha == "halftone" and finish.screen_px < LEAST_SCREEN_PX:
        most = (finish.dpi or PRINT_DPI) / LEAST_SCREEN_PX
        message = f"halftone_lpi: at most half of the dots per inch, {most:g}, expected"
        raise ValidationError.of_field("halftone_lpi", message, finish.halftone_lpi)
