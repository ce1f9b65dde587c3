"""Pillow and libvips, as a script would use them: `python pixel_tools.py TOOL PNG FACTOR`, in the peers' environment.

Prints the milliseconds from a PNG's bytes to the larger PNG's bytes. Reading the file and first-time work are not in
them: a small picture goes the same way before.
"""

import sys
import time
from io import BytesIO
from pathlib import Path

import pyvips
from PIL import Image


def pillow(png: bytes, factor: int) -> bytes:
    """Decode, Lanczos, PNG by Pillow's defaults."""
    picture = Image.open(BytesIO(png))
    larger = picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.LANCZOS)
    written = BytesIO()
    larger.save(written, "PNG")
    return written.getvalue()


def libvips(png: bytes, factor: int) -> bytes:
    """Decode, premultiplied Lanczos on all cores, PNG by libvips's defaults."""
    picture = pyvips.Image.new_from_buffer(png, "")
    larger = picture.premultiply().resize(factor, kernel="lanczos3").unpremultiply().cast("uchar")
    written: bytes = larger.pngsave_buffer()
    return written


def main(tool: str, file: str, factor: str) -> None:
    """See the module."""
    enlarge = {"pillow": pillow, "libvips": libvips}[tool]
    small = BytesIO()
    Image.new("RGBA", (64, 64), (200, 100, 50, 128)).save(small, "PNG")
    enlarge(small.getvalue(), int(factor))
    png = Path(file).read_bytes()
    started = time.perf_counter()
    enlarge(png, int(factor))
    print((time.perf_counter() - started) * 1000)


if __name__ == "__main__":
    main(*sys.argv[1:])
