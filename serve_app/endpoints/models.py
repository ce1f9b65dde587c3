"""GET /models and GET /models/{model_id}: whether a model can be asked now, and what it costs."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cutout.errors import NotFound
from cutout.models.selection import ModelSelection
from cutout.service import QualitySpec
from serve_app.fanout.model_statuses import ModelStatuses
from serve_app.fanout.selection import estimate_usd, least_usd
from serve_app.responses.bodies import engine_body


class ModelEndpoints:
    """The endpoints that describe models."""

    def __init__(self, statuses: ModelStatuses) -> None:
        self._statuses = statuses

    async def models(self, _: Request) -> Response:
        """Every model: availability, price, licence, median time so far."""
        return JSONResponse(models_body(self._statuses))

    async def model(self, request: Request) -> Response:
        """One model by its id; the 404 of an unknown id lists the known ones."""
        model_id = request.path_params["model_id"]
        if model_id not in self._statuses.specs:
            message = f"No model {model_id[:64]!r}. Known: {', '.join(self._statuses.specs)}"
            raise NotFound.of_field("model_id", message, model_id)
        return JSONResponse(_card(self._statuses, model_id))


def models_body(statuses: ModelStatuses) -> dict[str, Any]:
    """Body of GET /models."""
    return {"models": [_card(statuses, model_id) for model_id in statuses.specs]}


def estimate_body(selection: ModelSelection, statuses: ModelStatuses, quality: QualitySpec) -> dict[str, Any]:
    """Body of POST /estimate."""
    medians = [median for name in selection.models if (median := statuses.median_ms(name)) is not None]
    return {
        "models": {name: statuses.specs[name].price_usd for name in selection.models},
        "estimate_usd": estimate_usd(selection, statuses.specs),
        "least_usd": least_usd(selection, statuses.specs, quality),
        "expected_time_ms": max(medians, default=None),
        "skipped": selection.skipped,
    }


def _card(statuses: ModelStatuses, model_id: str) -> dict[str, Any]:
    spec, status = statuses.specs[model_id], statuses.status(model_id)
    return {
        "id": model_id,
        "name": spec.name,
        "provider": spec.provider,
        "available": status is not None and status.state == "ready",
        "state": "starting" if status is None else status.state,
        "reason": status.reason if status else None,
        "price_usd": spec.price_usd,
        "licence": spec.licence.name,
        "commercial_use": spec.licence.commercial,
        "timeout_s": spec.timeout_s,
        "median_time_ms": statuses.median_ms(model_id),
        "engine": engine_body(status.engine if status else None),
    }
