"""Pictures back, finished in the upscaler's replica, and composed again, on a real Ray."""

import io
import zipfile

import numpy as np
from PIL import Image

from cutout.pixels.plain import Size
from cutout.pixels.resizing.resize import resize_rgb
from serve_app.process.child_processes import running
from tests.cluster.conftest import ROOT, Service
from tests.cluster.killing import replicas

PHOTO = ROOT / "tests" / "photos" / "coffee.jpg"
BACK = PHOTO.with_name("rocket.jpg")


def shown(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)))


def detailers(service: Service) -> list[int]:
    """The processes of the deployment that makes `method: detail`."""
    [run] = [running(file) for file in (service.folder / "data").glob("run-*.json")]
    assert run
    return replicas(run.run_id, "Detailer")


def test_one_picture_on_another_then_on_a_colour(service: Service) -> None:
    """A background's picture reaches the replica that lays it; another finish of the job runs no model."""
    files = {"image": PHOTO.read_bytes(), "background": BACK.read_bytes()}
    fields = {"bg_models": "local_u2netp", "upscale_factor": 2, "crop": "true", "crop_margin": "5%"}

    jpeg = service.http.post("/process", files=files, data=fields, headers={"accept": "image/jpeg"})
    path = f"/jobs/{jpeg.headers['x-job-id']}/compose"
    teal = service.http.post(path, json={"background": "#008080"}, headers={"accept": "image/avif"})
    archive = service.http.post(path, json={"output_type": "both"}, headers={"accept": "application/zip"})

    assert (jpeg.status_code, jpeg.headers["content-type"]) == (200, "image/jpeg")
    assert jpeg.headers["x-cutout-model"] == "local_u2netp"
    size = Image.open(PHOTO).size
    assert shown(teal.content).shape == (size[1] * 2, size[0] * 2, 3)
    assert np.abs(shown(teal.content)[4, 4].astype(int) - (0, 128, 128)).max() <= 12
    assert teal.headers["x-cutout-cost-usd"] == "0.000000"
    names = zipfile.ZipFile(io.BytesIO(archive.content)).namelist()
    assert sorted(names) == ["local_u2netp.mask.png", "local_u2netp.png", "results.json"]


def test_a_durable_job_with_a_background(service: Service) -> None:
    """The worker of durable jobs keeps a background until the job ends, and its result can be composed."""
    files = {"image": PHOTO.read_bytes(), "background": BACK.read_bytes()}
    headers = {"accept": "image/webp", "idempotency-key": "a finish"}

    webp = service.http.post(
        "/remove-background", files=files, data={"include_models": "local_u2netp"}, headers=headers
    )
    path = f"/jobs/{webp.headers['x-job-id']}/compose"
    mask = service.http.post(path, json={"output_type": "mask"}, headers={"accept": "image/png"})

    assert (webp.status_code, shown(webp.content).shape[2]) == (200, 3)
    assert shown(mask.content).shape == shown(webp.content).shape[:2]


def test_the_finest_detail(service: Service) -> None:
    """It wakes a deployment of its own, which has no replica before; shrunk again, the picture is the caller's."""
    small = Image.open(PHOTO).resize((120, 80))
    sent = io.BytesIO()
    small.save(sent, "PNG")
    headers = {"content-type": "image/png", "accept": "image/png"}
    before = detailers(service)

    made = service.http.post("/upscale?scale_factor=2&method=detail", content=sent.getvalue(), headers=headers)

    assert made.status_code == 200, made.text
    again = resize_rgb(shown(made.content), Size(120, 80))
    assert np.abs(again.astype(int) - np.asarray(small)).mean() <= 0.5
    assert (len(before), len(detailers(service))) == (0, 1)
