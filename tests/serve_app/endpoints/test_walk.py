"""How many files of serve_app/ a plain request passes: as many as a reader opens to follow it."""

import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import httpx
import pytest

import serve_app
from serve_app.app import create_app
from tests.serve_app.endpoints.test_process import png
from tests.support.in_process import Memory, model, registry, shotgun

pytestmark = pytest.mark.anyio
ROOT = Path(serve_app.__file__).parent
MOST_FILES = 19
"""Behind the middleware: the handler; of requests/ read, forms, finish, accept and inputs, and three that read a
multipart body; of fanout/ the shotgun, its calls, the second stage, selection, statuses, billing and the job's end; two
that write JSON with pictures; the metrics of results. None of them only forwards. A service that keeps cutouts and has
durable jobs passes three more: later.py, which sees that this is none, the cutout cache and the picture store."""
FRONT = ("middleware/", "endpoints/endpoint.py", "requests/hosts.py", "telemetry/requests.py", "fanout/queues.py")
"""The middleware, and what only the middleware calls: who asks, how often, and whether there is room."""


async def test_a_plain_request_passes_few_files() -> None:
    """One picture as multipart, one local model, JSON: the handler's way through the code is short."""
    files = set[str]()

    def note(frame: FrameType, event: str, _: Any) -> None:
        file = Path(frame.f_code.co_filename)
        if event == "call" and file.is_relative_to(ROOT):
            files.add(str(file.relative_to(ROOT)))

    app = create_app(shotgun(registry(model("only"))), Memory())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        threading.setprofile(note)
        sys.setprofile(note)
        try:
            response = await client.post("/process", files={"image": ("a.png", png())}, data={"bg_models": "only"})
        finally:
            sys.setprofile(None)
            threading.setprofile(None)

    behind = sorted(file for file in files if not file.startswith(FRONT))
    assert response.status_code == 200
    assert "endpoints/process.py" in behind
    assert len(behind) <= MOST_FILES, behind
