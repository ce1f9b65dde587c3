"""The finish of a cutout: crop, mask, background. No model is needed to change it."""

from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageColor

from cutout.errors import ValidationError
from cutout.pixels.crop import Margin, cropped, largest, subject_box
from cutout.pixels.picture import Picture
from cutout.pixels.plain import Box, Colour, OutputFormat, OutputType, Size
from cutout.pixels.types import Alpha, Rgb, Rgba

STRIP_BYTES = 256 * 1024
"""Bytes of pixels composited at a time: a strip and its sums fit the processor's cache."""


@dataclass(frozen=True, slots=True)
class Finish:
    """How a result looks, apart from its file format; by default, the cutout as the model made it."""

    output_type: OutputType = "cutout"
    background: Colour | Picture | None = None
    """Behind the cutout. A picture is scaled to cover the result, centred; its transparent parts become white."""
    crop: bool = False
    """Crop to the subject's box and `margin`; a cutout without a subject stays whole."""
    margin: Margin = field(default_factory=Margin)

    @property
    def is_plain(self) -> bool:
        """Whether the finish changes nothing."""
        return self.output_type == "cutout" and self.background is None and not self.crop

    def largest(self, size: Size) -> Size:
        """The largest possible result for a cutout of that size."""
        return largest(self.margin, size) if self.crop else size


@dataclass(frozen=True, slots=True)
class Finished:
    """A cutout with its finish."""

    pixels: Rgba | Rgb | Alpha
    """(h, w, 4); (h, w, 3) on a background; (h, w) for a mask."""
    mask: Alpha | None
    """(h, w), when both cutout and mask were requested."""
    box: Box | None
    """The subject within `pixels`; None: nothing was found."""
    frame: Box | None
    """The part of the whole cutout that `pixels` show, in its pixels; None: all of it."""


def finished(rgba: Rgba, finish: Finish) -> Finished:
    """Apply a finish to an (H, W, 4) cutout of straight alpha. Only a background picture is scaled."""
    return finished_around(rgba, finish, subject_box(rgba[..., 3]))


def finished_around(rgba: Rgba, finish: Finish, box: Box | None) -> Finished:
    """As `finished`, for a cutout whose subject's box is known."""
    frame = finish.margin.around(box) if finish.crop and box else None
    if frame and box:
        rgba = cropped(rgba, frame)
        box = Box(box.left - frame.left, box.top - frame.top, box.width, box.height)
    mask = None if finish.output_type == "cutout" else np.ascontiguousarray(rgba[..., 3])
    if finish.output_type == "mask" and mask is not None:
        return Finished(mask, None, box, frame)
    pixels = rgba if finish.background is None else on_background(rgba, finish.background)
    return Finished(pixels, mask, box, frame)


def on_background(rgba: Rgba, background: Colour | Picture) -> Rgb:
    """(H, W, 3): `(colour * alpha + background * (255 - alpha)) / 255`, rounded, of an (H, W, 4) cutout."""
    height, width = rgba.shape[:2]
    behind = (
        covering(background.on_white(), Size(width, height))
        if isinstance(background, Picture)
        else np.broadcast_to(np.array(background, np.uint8), (height, width, 3))
    )
    laid = np.empty((height, width, 3), np.uint8)
    rows = max(1, STRIP_BYTES // (width * 4))
    for top in range(0, height, rows):
        strip = slice(top, top + rows)
        alpha = rgba[strip, :, 3].astype(np.uint16)
        clear = 255 - alpha
        for channel in range(3):  # channel by channel: three times faster than broadcasting alpha
            sums = rgba[strip, :, channel] * alpha
            sums += behind[strip, :, channel] * clear
            sums += 128
            laid[strip, :, channel] = (sums + (sums >> 8)) >> 8  # divided by 255 and rounded, exactly
    return laid


def covering(rgb: Rgb, size: Size) -> Rgb:
    """(size.height, size.width, 3): the centre of an (H, W, 3) picture, scaled so that it just covers that size.

    As `PIL.ImageOps.fit`, but the crop is rounded to whole pixels, and nothing outside it counts.
    """
    height, width = rgb.shape[:2]
    scale = min(width / size.width, height / size.height)
    wide = min(width, max(1, round(size.width * scale)))
    high = min(height, max(1, round(size.height * scale)))
    left, top = (width - wide) // 2, (height - high) // 2
    centre = Image.fromarray(rgb[top : top + high, left : left + wide])
    return np.asarray(centre.resize((size.width, size.height), Image.Resampling.LANCZOS))


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
