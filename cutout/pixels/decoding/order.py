"""What a decoder and its server process tell each other, and how much processor time a picture may take."""

import json
import os
from dataclasses import astuple, dataclass

from cutout.pixels.decoding.permitted import Permitted, Sent, is_small
from cutout.pixels.plain import Size

MOST_ORDER_BYTES = 65_536
FILES = 4
"""File descriptors sent with an order: the picture file, the file for its pixels, a socket for replies, and the read
end of a pipe that the caller closes when it no longer wants the picture."""
GO = b"g"
LEAST_CPU_S = 2
"""Processor seconds for a small picture or a small file; the kernel counts whole seconds."""


@dataclass(frozen=True, slots=True)
class Order:
    """A picture to be decoded."""

    limits: Permitted
    field: str
    """The request's field that the picture came in; errors name it."""

    def packed(self) -> bytes:
        """As it is sent."""
        return json.dumps([astuple(Sent.of(self.limits)), self.field]).encode()

    @staticmethod
    def of(packed: bytes) -> "Order":
        """The order that `packed` wrote."""
        limits, field = json.loads(packed)
        return Order(Sent(*limits), field)


def fill(file: int, data: memoryview) -> None:
    """Write all of the data, which is contiguous, to a file."""
    rest = data.cast("B")
    while rest:
        rest = rest[os.write(file, rest) :]


def cpu_s(limits: Permitted, size: Size, file_bytes: int) -> int:
    """Processor seconds that decoding a picture of this size may take."""
    if is_small(file_bytes):
        return LEAST_CPU_S
    share = size.width * size.height / limits.input_px
    return max(LEAST_CPU_S, round(limits.decode_s * share))
