"""Files whose pixels are whole, and whose other parts are odd: PNG, JPEG, WebP and AVIF."""

import struct
import zlib

from PIL import Image

from tests.pictures.files import (
    END,
    RGB_ROW,
    SIGNATURE,
    chunk,
    directory,
    packed,
    png,
    rgb_png,
    saved,
    segment,
    turned,
)

CORNER = Image.new("RGB", (48, 32), (200, 30, 30))
CORNER.paste((30, 60, 200), (0, 0, 16, 16))
"""Red, with a blue corner that shows how it is turned."""
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
)
BIG = zlib.compress(b"x" * 1_200_000)


def cases() -> dict[str, bytes]:
    """Files by name."""
    return {**_png_chunks(), **_png_pixels(), **_orientations(), **_jpegs(), **_webps()}


def _png_chunks() -> dict[str, bytes]:
    bodies = {
        "zTXt of 1.2 MB": chunk(b"zTXt", b"workflow\0\0" + BIG),
        "iTXt of 1.2 MB": chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + BIG),
        "tEXt of 2 MB": chunk(b"tEXt", b"a\0" + b"x" * 2_000_000),
        "iCCP of 1.2 MB": chunk(b"iCCP", b"p\0\0" + BIG),
        "a thousand tEXt": chunk(b"tEXt", b"a\0b") * 1000,
        "an unknown chunk": chunk(b"abCd", b"x" * 100),
        "a chunk of an odd name": chunk(b"ab1d", b"x"),
        "hIST without a palette": chunk(b"hIST", b"\0\1"),
        "sPLT of nothing": chunk(b"sPLT", b""),
        "tIME of a 13th month": chunk(b"tIME", b"\x07\xe0\x0d\x20\x19\x3c\x3d"),
        "bKGD of a palette": chunk(b"bKGD", b"\0"),
        "sBIT of too many bits": chunk(b"sBIT", b"\x20\x20\x20"),
        "a palette for RGB": chunk(b"PLTE", bytes(9)),
        "acTL of no frames": chunk(b"acTL", bytes(8)),
        "eXIf that is a Python text": chunk(b"eXIf", repr(b"Exif\0\0II*\0\x08\0\0\0\0\0").encode()),
        "eXIf without a head": chunk(b"eXIf", b"\0\0\x11\0\0\1\4\0\0\0\0\0"),
        "eXIf of an endless directory": chunk(b"eXIf", b"II*\0\x08\0\0\0\xff\xff"),
        "eXIf of a wrong checksum": chunk(b"eXIf", turned(6), sound=False),
    }
    for name, least in ((b"pHYs", 9), (b"sRGB", 1), (b"cHRM", 32), (b"gAMA", 4), (b"iCCP", 3), (b"tIME", 7)):
        for length in {0, 1, least - 1, least + 1} - {least}:
            bodies[f"{name.decode()} of {length} bytes"] = chunk(name, bytes(length))
    for name in (b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"pHYs", b"sBIT", b"bKGD", b"tIME"):
        bodies[f"{name.decode()} of a wrong checksum"] = chunk(name, b"a\0\0" + zlib.compress(b"b"), sound=False)
    return {f"PNG with {name}": rgb_png(body) for name, body in bodies.items()}


def _png_pixels() -> dict[str, bytes]:
    rows = [RGB_ROW] * 2
    header = chunk(b"IHDR", struct.pack(">2I5B", 8, 2, 8, 2, 0, 0, 0))
    data = packed(rows)
    pixels = {
        "a wrong checksum": chunk(b"IDAT", data, sound=False),
        "no sum of the pixels": chunk(b"IDAT", data[:-4]),
        "more after the pixels": chunk(b"IDAT", data + b"junk"),
        "a row too many": chunk(b"IDAT", packed([*rows, RGB_ROW])),
        "an empty chunk first": chunk(b"IDAT", b"") + chunk(b"IDAT", data),
        "a byte a chunk": b"".join(chunk(b"IDAT", data[at : at + 1]) for at in range(len(data))),
    }
    files = {f"PNG with {name}": SIGNATURE + header + body + END for name, body in pixels.items()}
    whole = rgb_png()
    files["PNG without an end"] = whole[: -len(END)]
    files["PNG with an end of a wrong checksum"] = whole[:-1] + b"\0"
    files["PNG with junk behind"] = whole + b"junk" * 100
    deep = [0x12FF, 0x80FF, 0xFF00, 0x7F80, 0x0080, 0x007F]
    files["PNG of 16 bits"] = png([struct.pack(">6H", *deep)], 2, 16)
    files["PNG of 16 bits, RGBA"] = png([struct.pack(">8H", *deep[:3], 65535, *deep[3:], 65535)], 2, 16, 6)
    files["PNG of 16 bits, grey and alpha"] = png([struct.pack(">4H", 0x7F80, 65535, 0x12FF, 0x8000)], 2, 16, 4)
    return files


