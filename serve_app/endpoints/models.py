"""GET /models and GET /models/{model_id}: whether a model can be asked now, and what it costs."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cutout.errors import NotFound
from cutout.models.combination import FEWEST, NAMES, strictest
from cutout.models.selection import AUTO, CHOICES, FUSED, ModelSelection
from cutout.models.spec import LOCAL
from cutout.service import QualitySpec
from serve_app.fanout.model_calls import COMBINE_S
from serve_app.fanout.model_statuses import ModelStatuses
from serve_app.fanout.selection import estimate_usd, least_usd
from serve_app.responses.bodies import engine_body


class ModelEndpoints:
    """The endpoints that describe models."""

    def __init__(self, statuses: ModelStatuses) -> None:
        self._statuses = statuses

    async def models(self, _: Request) -> Response:
        """Every model: availability, price, licence, median time so far; and what is made of several."""
        return JSONResponse(models_body(self._statuses))

    async def model(self, request: Request) -> Response:
        """One model, `auto` or `fused` by its id; the 404 of an unknown id lists the known ones."""
        model_id = request.path_params["model_id"]
        if model_id in CHOICES:
            return JSONResponse(_combination(self._statuses, model_id))
        if model_id not in self._statuses.specs:
            message = f"No model {model_id[:64]!r}. Known: {', '.join((*self._statuses.specs, *CHOICES))}"
            raise NotFound.of_field("model_id", message, model_id)
        return JSONResponse(_card(self._statuses, model_id))


def models_body(statuses: ModelStatuses) -> dict[str, Any]:
    """Body of GET /models."""
    return {
        "models": [_card(statuses, model_id) for model_id in statuses.specs],
        "combinations": [_combination(statuses, name) for name in CHOICES],
    }


def estimate_body(
    selection: ModelSelection, statuses: ModelStatuses, quality: QualitySpec, pictures: int
) -> dict[str, Any]:
    """Body of POST /estimate, of so many pictures; what `fused` adds in time comes after the slowest model."""
    own = {FUSED: 0.0} if selection.is_fused else {}
    medians = [median for name in selection.models if (median := statuses.median_ms(name)) is not None]
    added_ms = (statuses.median_ms(FUSED) or 0.0) if own else 0.0
    return {
        "models": {name: statuses.specs[name].price_usd for name in selection.models} | own,
        "estimate_usd": estimate_usd(selection, statuses.specs, pictures),
        "least_usd": least_usd(selection, statuses.specs, quality, pictures),
        "expected_time_ms": round(max(medians) + added_ms, 1) if medians else None,
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
        "at_rest": status is not None and status.at_rest,
        "price_usd": spec.price_usd,
        "licence": spec.licence.name,
        "commercial_use": spec.licence.commercial,
        "timeout_s": spec.timeout_s,
        "median_time_ms": statuses.median_ms(model_id),
        "engine": engine_body(status.engine if status else None),
    }


def _combination(statuses: ModelStatuses, name: str) -> dict[str, Any]:
    """The card of `auto` or `fused`, by the cards of the models that it stands for where it is asked alone."""
    parts = [_card(statuses, one) for one, spec in statuses.specs.items() if name == AUTO or spec.local]
    ready = [part for part in parts if part["available"]]
    fewest = FEWEST if name == FUSED else 1
    waits = any(part["state"] == "starting" for part in parts)
    state = "ready" if len(ready) >= fewest else "starting" if waits else "unavailable"
    status, licence = statuses.status(name), strictest([statuses.specs[part["id"]].licence for part in ready or parts])
    return {
        "id": name,
        "name": NAMES[name],
        "provider": LOCAL if name == FUSED else "several",
        "available": state == "ready",
        "state": state,
        "reason": _too_few(len(ready), fewest) if state == "unavailable" else None,
        "at_rest": False,
        "price_usd": 0.0,
        "licence": licence.name,
        "commercial_use": licence.commercial,
        "timeout_s": COMBINE_S if name == FUSED else max((part["timeout_s"] for part in parts), default=0.0),
        "median_time_ms": statuses.median_ms(name) if name == FUSED else None,
        "engine": engine_body(status.engine if status else None),
        "models": [part["id"] for part in parts],
    }


def _too_few(ready: int, fewest: int) -> str:
    return f"{fewest} of its models must be available, and {ready or 'none'} {'is' if ready == 1 else 'are'}"
