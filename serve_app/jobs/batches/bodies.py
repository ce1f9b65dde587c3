"""A batch's state -> its JSON: accepted, as it stands, a page of its items, and its webhook."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from cutout.errors import InternalError
from serve_app.jobs.batches.batch import BatchState
from serve_app.jobs.webhooks.attempts import Delivery
from serve_app.responses.errors import error_body
from serve_app.storage.signing import Signer

EVENTS = {"failed": "batch_failed", "cancelled": "batch_cancelled"}


def batch_url(state: BatchState, base_url: str) -> str:
    """A batch's address; `base_url` is the service's."""
    return f"{base_url}/batches/{state.order.batch_id}"


def accepted_batch(state: BatchState, base_url: str) -> dict[str, Any]:
    """Answer of 202."""
    return {
        "batch_id": state.order.batch_id,
        "status": state.phase,
        "status_url": batch_url(state, base_url),
        "items_total": len(state.items),
        "estimate_usd": state.order.estimate_usd,
    }


def batch_body(
    state: BatchState, delivery: Delivery | None, signer: Signer, base_url: str, *, after: int, limit: int
) -> dict[str, Any]:
    """Answer of GET /batches/{batch_id}: with the items that follow the one of the number `after`, at most `limit`."""
    end = after + limit
    return {
        **_summary(state),
        "status": state.phase,
        "created_at": state.order.created_at,
        "ended_at": state.ended_at,
        "max_cost_usd": state.order.max_cost_usd,
        "items": list(_items(state, signer, base_url, slice(after, end))),
        "next": end if end < len(state.items) else None,
        "results_url": _results_url(state, base_url),
        "webhook": asdict(delivery) if delivery else None,
        **_error(state),
    }


def batch_payload(state: BatchState) -> dict[str, Any]:
    """The body of a batch's webhook, without its signature."""
    base_url = state.order.base_url
    return {
        "event": EVENTS.get(state.phase, "batch_completed"),
        **_summary(state),
        "status": state.phase,
        "status_url": batch_url(state, base_url),
        "results_url": _results_url(state, base_url),
        **_error(state),
    }


def _summary(state: BatchState) -> dict[str, Any]:
    return {
        "batch_id": state.order.batch_id,
        "items_total": len(state.items),
        "counts": state.counts,
        "total_cost_usd": state.total_cost_usd,
        "estimate_usd": state.order.estimate_usd,
    }


def _items(state: BatchState, signer: Signer, base_url: str, page: slice) -> Iterator[dict[str, Any]]:
    numbered = list(enumerate(zip(state.order.items, state.items, strict=True), 1))
    for number, (item, known) in numbered[page]:
        files = state.order.files(known)
        urls = {f"{kind}_url": f"{base_url}/{signer.path(item.job_id, name)}" for kind, name in files.items()}
        yield {
            "number": number,
            "name": item.name,
            "job_id": item.job_id,
            "status": known.phase,
            "selected_model_id": known.model_id,
            "image_url": None,
            **urls,
            "cost_usd": known.cost_usd,
            **known.reason,
        }


def _results_url(state: BatchState, base_url: str) -> str:
    return f"{batch_url(state, base_url)}/results.zip"


def _error(state: BatchState) -> dict[str, Any]:
    return error_body(InternalError(state.error)) if state.error else {}
