"""Parts of the OpenAPI document that no endpoint has alone: schemas of media types, headers, keys."""

from typing import Any, Final

from serve_app.requests.accept import NDJSON, SSE

Part = dict[str, Any]
ABOUT: Final = (
    "One picture to every background remover at once: each cutout comes back with its time and price, and the best is "
    "named."
)
LICENCE: Final = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
_CUTOUTS: Final = ("Cutouts", "Remove a picture's background, and enlarge pictures.")
_JOBS: Final = ("Jobs", "Jobs that are answered later, their pictures, and other finishes of them.")
_PICKS: Final = ("Picks", "Which cutout was chosen, and how often each model is.")
_SERVICE: Final = ("Service", "Models, canvases and health.")
TAGS: Final = {
    "remove-background": _CUTOUTS, "process": _CUTOUTS, "upscale": _CUTOUTS, "estimate": _CUTOUTS,
    "jobs": _JOBS, "batches": _JOBS, "results": _JOBS, "log-selection": _PICKS, "selections": _PICKS,
    "models": _SERVICE, "presets": _SERVICE, "health": _SERVICE,
    "v1.0": ("remove.bg", "The API of remove.bg, version 1.0."), "api": ("rembg", "The API of `rembg s`."),
}  # fmt: skip
"""Group of an operation, and what it holds, by the first segment of its path."""
BINARY: Final[Part] = {"type": "string", "format": "binary"}
EVENT: Final[Part] = {
    "type": "object",
    "description": "One event: `data` is JSON, as the event's name says; with NDJSON, its fields are the line's own.",
    "properties": {"event": {"enum": ["started", "step", "finished", "failed", "summary", "error"]}},
    "required": ["event"],
}
MEDIA: Final[dict[str, Part]] = {SSE: EVENT, NDJSON: EVENT, "text/csv": {"type": "string"}}
"""Of answers that are no pictures."""
KEYS: Final[Part] = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
COUNTED: Final = (429, 503)
"""What every endpoint may answer that is not open; both say when to retry."""
DESCRIPTIONS: Final = {
    401: "No key, or one that is not known",
    429: "More requests a minute, or jobs at a time, than the caller's tier allows",
}
"""Where the status's own phrase says too little."""
REQUEST_ID: Final[Part] = {
    "X-Request-Id": {"schema": {"type": "string"}, "description": "The caller's own, or a new one."}
}
_NUMBER: Final[Part] = {"type": "integer", "minimum": 0}
BUDGET: Final[Part] = {
    "X-RateLimit-Limit": {"schema": _NUMBER, "description": "Requests a minute of the caller's tier."},
    "X-RateLimit-Remaining": {"schema": _NUMBER, "description": "How many of them are left."},
    "X-RateLimit-Reset": {"schema": _NUMBER, "description": "When all of them are available again, in Unix seconds."},
}
RETRY_AFTER: Final[Part] = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}, "description": "Seconds."}}


def _header(name: str, kind: str, description: str, required: bool) -> Part:
    return {"name": name, "in": "header", "required": required, "schema": {"type": kind}, "description": description}


WEBHOOK_HEADERS: Final = [
    _header("webhook-id", "string", "The same for each attempt.", required=True),
    _header("webhook-timestamp", "integer", "Unix time of the attempt, in seconds.", required=True),
    _header("webhook-signature", "string", "Standard Webhooks'; with a secret.", required=False),
]