def _orientations() -> dict[str, bytes]:
    files = {}
    for orientation in range(10):
        for order in "<>":
            exif = turned(orientation, order)
            files[f"JPEG, {orientation} {order}"] = saved(CORNER, "JPEG", exif=b"Exif\0\0" + exif)
            files[f"PNG, {orientation} {order}"] = saved(CORNER, "PNG", exif=exif)
        files[f"WebP, {orientation}"] = saved(CORNER, "WEBP", exif=turned(orientation), quality=95)
        files[f"AVIF, {orientation}"] = saved(CORNER, "AVIF", exif=turned(orientation), quality=95)
    for kind in range(1, 13):
        for count in (1, 2):
            exif = directory((274, kind, count, struct.pack("<HH", 6, 0)))
            files[f"JPEG, a tag of type {kind}, {count}"] = saved(CORNER, "JPEG", exif=b"Exif\0\0" + exif)
            files[f"PNG, a tag of type {kind}, {count}"] = saved(CORNER, "PNG", exif=exif)
    plain = saved(CORNER, "PNG")
    at = plain.index(b"IDAT") - 4
    files["PNG, eXIf with a word before it"] = plain[:at] + chunk(b"eXIf", b"Exif\0\0" + turned(6)) + plain[at:]
    files["PNG, eXIf after the pixels"] = plain[:-12] + chunk(b"eXIf", turned(6)) + END
    files["PNG, eXIf twice"] = plain[:at] + chunk(b"eXIf", turned(3)) + chunk(b"eXIf", turned(6)) + plain[at:]
    files["JPEG, XMP"] = saved(CORNER, "JPEG", xmp=XMP)
    files["WebP, XMP"] = saved(CORNER, "WEBP", xmp=XMP, quality=95)
    files["PNG, XMP"] = plain[:at] + chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP) + plain[at:]
    return files


def _jpegs() -> dict[str, bytes]:
    whole = saved(CORNER, "JPEG", quality=95)
    scan = whole.index(b"\xff\xda")
    exif = b"Exif\0\0"
    files = {
        "two EXIF": whole[:2] + segment(0xE1, exif + turned(6)) + segment(0xE1, exif + turned(3)) + whole[2:],
        "EXIF after the frame": whole[:scan] + segment(0xE1, exif + turned(6)) + whole[scan:],
        "EXIF with an odd sixth byte": whole[:2] + segment(0xE1, b"Exif\0\xff" + turned(6)) + whole[2:],
        "EXIF that breaks off in the tag": whole[:2] + segment(0xE1, exif + turned(6)[:-6]) + whole[2:],
        "EXIF of too many entries": whole[:2]
        + segment(0xE1, exif + turned(6).replace(b"\x01\0\x12\x01", b"\xe8\x03\x12\x01", 1))
        + whole[2:],
        "EXIF of no bytes": whole[:2] + segment(0xE1, b"Exif\0\0") + whole[2:],
        "a broken JFIF": whole[:2] + segment(0xE0, b"JFIF\0") + whole[20:],
        "a broken ICC profile": whole[:2] + segment(0xE2, b"ICC_PROFILE\0\1\1none") + whole[2:],
        "an ICC profile of part 9 of 3": whole[:2] + segment(0xE2, b"ICC_PROFILE\0\x09\x03none") + whole[2:],
        "MPF without a directory": whole[:2] + segment(0xE2, b"MPF\0II*\0\xff\xff\xff\xff") + whole[2:],
        "Photoshop's resources cut": whole[:2] + segment(0xED, b"Photoshop 3.0\0008BIM\x04") + whole[2:],
        "60 kB of a comment": whole[:2] + segment(0xFE, b"x" * 60_000) + whole[2:],
        "fill bytes": whole[:2] + b"\xff\xff\xff" + whole[2:],
        "junk behind": whole + b"junk" * 100,
        "a second picture behind": whole + whole,
        "progressive": saved(CORNER, "JPEG", quality=95, progressive=True),
        "grey": saved(CORNER.convert("L"), "JPEG", quality=95),
        "CMYK": saved(CORNER.convert("CMYK"), "JPEG", quality=95),
        "4:4:4": saved(CORNER, "JPEG", quality=95, subsampling=0),
        "restarts": saved(CORNER, "JPEG", quality=95, restart_marker_blocks=1),
    }
    return {f"JPEG with {name}": data for name, data in files.items()}


def _webps() -> dict[str, bytes]:
    clear = CORNER.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(CORNER.size))
    return {
        "WebP": saved(CORNER, "WEBP", quality=95),
        "WebP, lossless": saved(CORNER, "WEBP", lossless=True),
        "WebP with alpha": saved(clear, "WEBP", lossless=True),
        "WebP with EXIF that is none": saved(CORNER, "WEBP", lossless=True, exif=b"junkjunkjunkjunk"),
        "WebP with XMP that is none": saved(CORNER, "WEBP", lossless=True, xmp=b"\xff" * 999),
        "WebP with a profile that is none": saved(CORNER, "WEBP", lossless=True, icc_profile=b"none"),
        "WebP with junk behind": saved(CORNER, "WEBP", lossless=True) + b"junk",
        "AVIF": saved(CORNER, "AVIF", quality=95),
        "AVIF, grey": saved(CORNER.convert("L"), "AVIF", quality=95),
    }
