"""The whole service: real Ray, real HTTP, real weights."""

import asyncio
import base64
import io
import itertools
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from cutout.limits import LimitsSpec
from cutout.models.registry import load_registry
from cutout.pixels.decoding.picture_file import decode
from deployments.backends import load_backend
from deployments.backends.base import Resources
from serve_app import contract
from serve_app.process.child_processes import members
from tests.cluster.conftest import ROOT, Service, readiness
from tests.cluster.killing import replicas, run_id
from tests.cluster.side_doors import asked, doors
from tests.support.patience import HANG_S, when

PHOTO = (ROOT / "tests" / "photos" / "coffee.jpg").read_bytes()
FULL = 4
"""Pictures that the replica of a provider's model in configs/ takes at a time."""


def post(service: Service, path: str, **fields: Any) -> httpx.Response:
    return service.http.post(path, json={"image": base64.b64encode(PHOTO).decode(), **fields})


def pixels(result: dict[str, Any]) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(result["image_base64"]))))


def test_a_shotgun_of_real_models(service: Service) -> None:
    """Every ready model gives a cutout whose alpha is the one its backend computes by itself, within 0.002."""
    names = ["local_u2netp", "local_isnet"]

    body = post(service, "/remove-background", include_models=names).json()

    contract.RemoveBody.model_validate(body)
    assert body["status"] == "completed"
    picture = decode(PHOTO, LimitsSpec())
    specs = load_registry(ROOT / "configs").models
    for result in body["results"]:
        backend = load_backend(specs[result["model_id"]], Resources(cpus=2))
        backend.open()
        expected = backend.matte(picture).alpha  # type: ignore[attr-defined]
        found = pixels(result)
        assert np.abs(found[..., 3].astype(float) - expected).mean() / 255 <= 0.002
        seen = found[..., 3] == 255
        assert np.array_equal(found[..., :3][seen], picture.rgb[seen])


def test_one_more_is_made_of_the_models_cutouts(service: Service) -> None:
    """`fused` starts its replica, and reaches the mattes that the models' replicas made; most pixels are theirs."""
    body = post(service, "/remove-background", include_models=["local_u2netp", "local_isnet", "fused"]).json()

    contract.RemoveBody.model_validate(body)
    *singles, fused = body["results"]
    assert (body["status"], fused["model_id"]) == ("completed", "fused")
    assert set(fused["sources"]) <= {"local_u2netp", "local_isnet"}
    alphas = np.stack([pixels(one)[..., 3].astype(int) for one in singles])
    alpha = pixels(fused)[..., 3]
    sure = (alphas > 250).all(axis=0) | (alphas < 5).all(axis=0)
    assert (np.abs(alpha - alphas[0])[sure] < 64).mean() > 0.98


def test_the_full_pipeline(service: Service) -> None:
    """/process gives each cutout enlarged, as WebP where that was asked, with the contract's fields."""
    body = post(service, "/process", bg_models=["local_u2netp"], upscale_factor=2, output_format="webp").json()

    contract.ProcessBody.model_validate(body)
    assert body["results"][0]["output_dimensions"] == {"width": 1200, "height": 800}
    assert pixels(body["results"][0]).shape == (800, 1200, 4)


def test_upscale(service: Service) -> None:
    """/upscale answers in the contract's form with a picture of the promised size."""
    body = post(service, "/upscale", scale_factor=4).json()

    contract.UpscaleBody.model_validate(body)
    assert pixels(body).shape[:2] == (1600, 2400)


def test_a_model_out_of_time(service: Service) -> None:
    """The per-model timeout gives the contract's text, and the others their pictures."""
    body = post(service, "/remove-background", include_models=["never", "local_u2netp"]).json()

    assert body["status"] == "partial"
    assert body["results"][0]["error"] == "API timeout after 0.5s"
    assert body["results"][1]["status"] == "success"


def test_a_model_scales_from_zero(service: Service) -> None:
    """BiRefNet is available and has no process until it gets a picture; then its whole path runs, on a tiny network."""

    def rests() -> bool:
        card = service.http.get("/models/local_birefnet").json()
        assert card["available"], card["reason"]
        return bool(card["at_rest"])

    asyncio.run(when(rests))  # a test before this one may have used it
    readiness(service.http, 200)
    before = replicas(run_id(service.folder), "local_birefnet")
    body = post(service, "/remove-background", include_models=["local_birefnet"]).json()

    assert (len(before), len(replicas(run_id(service.folder), "local_birefnet"))) == (0, 1)
    assert body["status"] == "completed"
    assert body["results"][0]["engine"]["weights"].startswith("sha256:")


def test_no_process_of_serve_holds_pandas(service: Service) -> None:
    """Ray Serve would import it in each of its processes: 30 MB in each."""
    held = {pid: Path(f"/proc/{pid}/maps").read_text() for pid in members(run_id(service.folder))}

    assert any("/numpy/" in maps for maps in held.values())
    assert not [pid for pid, maps in held.items() if "/pandas/" in maps]


