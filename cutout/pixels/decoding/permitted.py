"""What a picture may cost to decode, as its decoder knows it.

The decoding process (server.py) does without pydantic, which would take nearly as long to import as all the rest of it,
and a quarter of its memory.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from cutout.limits import LimitsSpec

SMALL_BYTES = 64 * 1024
"""Picture files up to this size must not cost much to decode, since they cost nothing to send."""
Permitted: TypeAlias = "LimitsSpec | Sent"


@dataclass(frozen=True, slots=True)
class Sent:
    """Of `limits` what concerns one picture, as it is sent to the decoding process; LimitsSpec describes each."""

    input_px: int
    input_side_px: int
    input_aspect: int
    memory_of_64k: int
    decode_s: float

    @staticmethod
    def of(limits: Permitted) -> "Sent":
        """Those of a service's limits."""
        return Sent(limits.input_px, limits.input_side_px, limits.input_aspect, limits.memory_of_64k, limits.decode_s)


def is_small(file_bytes: int) -> bool:
    """Whether a picture file of this size must be cheap to decode (`memory_of_64k`)."""
    return file_bytes <= SMALL_BYTES
