"""The limits of one request: what it may send, and what it may cost."""

import sys

from pydantic import Field, PositiveFloat, PositiveInt

from cutout.spec import MEBIBYTE, Spec


class LimitsSpec(Spec):
    """Limits of one request."""

    body_bytes: PositiveInt = Field(50 * MEBIBYTE, description="Largest picture, in bytes as uploaded.")
    input_px: PositiveInt = Field(100_000_000, description="Maximum pixels of an input, checked before decoding.")
    input_side_px: PositiveInt = Field(40_000, description="Maximum pixels of an input's longer side.")
    input_aspect: PositiveInt = Field(1_000, description="Maximum ratio of an input's longer side to its shorter side.")
    decoding_px: PositiveInt = Field(
        100_000_000,
        description="Maximum pixels that a replica decodes at a time; further pictures wait, and a larger one "
        "is decoded alone.",
    )
    decode_s: PositiveFloat = Field(
        30.0,
        description="Processor seconds to decode `input_px`; in proportion for smaller pictures, but at least 2 s; 2 s "
        "for a file of 64 KiB or less.",
    )
    memory_of_64k: PositiveInt = Field(
        200 * MEBIBYTE,
        description="Maximum memory to decode a file of 64 KiB or less, in bytes, computed from its header.",
    )
    output_px: PositiveInt = Field(200_000_000, description="Maximum pixels of an output, after the upscale.")
    output_whole_px: PositiveInt = Field(
        150_000_000,
        description="Maximum pixels of an output that is in memory as a whole before it is written: all outputs "
        "except an enlarged PNG without a finish, and JPEG from `POST /upscale`.",
    )
    detail_px: PositiveInt = Field(
        12_500_000,
        description="Maximum pixels of a picture that `method: detail` enlarges, for which it takes minutes.",
    )
    request_s: PositiveFloat = Field(300.0, description="Time limit of a request as a whole, in seconds.")
    jobs_in_hand: PositiveInt = Field(32, description="Maximum concurrent jobs of an ingress replica; above it, 503.")


OWN_FILES = LimitsSpec(
    input_px=sys.maxsize, input_side_px=sys.maxsize, input_aspect=sys.maxsize, memory_of_64k=sys.maxsize
)
"""For files that this service wrote: what they show was within its limits when they were made."""
