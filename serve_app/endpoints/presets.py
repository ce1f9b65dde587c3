"""GET /presets: the canvases that a finish may name."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cutout.presets import PresetSpec


class PresetEndpoints:
    """The endpoint that lists canvases."""

    def __init__(self, presets: Mapping[str, PresetSpec]) -> None:
        self._presets = presets

    async def presets(self, _: Request) -> Response:
        """Sizes for shops, prints and posts, which `canvas` of a request may name."""
        listed = [{"id": preset_id, **spec.model_dump()} for preset_id, spec in self._presets.items()]
        return JSONResponse({"presets": listed})
