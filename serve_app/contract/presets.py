"""Bodies about presets."""

from pydantic import Field

from serve_app.contract.body import Body


class PresetBody(Body):
    """A canvas."""

    id: str = Field(description="What `canvas` takes.")
    name: str
    width: int = Field(description="In pixels.")
    height: int = Field(description="In pixels.")
    dpi: float | None = Field(description="Resolution that is written to the file; null: none.")


class PresetsBody(Body):
    """Answer of GET /presets."""

    presets: list[PresetBody]
