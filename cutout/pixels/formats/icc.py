"""Embedded ICC profiles: bounded in size, number of tags and kind before a colour engine reads them.

A profile may contain programs (`mpet`) and tables for the inverse direction, and a small one can list the same element
a thousand times. Showing a picture takes the matrix and curves of its space, or its table towards the connection
space: everything else is removed.
"""

import struct

MOST_BYTES = 4 * 1024 * 1024
"""Printer profiles have 0.5 to 3 MB."""
_MOST_TAGS = 100
_CLASSES = {b"scnr", b"mntr", b"prtr", b"spac"}
_SPACES = {b"RGB ", b"GRAY", b"CMYK"}
_CONNECTIONS = {b"XYZ ", b"Lab "}
_KINDS = {
    **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC", b"kTRC"), (b"curv", b"para")),
    **dict.fromkeys((b"rXYZ", b"gXYZ", b"bXYZ", b"wtpt", b"bkpt"), (b"XYZ ",)),
    **dict.fromkeys((b"A2B0", b"A2B1", b"A2B2"), (b"mft1", b"mft2", b"mAB ")),
    b"chad": (b"sf32",),
}
"""The tags that convert pixels to colours, and their permitted types."""


def usable(profile: bytes) -> bytes | None:
    """The profile reduced to the tags that are needed; None for anything but a profile of pictures."""
    if not 132 <= len(profile) <= MOST_BYTES or profile[36:40] != b"acsp":
        return None
    kind, space, connection = profile[12:16], profile[16:20], profile[20:24]
    if kind not in _CLASSES or space not in _SPACES or connection not in _CONNECTIONS:
        return None
    (count,) = struct.unpack_from(">I", profile, 128)
    if count > _MOST_TAGS or len(profile) < 132 + 12 * count:
        return None
    tags = [struct.unpack_from(">4sII", profile, 132 + 12 * index) for index in range(count)]
    kept = [
        tag for tag in tags if profile[tag[1] : tag[1] + 4] in _KINDS.get(tag[0], ()) and sum(tag[1:]) <= len(profile)
    ]
    table = struct.pack(">I", len(kept)) + b"".join(struct.pack(">4sII", *tag) for tag in kept)
    return profile[:128] + table + bytes(12 * (count - len(kept))) + profile[132 + 12 * count :]
