"""Decodes a provider's result as a caller's picture is decoded: in a process of its own, within bounds.

A result is bounded by what was sent: a cutout has the picture's aspect ratio, and is not much larger.
"""

import sys

from cutout.errors import ImageTooLarge, InvalidFormat
from cutout.limits import LimitsSpec
from cutout.pixels.decoding.decoder import Decoder
from cutout.pixels.formats.kind import sniff
from cutout.pixels.picture import Picture
from cutout.pixels.plain import Size
from deployments.backends.remote.parcel import Parcel
from deployments.backends.remote.reply import Unreadable

SHAPE_TOLERANCE_PX = 2
"""How far a result's height may be from that of its width and the picture's aspect: providers round differently."""
MOST_TIMES, ALWAYS_PX = 4, 4_000_000
"""A result may have this many times the pixels that were sent, or this many pixels, whichever is more."""


def result_limits(limits: LimitsSpec) -> LimitsSpec:
    """The operator's limits of an input, as they apply to a result.

    A small file may take any memory, since an empty cutout of a large picture is one; and as many pixels as every
    result may have are never too many.
    """
    return limits.model_copy(update={"memory_of_64k": sys.maxsize, "input_px": max(limits.input_px, ALWAYS_PX)})


async def decoded(decoder: Decoder, file: bytes, parcel: Parcel) -> Picture:
    """The cutout that a provider returned for a parcel.

    Raises:
        Unreadable: no picture, one without a transparency channel, of another shape, or much too large.
    """
    try:
        result = await decoder.decode(file, check=lambda size: _check_size(size, parcel.padded))
    except InvalidFormat as broken:
        raise Unreadable(f"a picture was expected, not {len(file)} bytes of {sniff(file)}") from broken
    except ImageTooLarge as large:
        raise Unreadable(large.message) from large
    if not result.has_alpha:
        raise Unreadable(f"a picture with transparency was expected, not {sniff(file)} without")
    return result


def _check_size(result: Size, sent: Size) -> None:
    if abs(result.height - result.width * sent.height / sent.width) > SHAPE_TOLERANCE_PX:
        shown = f"{sent.width}x{sent.height}"
        raise Unreadable(f"a picture of the shape {shown} was expected, not {result.width}x{result.height}")
    most = max(ALWAYS_PX, MOST_TIMES * sent.width * sent.height)
    if result.width * result.height > most:
        raise Unreadable(f"a picture of at most {most} pixels was expected, not {result.width}x{result.height}")
