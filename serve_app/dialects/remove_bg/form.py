"""The fields of POST /v1.0/removebg. Each description says what the field does here; docs/drop-in.md shows them."""

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BeforeValidator, Field, WithJsonSchema

from cutout.pixels.crop import Margin, Region
from cutout.pixels.finishing.placement import Arrangement
from cutout.pixels.finishing.shadow import Shadow, ShadowKind
from cutout.pixels.plain import Colour
from serve_app.contract import Form
from serve_app.dialects.remove_bg import values
from serve_app.dialects.remove_bg.subjects import Subject
from serve_app.dialects.remove_bg.values import Position

Size: TypeAlias = Literal["preview", "small", "regular", "medium", "hd", "full", "4k", "50MP", "auto"]
ShadowType: TypeAlias = Literal["none", "auto", "drop", "3D", "3d", "car"]
Text = WithJsonSchema({"type": "string"})
File: TypeAlias = Annotated[bytes | None, WithJsonSchema({"type": "string", "format": "binary"})]
MOST_PX: Final[dict[Size, int]] = {
    "preview": 250_000, "small": 250_000, "regular": 250_000, "medium": 1_500_000, "hd": 4_000_000
}  # fmt: skip
"""Most pixels of a result; the other sizes do not limit it."""
SHADOWS: Final[dict[ShadowType, ShadowKind]] = {"drop": "drop", "3D": "ground", "3d": "ground", "car": "ground"}
AUTO: Final[dict[Subject, ShadowType]] = {"car": "car", "person": "3D", "transportation": "3D"}
"""The shadow for a type with `shadow_type` `auto`, as remove.bg assigns them; for the others, `drop`."""
OPACITIES: Final[dict[Subject, int]] = {"car": 90}
"""remove.bg's own opacities by type, in percent; for the others, 50."""


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
        "auto",
        description="A hint. The model for it in `drop_in.types` answers; for `auto`, and without one, "
        "`drop_in.model`, which finds subjects of all types.",
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
    add_shadow: bool = Field(False, description="`true`: as `shadow_type` `car`, for every subject, not only for cars.")
    shadow_type: ShadowType | None = Field(
        None,
        description="`drop`: behind the outline. `car`, `3D`: on the ground below. `auto`: by `type`, as there: `car` "
        "for cars, `3D` for persons and vehicles, else `drop`. It stays on the canvas: with `crop`, give it a margin.",
    )
    shadow_opacity: Annotated[int | None, BeforeValidator(values.opacity), Text] = Field(
        None, description="Of the shadow's darkest part, `0` to `100`; `auto` and absent: 50, and 90 with `type` `car`."
    )
    semitransparency: bool = Field(
        True, description="`false`: what is partly transparent within the subject, such as a window, becomes opaque."
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

    def shadow(self) -> Shadow | None:
        """The shadow that is asked for; a `shadow_type` takes precedence over `add_shadow`."""
        kind = self.shadow_type or ("car" if self.add_shadow else "none")
        if kind == "none":
            return None
        kind = AUTO.get(self.type, "drop") if kind == "auto" else kind
        percent = OPACITIES.get(self.type, 50) if self.shadow_opacity is None else self.shadow_opacity
        return Shadow(SHADOWS[kind], percent / 100)
