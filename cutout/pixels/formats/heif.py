"""AVIF and HEIC: size, colour space and pixels by libavif (in Pillow) and libheif (in pi-heif).

Both formats store the orientation in boxes of their own (`irot`, `imir`); that of EXIF is ignored, as in browsers.
"""

import io

import pi_heif
from PIL import Image, _avif

from cutout.pixels.formats import colour_space, exif, icc
from cutout.pixels.formats.contents import Colours, Contents
from cutout.pixels.formats.exif import Exif
from cutout.pixels.plain import Size

_PX_BYTES, _DEEP_PX_BYTES = 18, 28
"""Planes before and after film grain (twice as large beyond 8 bits), the decoder's RGBA, and a copy of it."""
_HIGH_BIT_DEPTH = 0x40
_THREADS = 1
"""Threads per picture; several pictures are decoded at a time."""


def avif_contents(data: bytes) -> Contents:
    """The contents of an AVIF file; raises what libavif does."""
    size, _, _, profile, metadata, orientation, _ = _avif_decoder(data).get_info()
    advice = Exif(orientation, exif.read((metadata or b"").removeprefix(b"Exif\0\0")).dpi)
    return Contents("AVIF", data, Size(*size), _px_bytes(data), advice, _colours(profile, *_code_points(data)))


def _px_bytes(data: bytes) -> int:
    """By the bit depth in the file's AV1 configuration boxes."""
    configurations = data.split(b"av1C")[1:]
    return _DEEP_PX_BYTES if any(len(box) > 2 and box[2] & _HIGH_BIT_DEPTH for box in configurations) else _PX_BYTES


def avif_image(data: bytes) -> Image.Image:
    """The first picture of an AVIF file, as stored."""
    decoder = _avif_decoder(data)
    size, _, mode, *_ = decoder.get_info()
    return Image.frombuffer(mode, size, decoder.get_frame(0)[0], "raw", mode, 0, 1)  # RGBA is not copied


def heic_contents(data: bytes) -> Contents:
    """The contents of a HEIC file's primary picture; raises what libheif does."""
    image = _heic(data)
    codes = image.info.get("nclx_profile") or {}
    points = codes.get("color_primaries", 0), codes.get("transfer_characteristics", 0)
    dpi = exif.read((image.info.get("exif") or b"").removeprefix(b"Exif\0\0")).dpi
    colours = _colours(image.info.get("icc_profile"), *points)
    return Contents("HEIF", data, Size(*image.size), _DEEP_PX_BYTES, Exif(dpi=dpi), colours)


def heic_image(data: bytes) -> Image.Image:
    """The primary picture of a HEIC file, upright."""
    image: Image.Image = _heic(data).to_pillow()
    return image


def _avif_decoder(data: bytes) -> _avif.AvifDecoder:
    return _avif.AvifDecoder(data, "auto", _THREADS)


def _heic(data: bytes) -> pi_heif.HeifImage:
    file = pi_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)
    return file[file.primary_index]


def _colours(profile: bytes | None, primaries: int, transfer: int) -> Colours:
    return icc.usable(profile or b"") or colour_space.coded(primaries, transfer)


def _code_points(data: bytes) -> tuple[int, int]:
    """Primaries and transfer of the first colour box with code points, which Pillow does not expose."""
    _, found, codes = data[: data.find(b"mdat")].partition(b"colrnclx")
    return (int.from_bytes(codes[:2], "big"), int.from_bytes(codes[2:4], "big")) if found else (0, 0)
