"""PNG files that say by tRNS what is transparent, in every depth and kind."""

import struct

from tests.pictures.files import END, RGB_ROW, SIGNATURE, chunk, packed, png, samples

PALETTE = bytes([255, 0, 0, 0, 255, 0, 0, 0, 255])


def trns(*values: int) -> bytes:
    return chunk(b"tRNS", struct.pack(f">{len(values)}H", *values))


def cases() -> dict[str, bytes]:
    """Files by name."""
    files = {}
    for depth in (1, 2, 4, 8, 16):
        most = 2**depth - 1
        values = [round(most * step / 15) for step in range(16)]
        for key in sorted({0, 1, most // 3, most // 2, most - 1, most, *values[4:6]}):
            files[f"grey of {depth} bits, key {key}"] = png(
                [samples(values, depth)] * 2, 16, depth, 0, before=trns(key)
            )
    near = [(8, 7, 6), (8, 7, 5), (9, 7, 6), (8, 6, 6), (0, 0, 0), (255, 255, 255)]
    for three in near:
        row = bytes(value for colour in near for value in colour)
        files[f"RGB of 8 bits, key {three}"] = png([row], 6, before=trns(*three))
    deep = [(0, 0, 0), (1, 1, 1), (0, 0, 1), (256, 256, 256), (0x8001, 0x2002, 0x3003), (0x8002, 0x2002, 0x3003)]
    deep += [(0x8001, 0x2002, 0x3103), (65535, 65535, 65535), (65535, 65535, 65534)]
    for three in deep:
        row = samples([value for colour in deep for value in colour], 16)
        files[f"RGB of 16 bits, key {three}"] = png([row], len(deep), 16, before=trns(*three))
    rgb = {
        "5 bytes": chunk(b"tRNS", struct.pack(">3H", *RGB_ROW[:3])[:5]),
        "7 bytes": chunk(b"tRNS", struct.pack(">3H", *RGB_ROW[:3]) + b"\0"),
        "a wrong checksum": chunk(b"tRNS", struct.pack(">3H", *RGB_ROW[:3]), sound=False),
        "high bits": trns(RGB_ROW[0] + 256, *RGB_ROW[1:3]),
        "two keys": trns(*RGB_ROW[:3]) + trns(*RGB_ROW[3:6]),
    }
    files |= {f"RGB, {name}": png([RGB_ROW], 8, before=body) for name, body in rgb.items()}
    files["RGBA with a key"] = png([bytes([1, 2, 3, 255, 1, 2, 3, 128])], 2, 8, 6, before=trns(1, 2, 3))
    files["grey and alpha with a key"] = png([bytes([9, 255, 9, 128])], 2, 8, 4, before=trns(9))
    plte = chunk(b"PLTE", PALETTE)
    tables = {
        "opaque": plte,
        "some entries": plte + chunk(b"tRNS", b"\0\x80"),
        "before the palette": chunk(b"tRNS", b"\0\x80") + plte,
        "more entries than colours": plte + chunk(b"tRNS", b"\0\x80\x40\x20\x10"),
        "no entries": plte + chunk(b"tRNS", b""),
        "a wrong checksum": plte + chunk(b"tRNS", b"\0", sound=False),
        "a palette of 7 bytes": chunk(b"PLTE", PALETTE[:7]),
        "256 entries": chunk(b"PLTE", bytes(range(256)) * 3) + chunk(b"tRNS", bytes(range(256))),
    }
    for name, body in tables.items():
        files[f"palette, {name}"] = png([bytes([0, 1, 2, 3, 4, 0, 1, 255])], 8, kind=3, before=body)
    for depth in (1, 2, 4):
        row = samples([value % 2**depth for value in range(8)], depth)
        files[f"palette of {depth} bits"] = png([row], 8, depth, 3, before=plte + chunk(b"tRNS", b"\x60\x80"))
    late = SIGNATURE + chunk(b"IHDR", struct.pack(">2I5B", 8, 1, 8, 3, 0, 0, 0)) + plte
    files["palette, after the pixels"] = late + chunk(b"IDAT", packed([bytes(8)])) + chunk(b"tRNS", b"\0") + END
    return files
