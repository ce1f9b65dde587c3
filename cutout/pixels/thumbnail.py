"""A small copy of a picture, for a list of pictures."""

import io

from PIL import Image

from cutout.pixels.picture import Picture

SIDE_PX = 320
_QUALITY = 80
_METHOD = 1
"""Half of the time of the default, 4, for a sixth more bytes."""


def thumbnail(picture: Picture) -> bytes:
    """A WebP of the picture, its aspect ratio kept, at most SIDE_PX on a side; a smaller one keeps its size."""
    image = Image.fromarray(picture.rgb if picture.alpha is None else picture.rgba())
    image.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS)  # RGBA is resized with premultiplied colours
    out = io.BytesIO()
    image.save(out, "WEBP", quality=_QUALITY, method=_METHOD)
    return out.getvalue()
