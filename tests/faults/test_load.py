"""The callers themselves: what they count as answered, refused, cut off and lost."""

import json
from collections import deque

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tests.providers.script import BrokenOff
from tests.providers.serving import Served
from tests.support import load
from tests.support.load import Load, Shot

GOOD = {"status": "completed"}
REFUSED = {"error": {"type": "service_unavailable", "message": "full"}}


def served(answers: "deque[Response]", keys: list[str | None]) -> Starlette:
    """Gives these answers, and then good ones."""

    async def answer(request: Request) -> Response:
        keys.append(request.headers.get("idempotency-key"))
        return answers.popleft() if answers else JSONResponse(GOOD)

    return Starlette(routes=[Route("/cut", answer, methods=["POST"])])


@pytest.mark.parametrize(
    ("first", "refused", "cut_off", "lost"),
    [
        (JSONResponse(GOOD), 0, 0, 0),
        (JSONResponse(REFUSED, 503, {"Retry-After": "1"}), 1, 0, 0),
        (JSONResponse(REFUSED, 503), 0, 0, 1),
        (PlainTextResponse("a proxy's own", 502), 0, 1, 0),
        (JSONResponse(REFUSED, 500, {"Retry-After": "1"}), 0, 0, 1),
        (JSONResponse({"status": "partial"}), 0, 0, 1),
        (BrokenOff(json.dumps(GOOD), headers={"content-length": str(len(json.dumps(GOOD)))}), 0, 1, 0),
    ],
)
def test_every_request_is_counted(
    first: Response, refused: int, cut_off: int, lost: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One answer of each kind, then good ones: the tally has it in its place; what was cut keeps its key."""
    monkeypatch.setattr(load, "PAUSE_S", 0.01)
    keys: list[str | None] = []
    with Served(served(deque([first]), keys)) as server:
        with Load(server.url, 1, lambda _: Shot("/cut", b""), keyed=True) as callers:
            callers.wait_answers(2)
        tally = callers.tally

    assert (tally.refused, tally.cut_off, len(tally.lost)) == (refused, cut_off, lost)
    assert tally.sent == tally.answered + tally.refused + len(tally.lost)
    assert (keys[0] == keys[1]) == bool(cut_off)
