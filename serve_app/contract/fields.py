"""Fields that several requests have, and the base of all of them."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, FailFast, Field, WithJsonSchema

from cutout.pixels.plain import EnlargingMethod, OutputFormat

URL_CHARS = 8192
MOST_MODELS = 100
ID_CHARS = 200
SAFE = 2**53 - 1
"""The largest integer that every JSON parser represents exactly."""


def _number(given: Any) -> Any:
    """A number written as text, for a field that takes one of several numbers."""
    try:
        return float(given) if isinstance(given, str) else given
    except ValueError:
        return given


Picture = Annotated[str | bytes | None, WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "null"}]})]
"""Base64 as text, or a file's bytes."""
Image = Annotated[
    Picture, Field(description="Base64-encoded picture, or a data URI: PNG, JPEG, WebP, AVIF, HEIC or TIFF.")
]
Url = Annotated[str, Field(max_length=URL_CHARS)]
ImageUrl = Annotated[Url | None, Field(description="http(s) address to fetch the picture from.")]
Format = Annotated[OutputFormat, Field(description="Output format; jpeg on a background only.")]
Factor = Annotated[Literal[2, 4], BeforeValidator(_number), Field(description="How many times larger on each side.")]
Method = Annotated[
    EnlargingMethod,
    Field(
        description="Lanczos3; `lanczos_sharp`: sharper, and when it is shrunk again, the picture itself; or `detail`: "
        "sharper still, by a network, which takes 7 to 25 processor seconds for each megapixel of the picture."
    ),
]
Models = Annotated[
    list[Annotated[str, Field(max_length=ID_CHARS)]],
    FailFast(),
    Field(
        min_length=1,
        max_length=MOST_MODELS,
        description="Model ids; or `all`: every available model; or `auto`: as many as needed. `fused` beside them is "
        "one more result, made of theirs; alone, of all models that run here.",
    ),
]
EVERY_MODEL: Final = ["all"]
"""Where none is named."""
Files = Annotated[list[str] | None, WithJsonSchema({"type": "array", "items": {"type": "string", "format": "binary"}})]


class Form(BaseModel):
    """A request. An unknown field is an error that names it, and numbers are finite.

    A number or a truth value may be written as text, as it must be outside JSON: `"2"`, `"true"`.
    """

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
