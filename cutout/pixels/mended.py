"""A cutout whose matte somebody has mended by hand."""

import numpy as np

from cutout.errors import InvalidFormat
from cutout.pixels.composite import compose
from cutout.pixels.formats import png
from cutout.pixels.formats.contents import Damaged
from cutout.pixels.picture import Picture
from cutout.pixels.types import Alpha, Matte, Rgba

_DEPTH_AND_KIND_AT = slice(24, 26)
_GREY_OF_8_BITS = b"\x08\x00"


def bare_matte(file: bytes, field: str) -> bytes:
    """A PNG of the samples of a grey PNG with 8 bits each, and nothing else: a colour space would change them.

    Raises:
        InvalidFormat: another format, or other pixels; the error names `field`.
    """
    expected = f"{field}: a grey PNG of 8 bits a sample expected"
    if not file.startswith(png.SIGNATURE):
        raise InvalidFormat.of_field(field, expected)
    try:
        bare = png.contents(file).data
    except ValueError as broken:
        damaged = "it is damaged or incomplete" if isinstance(broken, Damaged) else broken
        raise InvalidFormat.of_field(field, f"{expected}: {damaged}") from broken
    if bare[_DEPTH_AND_KIND_AT] != _GREY_OF_8_BITS:
        depth, kind = bare[_DEPTH_AND_KIND_AT]
        kinds = {0: "grey", 2: "RGB", 3: "a palette", 4: "grey with alpha", 6: "RGB with alpha"}
        raise InvalidFormat.of_field(field, f"{expected}, not {kinds.get(kind, 'other pixels')} of {depth} bits")
    return bare


def mended(picture: Picture, alpha: Alpha, before: Rgba | None, clean: bool) -> Rgba:
    """(H, W, 4) straight alpha: the cutout of a picture by an alpha of (H, W), at most the picture's own.

    Where the alpha is that of (H, W, 4) `before`, the cutout that was mended, so is the colour: a model may have
    brought colours of its own. Elsewhere it is that of `compose`, with `clean`.
    """
    rgba = compose(picture, Matte(alpha), clean)
    if before is not None:
        same = rgba[..., 3] == before[..., 3]
        np.copyto(rgba.view("<u4")[..., 0], np.ascontiguousarray(before).view("<u4")[..., 0], where=same)
    return rgba