def test_no_process_of_ray_is_kept_in_vain(service: Service) -> None:
    """Ray's log monitor, its monitor of clusters and its dashboard's server have ended; the rest of Ray works."""
    run = run_id(service.folder)

    assert members(run, "/raylet/raylet")
    assert not [pid for name in ("log_monitor.py", "monitor.py", "dashboard.py") for pid in members(run, f"/{name}")]


def test_what_is_missing_is_unavailable_with_a_reason(service: Service) -> None:
    """A model without weights is in /health and /models with the reason; `all` skips it; by name it is 503."""
    health, cards = service.http.get("/health").json(), service.http.get("/models").json()["models"]
    skipped = post(service, "/remove-background").json()["skipped"]
    by_name = post(service, "/remove-background", include_models=["absent"])

    assert health["models"]["absent"]["state"] == "unavailable"
    assert health["services"]["local_rembg"] == "loaded"
    assert [card["available"] for card in cards if card["id"] == "absent"] == [False]
    assert skipped == {"absent": health["models"]["absent"]["reason"]}
    assert by_name.status_code == 503
    assert by_name.json()["error"]["type"] == "service_unavailable"
    assert int(by_name.headers["retry-after"]) > 0
    assert "/nowhere" not in by_name.text


async def _burst(service: Service, count: int) -> list[httpx.Response]:
    wanted = {"image": base64.b64encode(PHOTO).decode(), "include_models": ["slow"]}
    async with httpx.AsyncClient(base_url=service.http.base_url, timeout=HANG_S, trust_env=False) as http:
        return await asyncio.gather(*(http.post("/remove-background", json=wanted) for _ in range(count)))


def test_a_full_queue_is_503_with_retry_after(service: Service) -> None:
    """More than a model's queue holds is refused at once, in the contract's form; nothing hangs or fails otherwise."""
    answers = asyncio.run(_burst(service, 20))

    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {200, 422, 503}
    refused = [answer for answer in answers if answer.status_code == 503]
    assert refused
    waits_s = [int(answer.headers["retry-after"]) for answer in refused]
    assert min(waits_s) >= 1  # how long is arithmetic on this machine's pace: serve_app/fanout/test_queues.py
    assert 200 in statuses


async def _hang_up(service: Service, model_id: str, callers: int) -> None:
    """So many callers, who leave when the provider has their pictures."""
    wanted = {"image": base64.b64encode(PHOTO).decode(), "include_models": [model_id]}
    script = service.runware.script
    before = len(script.seen("task"))
    async with httpx.AsyncClient(base_url=service.http.base_url, timeout=HANG_S, trust_env=False) as http:
        sent = [asyncio.create_task(http.post("/remove-background", json=wanted)) for _ in range(callers)]
        await when(lambda: len(script.seen("task")) == before + callers)
        for one in sent:
            one.cancel()
        await asyncio.wait(sent)


def test_a_client_that_hangs_up_frees_the_replica(service: Service) -> None:
    """Callers who hang up take their pictures away: the next one is served by a replica that was full of them."""
    service.runware.script.once("task", *["hang"] * FULL)

    asyncio.run(_hang_up(service, "runware_rmbg2", FULL))
    body = post(service, "/remove-background", include_models=["runware_rmbg2"]).json()

    assert body["status"] == "completed", body


def test_bad_input_over_http(service: Service) -> None:
    """Bombs, oversized bodies and unknown paths are answered in the contract's form, and the server lives on."""
    bomb = io.BytesIO()
    Image.new("1", (3000, 3000)).save(bomb, "PNG")
    answers = {
        "bomb": service.http.post("/upscale", content=bomb.getvalue(), headers={"content-type": "image/png"}),
        "large": service.http.post("/upscale", content=bytes(52_428_801), headers={"content-type": "image/png"}),
        "path": service.http.get("/nowhere"),
        "method": service.http.delete("/upscale"),
    }

    found = {name: (answer.status_code, answer.json()["error"]["type"]) for name, answer in answers.items()}

    assert found == {
        "bomb": (413, "image_too_large"),
        "large": (413, "image_too_large"),
        "path": (404, "not_found"),
        "method": (405, "method_not_allowed"),
    }
    assert service.http.get("/health").status_code == 200


def test_a_forged_address_has_no_other_budget(service: Service) -> None:
    """Without keys all callers share one budget, whatever they write, through HAProxy or straight to a replica.

    A budget of its own would have one request less than the limit left. Of as many requests as there are ports, two
    meet in one replica, and so in one count even if the ledger is late and each replica counts by itself. Requests
    of more than a minute ago leave the window meanwhile, so the numbers need not fall one by one.
    """
    ports = (service.http.base_url.port or 80, *doors(run_id(service.folder)))
    addresses = itertools.count(1)
    least = {
        port: min(
            int(asked(port, f"X-Forwarded-For: 1.2.3.{next(addresses)}, 127.0.0.1")[1]["X-RateLimit-Remaining"])
            for _ in ports
        )
        for port in ports
    }

    assert len(ports) > 1
    assert all(left <= 10_000 - 2 for left in least.values()), least
