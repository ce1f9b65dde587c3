"""A provider's picture is decoded as a caller's is: in a process of its own, bounded in pixels, time and memory.

What a provider may answer is bounded by what it was sent: a cutout has the picture's shape, and is not much larger.
"""

import sys

from cutout.errors import ImageTooLarge, InvalidFormat
from cutout.limits import LimitsSpec
from cutout.pixels.decoding.decoder import Decoder
from cutout.pixels.formats.kind import sniff
from cutout.pixels.picture import Picture
from cutout.pixels.types import Size
from deployments.backends.wire import Parcel, Unreadable

LIMITS = LimitsSpec(memory_of_64k=sys.maxsize)
"""An empty cutout of a large picture is a small file."""
SHAPE_TOLERANCE_PX = 2
"""How far an answer's height may be from that of its width and the picture's shape: providers round differently."""
MOST_TIMES, ALWAYS_PX = 4, 4_000_000
"""How many times the pixels that were sent come back at the most; and so many always may."""


async def decoded(decoder: Decoder, reply: bytes, parcel: Parcel) -> Picture:
    """The cutout that a provider answered to a parcel.

    Raises:
        Unreadable: no picture, one without a transparency channel, of another shape, or much too large.
    """
    try:
        answer = await decoder.decode(reply, check=lambda size: _check_size(size, parcel.padded))
    except InvalidFormat as broken:
        raise Unreadable(f"a picture was expected, not {len(reply)} bytes of {sniff(reply)}") from broken
    except ImageTooLarge as large:
        raise Unreadable(large.message) from large
    if not answer.has_alpha:
        raise Unreadable(f"a picture with transparency was expected, not {sniff(reply)} without")
    return answer


def _check_size(answer: Size, sent: Size) -> None:
    if abs(answer.height - answer.width * sent.height / sent.width) > SHAPE_TOLERANCE_PX:
        shown = f"{sent.width}x{sent.height}"
        raise Unreadable(f"a picture of the shape {shown} was expected, not {answer.width}x{answer.height}")
    most = max(ALWAYS_PX, MOST_TIMES * sent.width * sent.height)
    if answer.width * answer.height > most:
        raise Unreadable(f"a picture of at most {most} pixels was expected, not {answer.width}x{answer.height}")
