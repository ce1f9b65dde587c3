"""The fields of POST /v1.0/removebg. Each description says what the field does here; docs/drop-in.md shows them."""

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from cutout.pixels.crop import Margin
from cutout.pixels.placement import Arrangement, Region
from cutout.pixels.plain import Colour
from serve_app.contract import Form
from serve_app.dialects.remove_bg import values
from serve_app.dialects.remove_bg.values import Position

Size: TypeAlias = Literal["preview", "small", "regular", "medium", "hd", "full", "4k", "50MP", "auto"]
Subject: TypeAlias = Literal["auto", "person", "product", "car", "animal", "graphic", "transportation"]
Text = WithJsonSchema({"type": "string"})
File: TypeAlias = Annotated[bytes | None, WithJsonSchema({"type": "string", "format": "binary"})]
MOST_PX: Final[dict[Size, int]] = {
    "preview": 250_000, "small": 250_000, "regular": 250_000, "medium": 1_500_000, "hd": 4_000_000
}  # fmt: skip
"""Most pixels of a result; the other sizes do not limit it."""
NO_SHADOW = "shadows are not made here"
AS_IT_IS = "alpha stays as the model made it; only true is taken"


def _only(value: object, why: str) -> AfterValidator:
    """Accepts only the value that has no effect."""

    def checked(given: object) -> object:
        if given != value:
            raise ValueError(why)
        return given

    return AfterValidator(checked)


class RemoveBgForm(Form):
    """Of `image_file`, `image_file_b64` and `image_url`, exactly one is expected."""

    image_file: File = Field(None, description="The picture as a file: PNG, JPEG, WebP, AVIF, HEIC or TIFF.")
    image_file_b64: str | None = Field(None, description="The picture in base64, with or without a data URI before it.")
    image_url: str | None = Field(None, description="The picture's address: http or https, of a public host.")
    size: Size = Field(
        "preview",
        description="Most pixels of the result. `preview`, `small`, `regular`: 0.25 megapixels; `medium`: 1.5; `hd`: "
        "4; `full`, `4k`, `50MP`, `auto`: as many as the picture has, in PNG, too.",
    )
    type: Subject = Field(
        "auto", description="`auto`: `drop_in.model` answers. Another: the model in `drop_in.types`; without, refused."
    )
    type_level: Annotated[Literal["none", "1", "2", "latest"], BeforeValidator(str)] = Field(
        "1", description="`none`: no X-Type. Nothing is classified here: X-Type is the `type` asked for, else `other`."
    )
    format: Literal["auto", "png", "jpg", "webp", "zip"] = Field(
        "auto",
        description="`auto`: PNG where something shows through, else JPEG. `jpg` without a background: on white. "
        "`zip`: color.jpg and alpha.png.",
    )
    roi: Annotated[Region | None, BeforeValidator(values.region), Text] = Field(
        None, description="`x1 y1 x2 y2` in px or %: the model sees this part alone; around it there is no subject."
    )
    crop: bool = Field(False, description="Crop to the subject.")
    crop_margin: Annotated[Margin | None, BeforeValidator(lambda text: Margin.of(str(text))), Text] = Field(
        None,
        description="With `crop`: one, two or four of px or %, at most 500px or 50%; empty beyond the picture.",
    )
    scale: Annotated[float | None, BeforeValidator(values.scale), Text] = Field(
        None, description="`original`, or `10%` to `100%`: the subject as large as fits into that share of the canvas."
    )
    position: Annotated[Position | None, BeforeValidator(values.position), Text] = Field(
        None,
        description="`original`; `center`, the default with `scale`; or one or two of `0%` to `100%`: of the room "
        "around the subject, the share to its left and above it.",
    )
    channels: Literal["rgba", "alpha"] = Field(
        "rgba", description="`alpha`: the matte alone, a grey picture; not with a background or `zip`."
    )
    add_shadow: Annotated[bool, _only(False, NO_SHADOW)] = Field(False, description="`true` is refused.")
    shadow_type: Annotated[str, _only("none", NO_SHADOW)] = Field("none", description="All but `none` are refused.")
    shadow_opacity: Annotated[str | None, BeforeValidator(str), _only(None, NO_SHADOW)] = Field(
        None, description="Refused: there is no shadow."
    )
    semitransparency: Annotated[bool, _only(True, AS_IT_IS)] = Field(
        True, description="`true`: alpha as the model made it. `false` is refused."
    )
    bg_color: Annotated[tuple[Colour, int] | None, BeforeValidator(values.background), Text] = Field(
        None, description="3, 4, 6 or 8 hexadecimal digits, `#` before them or not, or a colour's name."
    )
    bg_image_url: str | None = Field(None, description="Address of a picture that covers the canvas, centred.")
    bg_image_file: File = Field(None, description="The same as a file.")

    def arrangement(self) -> Arrangement:
        """Where the subject is placed, and how large the result is."""
        centred = None if self.scale is None else (0.5, 0.5)
        place = centred if self.position is None else None if self.position == "original" else self.position
        return Arrangement(self.crop, self.crop_margin or Margin(), self.scale, place, MOST_PX.get(self.size))
