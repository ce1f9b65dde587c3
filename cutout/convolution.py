"""The convolutions of fast_image_resize, from array to array.

The library holds Python's lock while it works, so that other threads wait. Large pictures had better come in tiles:
one of 256 x 256 float32 RGBA takes about a millisecond.
"""

from typing import TypeVar

import numpy as np
from cykooz_resizer import AlphaMulDiv, CropBox, FilterType, ImageData, PixelType, ResizeAlg, ResizeOptions, Resizer
from numpy.typing import NDArray

from cutout.outcome import Size

P = TypeVar("P", np.uint8, np.float32)

_PIXEL_TYPES = {
    ("uint8", 1): PixelType.U8,
    ("uint8", 3): PixelType.U8x3,
    ("uint8", 4): PixelType.U8x4,
    ("float32", 4): PixelType.F32x4,
}


def convolved(
    pixels: NDArray[P], size: Size, kernel: FilterType, crop: CropBox | None = None, *, straight_alpha: bool = False
) -> NDArray[P]:
    """Pixels, or the part of them within `crop`, brought to another size. The result is read-only.

    Support, centre and edges of a kernel are Pillow's, and as there each row comes first, then each column. (The
    library by itself begins with the columns; for enlarging, that is up to 2.6 times slower.)

    Args:
        pixels: (H, W) or (H, W, channels), of a kind in the table above.
        size: of the result.
        kernel: what neighbours weigh.
        crop: in pixels; the kernel reaches beyond it.
        straight_alpha: for (H, W, 4) float32; colours weigh as much as their alpha, of whatever scale. Nothing is
            clipped; where alpha comes out 0, so does colour.
    """
    kind = _PIXEL_TYPES[pixels.dtype.name, 1 if pixels.ndim == 2 else pixels.shape[2]]
    image = ImageData(pixels.shape[1], pixels.shape[0], kind, pixels.tobytes())
    if straight_alpha:
        AlphaMulDiv().multiply_alpha_inplace(image)
    crop = crop or CropBox(0, 0, image.width, image.height)
    wide = ImageData(size.width, image.height, kind)
    Resizer().resize(image, wide, _options(kernel, CropBox(crop.left, 0, crop.width, image.height)))
    image = ImageData(size.width, size.height, kind)
    Resizer().resize(wide, image, _options(kernel, CropBox(0, crop.top, size.width, crop.height)))
    if straight_alpha:
        AlphaMulDiv().divide_alpha_inplace(image)
    return np.frombuffer(image.get_buffer(), pixels.dtype).reshape(size.height, size.width, *pixels.shape[2:])


def _options(kernel: FilterType, crop: CropBox) -> ResizeOptions:
    return ResizeOptions(ResizeAlg.convolution(kernel), use_alpha=False, crop_box=crop)
