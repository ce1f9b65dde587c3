"""`method: detail` in the service: by a deployment of its own, for pictures that it can do, while its caller waits."""

import asyncio
import threading
from typing import Any

import httpx
import numpy as np
import pytest

from cutout.errors import ModelUnavailable
from cutout.pixels.encoding.spec import EncodeSpec
from cutout.pixels.picture import Picture
from cutout.pixels.resizing import detail
from cutout.pixels.types import Planes
from deployments.engines import span
from deployments.upscaler import Upscaler
from tests.serve_app.endpoints.test_compose import Service, composed, http, posted, service
from tests.serve_app.endpoints.test_finish_fields import text
from tests.support.enlarging import Doubling
from tests.support.patience import HANG_S

pytestmark = pytest.mark.anyio
__all__ = ["http", "service"]
DETAIL = {"method": "detail"}
UPSCALE: dict[str, Any] = {"image": text(), "scale_factor": 2, **DETAIL}
PROCESS: dict[str, Any] = {"image": text(), "bg_models": ["first"], "upscale_factor": 2, **DETAIL}


async def test_it_is_made_by_the_detailer_alone(
    service: Service, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is enlarged so needs the detailer and no upscaler; what is not enlarged needs the upscaler."""
    monkeypatch.setattr(span, "span", lambda *_: Doubling())
    job_id = await posted(http)
    monkeypatch.setattr(service.works.shotgun.second_stage, "_upscaler", None)
    answers = [
        await http.post("/upscale", json=UPSCALE),
        await http.post("/process", json=PROCESS),
        await composed(http, job_id, upscale_factor=2, **DETAIL),
    ]
    monkeypatch.undo()
    monkeypatch.setattr(service.works.shotgun.second_stage, "_detailer", None)
    answers += [
        await composed(http, job_id, **DETAIL),
        await http.post("/upscale", json={**UPSCALE, "method": "lanczos"}),
    ]

    assert [(answer.status_code, answer.json()["status"]) for answer in answers] == [(200, "completed")] * 5


@pytest.mark.parametrize("path", ["/upscale", "/process", "/process later", "/jobs/{job_id}/compose"])
async def test_a_picture_that_is_too_large(
    service: Service, http: httpx.AsyncClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused before any work, with the most pixels for that factor, and what to use instead."""
    path, _, later = path.partition(" ")
    job_id = await posted(http)
    stage = service.works.shotgun.second_stage
    monkeypatch.setattr(stage, "_limits", stage._limits.model_copy(update={"output_whole_px": 24 * 24 * 4 - 1}))
    body = {"/upscale": UPSCALE, "/process": PROCESS}.get(path, {"upscale_factor": 2, **DETAIL})

    answer = await http.post(
        path.format(job_id=job_id), json=body, headers={"prefer": "respond-async"} if later else None
    )

    error = answer.json()["error"]
    assert (answer.status_code, error["type"]) == (413, "image_too_large")
    assert error["details"] == {"field": "method", "received": "detail"}
    assert error["message"] == (
        "detail enlarges at most 575 pixels 2 times, and the picture has 576; lanczos_sharp enlarges larger ones"
    )


async def test_without_weights(http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The picture of a caller is 503, a cutout is a failed result, and both say why."""
    why = "method: detail cannot be used: no weights for spanx2_ch48"

    def missing(*_: int) -> Any:
        raise ModelUnavailable(why)

    monkeypatch.setattr(span, "span", missing)
    upscale, process = await http.post("/upscale", json=UPSCALE), await http.post("/process", json=PROCESS)

    assert (upscale.status_code, upscale.json()["error"]["message"]) == (503, why)
    [failed] = process.json()["results"]
    assert (process.status_code, failed["error"], failed["upscale_status"]) == (503, why, "error")


class Held(Doubling):
    """A network that waits for `go` at each tile."""

    def __init__(self) -> None:
        self.calls, self.began, self.go = 0, threading.Event(), threading.Event()

    def __call__(self, planes: Planes) -> Planes:
        self.calls += 1
        self.began.set()
        assert self.go.wait(HANG_S)
        return super().__call__(planes)


async def test_nobody_waits_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """When its caller is gone, the work ends after the tile that it is at."""
    network = Held()
    monkeypatch.setattr(span, "span", lambda *_: network)
    monkeypatch.setattr(detail, "TILE_PX", 8)
    picture = Picture(np.full((64, 64, 3), 9, np.uint8))
    call = asyncio.create_task(Upscaler(EncodeSpec()).upscale_picture(picture, 2, "png", True, "detail"))
    assert await asyncio.to_thread(network.began.wait, HANG_S)
    call.cancel()
    await asyncio.wait([call])
    network.go.set()
    await asyncio.get_running_loop().shutdown_default_executor()

    assert (call.cancelled(), network.calls) == (True, 1)
