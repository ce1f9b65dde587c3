"""Whether an Accept header prefers JSON, for APIs that answer with a picture by default."""

from serve_app.requests.accept import JSON, ZIP, ranges


def prefers_json(accept: str) -> bool:
    """Whether JSON is listed with a higher weight than every picture type and `*/*` in the header.

    With equal weights a picture is preferred: clients that always send `application/json, text/plain, */*` want bytes.
    """
    weights = list(ranges(accept))
    pictures = [q for name, q in weights if name in ("*/*", ZIP) or name.startswith("image/")]
    return max((q for name, q in weights if name == JSON), default=0) > max(pictures, default=0)
