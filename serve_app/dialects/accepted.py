"""What an Accept header would rather have, for callers to whom a picture is the rule."""

from serve_app.requests.accept import JSON, ZIP, ranges


def prefers_json(accept: str) -> bool:
    """Whether JSON is named, and weighs more than any picture that is named, or than `*/*`.

    An equal weight is a picture's: clients that send `application/json, text/plain, */*` with everything want bytes.
    """
    weights = list(ranges(accept))
    pictures = [q for name, q in weights if name in ("*/*", ZIP) or name.startswith("image/")]
    return max((q for name, q in weights if name == JSON), default=0) > max(pictures, default=0)
