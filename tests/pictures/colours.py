"""PNG files whose chunks say what their colours mean, in every rank and order of the third edition."""

import struct
import zlib

from PIL import ImageCms

from tests.pictures.files import RGB_ROW, chunk, png, rgb_png, samples

SRGB = (0.3127, 0.329, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
SPACES = {
    "sRGB": SRGB,
    "Adobe": (0.3127, 0.329, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06),
    "P3": (0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
    "BT.2020": (0.3127, 0.329, 0.708, 0.292, 0.17, 0.797, 0.131, 0.046),
    "ProPhoto": (0.3457, 0.3585, 0.7347, 0.2653, 0.1596, 0.8404, 0.0366, 0.0001),
    "nowhere": (0.0,) * 8,
    "in a line": (0.3127, 0.329, 0.6, 0.3, 0.6, 0.3, 0.15, 0.06),
    "beyond": (0.3127, 0.329, 1.4, 0.33, 0.30, 0.60, 0.15, 0.06),
}
SRGB_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def gama(gamma: float, **options: bool) -> bytes:
    return chunk(b"gAMA", struct.pack(">I", round(gamma * 100_000)), **options)


def chrm(space: str) -> bytes:
    return chunk(b"cHRM", struct.pack(">8I", *(round(value * 100_000) for value in SPACES[space])))


def cicp(primaries: int, transfer: int, matrix: int = 0, full: int = 1) -> bytes:
    return chunk(b"cICP", bytes([primaries, transfer, matrix, full]))


def iccp(profile: bytes, **options: bool) -> bytes:
    return chunk(b"iCCP", b"name\0\0" + zlib.compress(profile), **options)


def cases() -> dict[str, bytes]:
    """Files by name."""
    intent = chunk(b"sRGB", b"\0")
    files = {
        "nothing said": rgb_png(),
        "sRGB over gAMA": rgb_png(intent + gama(1.0)),
        "gAMA, then sRGB": rgb_png(gama(1.0) + intent),
        "sRGB of an unknown intent": rgb_png(chunk(b"sRGB", b"\x09") + gama(1.0)),
        "sRGB of no bytes": rgb_png(chunk(b"sRGB", b"") + gama(1.0)),
        "iCCP over gAMA": rgb_png(iccp(SRGB_PROFILE) + gama(1.0)),
        "iCCP that is none": rgb_png(chunk(b"iCCP", b"name\0\0none") + gama(1.0)),
        "iCCP of a wrong checksum": rgb_png(iccp(SRGB_PROFILE, sound=False) + gama(1.0)),
        "iCCP of no profile": rgb_png(iccp(b"x" * 400) + gama(1.0)),
        "cICP over sRGB": rgb_png(cicp(12, 13) + intent),
        "cICP over iCCP": rgb_png(iccp(SRGB_PROFILE) + cicp(12, 13)),
        "cICP of narrow range": rgb_png(cicp(12, 13, full=0)),
        "cICP too short": rgb_png(chunk(b"cICP", b"\x0c\x0d\0") + gama(1.0)),
        "cICP of unknown primaries": rgb_png(cicp(99, 13) + gama(1.0)),
        "cICP of an unknown transfer": rgb_png(cicp(1, 12) + gama(1.0)),
        "gAMA of a wrong checksum": rgb_png(gama(1.0, sound=False)),
        "gAMA after the pixels": rgb_png(after=gama(1.0)),
        "gAMA of 3 bytes": rgb_png(chunk(b"gAMA", b"\0\1\x86")),
        "gAMA of 5 bytes": rgb_png(chunk(b"gAMA", b"\0\1\x86\xa0\0")),
        "gAMA twice": rgb_png(gama(1.0) + gama(0.45455)),
        "gAMA twice, sRGB first": rgb_png(gama(0.45455) + gama(1.0)),
        "gAMA of a grey picture": png([samples(range(0, 256, 16), 8)] * 2, 16, kind=0, before=gama(1.0)),
        "gAMA of 16 bits": png([samples(range(0, 65536, 4096), 16)] * 2, 16, 16, 0, before=gama(1.0)),
        "gAMA of a palette": png([bytes([0, 1, 2, 1])], 4, kind=3, before=gama(1.0) + chunk(b"PLTE", RGB_ROW[:9])),
        "gAMA of RGBA": png(
            [b"".join(RGB_ROW[at : at + 3] + b"\xff" for at in range(0, 24, 3))], 8, 8, 6, before=gama(1.0)
        ),
        "cICP of a grey picture": png([samples(range(0, 256, 16), 8)] * 2, 16, kind=0, before=cicp(9, 16)),
        "cHRM before gAMA": rgb_png(chrm("P3") + gama(0.45455)),
        "cHRM of 31 bytes": rgb_png(chunk(b"cHRM", bytes(31)) + gama(1.0)),
        "iCCP in a grey picture": png([samples(range(0, 256, 16), 8)] * 2, 16, kind=0, before=iccp(SRGB_PROFILE)),
    }
    for gamma in (0, 0.00001, 0.1, 0.3, 0.4, 0.43, 0.44, 0.45, 0.45455, 0.47, 0.48, 0.5, 0.55556, 1, 1.8, 2.2, 10):
        files[f"gAMA {gamma}"] = rgb_png(gama(gamma))
    for space in SPACES:
        files[f"cHRM {space} alone"] = rgb_png(chrm(space))
        for gamma in (0.45455, 0.55556, 1):
            files[f"cHRM {space}, gAMA {gamma}"] = rgb_png(gama(gamma) + chrm(space))
    for primaries in (*range(14), 22, 255):
        files[f"cICP {primaries}, 13"] = rgb_png(cicp(primaries, 13))
    for transfer in (*range(20), 255):
        files[f"cICP 1, {transfer}"] = rgb_png(cicp(1, transfer))
    for primaries in (9, 12):
        for transfer in (1, 16, 18):
            files[f"cICP {primaries}, {transfer}"] = rgb_png(cicp(primaries, transfer))
    ramp = bytes(value for grey in range(256) for value in (grey,) * 3)
    for transfer in (8, 13, 16, 18):
        files[f"every grey, cICP 9, {transfer}"] = png([ramp], 256, before=cicp(9, transfer))
    return files
