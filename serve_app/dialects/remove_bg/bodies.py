"""remove.bg's bodies, as the OpenAPI document shows them."""

from serve_app.contract import Body


class RemoveBgError(Body):
    """One error of remove.bg's."""

    title: str
    detail: str
    code: str


class RemoveBgErrors(Body):
    """Every error under /v1.0/."""

    errors: list[RemoveBgError]


class RemoveBgPicture(Body):
    """A result, and the subject's box in it, in pixels."""

    result_b64: str
    foreground_top: int
    foreground_left: int
    foreground_width: int
    foreground_height: int


class RemoveBgBody(Body):
    """Answer of POST /v1.0/removebg to a caller who accepts JSON rather than a picture."""

    data: RemoveBgPicture


class AccountBody(Body):
    """Answer of GET /v1.0/account: `data.attributes` has `credits` and `api`."""

    data: dict[str, dict[str, dict[str, float | str]]]
