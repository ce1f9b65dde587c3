"""What an Accept header would rather have."""


def prefers_json(accept: str) -> bool:
    """Whether JSON is named, and weighs more than any picture that is named, or than `*/*`.

    An equal weight is a picture's: clients that send `application/json, text/plain, */*` with everything want bytes.
    """
    json, picture = 0.0, 0.0
    for part in accept.split(","):
        media_type, _, parameters = part.partition(";")
        weight = _weight(parameters)
        match media_type.strip().lower():
            case "application/json":
                json = max(json, weight)
            case "*/*" | "application/zip":
                picture = max(picture, weight)
            case other if other.startswith("image/"):
                picture = max(picture, weight)
    return json > picture


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
