"""The limits of one request: what it may send, and what it may cost."""

from pydantic import Field, PositiveFloat, PositiveInt

from cutout.spec import MEBIBYTE, Spec

SMALL_BYTES = 64 * 1024
"""Picture files up to this size must not cost much to decode, since they cost nothing to send."""


class LimitsSpec(Spec):
    """How much one request may bring and take."""

    body_bytes: PositiveInt = Field(50 * MEBIBYTE, description="Largest picture, in bytes as uploaded.")
    input_px: PositiveInt = Field(100_000_000, description="Most pixels of an input, known before it is decoded.")
    input_side_px: PositiveInt = Field(40_000, description="Most pixels of an input's longer side.")
    input_aspect: PositiveInt = Field(
        1_000, description="How many times its shorter side an input's longer one may be."
    )
    decoding_px: PositiveInt = Field(
        100_000_000,
        description="Most pixels that a replica decodes at a time; others wait, a larger picture until it is alone.",
    )
    decode_s: PositiveFloat = Field(
        30.0,
        description="Processor seconds to decode `input_px`; a smaller picture has its share, and 2 s at least; one of "
        "64 KiB or less has 2 s.",
    )
    memory_of_64k: PositiveInt = Field(
        200 * MEBIBYTE,
        description="Most memory, in bytes, that decoding a picture of 64 KiB or less may take, by its header.",
    )
    output_px: PositiveInt = Field(200_000_000, description="Most pixels of an output, after the upscale.")
    output_whole_px: PositiveInt = Field(
        150_000_000,
        description="Most pixels of an output that is whole in memory before it is written: all but an enlargement as "
        "a PNG without a finish, and `POST /upscale` as a JPEG.",
    )
    request_s: PositiveFloat = Field(300.0, description="Seconds after which a request is given up as a whole.")
    jobs_in_hand: PositiveInt = Field(32, description="Most jobs of an ingress replica at a time; beyond it, 503.")


def is_small(file_bytes: int) -> bool:
    """Whether a picture file of this size must be cheap to decode (`memory_of_64k`)."""
    return file_bytes <= SMALL_BYTES
