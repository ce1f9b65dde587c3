"""The parameters of /api/remove. Each description says what the parameter does here; docs/drop-in.md shows them."""

import json
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from cutout.pixels.plain import Colour
from serve_app.contract import Form

NO_VITMATTE = "ViTMatte is not here: soft alpha is the model's own"
NO_EXTRAS = "a model takes nothing more from a request here; what it needs is in its file in configs/models/"


def _refused(why: str) -> Any:
    def checked(given: Any) -> Any:
        if given and str(given).lower() not in ("false", "0", "off", "f", "no", "n"):
            raise ValueError(why)
        return False

    return BeforeValidator(checked)


def _no_extras(text: Any) -> None:
    try:
        if json.loads(str(text)) == {}:
            return
    except ValueError:
        pass
    raise ValueError(NO_EXTRAS)


def _colour(text: Any) -> tuple[Colour, int]:
    try:
        red, green, blue, *rest = (int(part) for part in str(text).split(","))
        (alpha,) = rest or (255,)
    except ValueError:
        raise ValueError("`red,green,blue,alpha` expected, each 0 to 255") from None
    if not all(0 <= value <= 255 for value in (red, green, blue, alpha)):
        raise ValueError("`red,green,blue,alpha` expected, each 0 to 255")
    return (red, green, blue), alpha


Text = WithJsonSchema({"type": "string"})


class RembgForm(Form):
    """The parameters that GET and POST share."""

    model: str | None = Field(
        None, description="A model of rembg's that is deployed here with the same weights; without: `drop_in.model`."
    )
    a: bool = Field(
        False,
        description="Alpha matting: this service's `refine`, with clean colours under soft alpha. Nothing with `om`, "
        "as there, nor with `ppm`, which leaves no soft alpha.",
    )
    af: int = Field(240, ge=0, le=255, description="Checked and ignored: what is uncertain is found without it.")
    ab: int = Field(10, ge=0, le=255, description="Checked and ignored, as `af`.")
    ae: int = Field(10, ge=0, description="Checked and ignored, as `af`.")
    om: bool = Field(False, description="The matte alone, a grey picture.")
    ppm: bool = Field(False, description="The matte opened, blurred and cut at one half, as there.")
    dc: bool = Field(
        False,
        description="`true`: the subject's own colours under soft alpha, refused where the model has `decontaminate: "
        "false`. `false`: the picture's.",
    )
    vm: Annotated[bool, _refused(NO_VITMATTE)] = Field(False, description="`true` is refused: no ViTMatte.")
    bgc: Annotated[tuple[Colour, int] | None, BeforeValidator(_colour), Text] = Field(
        None, description="`red,green,blue,alpha` behind the cutout, each 0 to 255; not with `om`, as there."
    )
    extras: Annotated[None, BeforeValidator(_no_extras), Text] = Field(
        None, description="All but an empty JSON object is refused."
    )


class RembgUrlForm(RembgForm):
    """GET: every parameter in the query."""

    url: str = Field(description="The picture's address: http or https, of a public host.")


class RembgFileForm(RembgForm):
    """POST: multipart; the other parameters in parts, or in the query."""

    file: Annotated[bytes, WithJsonSchema({"type": "string", "format": "binary"})] = Field(
        description="The picture as a file: PNG, JPEG, WebP, AVIF, HEIC or TIFF."
    )
