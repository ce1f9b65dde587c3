"""Lanczos3 by the library fast_image_resize, on arrays.

The library holds Python's global lock while it works: other threads wait.
"""

import numpy as np
from cykooz_resizer import FilterType, ImageData, PixelType, ResizeAlg, ResizeOptions, Resizer
from numpy.typing import NDArray

from cutout.pixels.plain import Size

_OPTIONS = ResizeOptions(ResizeAlg.convolution(FilterType.lanczos3), use_alpha=False)
_CHANNELS = {1: PixelType.U8, 3: PixelType.U8x3}


def convolved(pixels: NDArray[np.uint8], size: Size) -> NDArray[np.uint8]:
    """Pixels, (H, W) or (H, W, 3), resized; read-only.

    Support, centre and edges of the kernel are Pillow's, and as in Pillow rows are resized first, then columns. (The
    library's own order is columns first, which for enlarging is up to 2.6 times slower.)
    """
    kind = _CHANNELS[1 if pixels.ndim == 2 else pixels.shape[2]]
    image = ImageData(pixels.shape[1], pixels.shape[0], kind, pixels.tobytes())
    for width, height in ((size.width, image.height), (size.width, size.height)):
        resized = ImageData(width, height, kind)
        Resizer().resize(image, resized, _OPTIONS)
        image = resized
    return np.frombuffer(image.get_buffer(), np.uint8).reshape(size.height, size.width, *pixels.shape[2:])
