"""Pictures back, finished in the upscaler's replica, and composed again, on a real Ray."""

import io
import zipfile

import numpy as np
from PIL import Image

from tests.cluster.conftest import ROOT, Service

PHOTO = ROOT / "tests" / "photos" / "coffee.jpg"
BACK = PHOTO.with_name("rocket.jpg")


def shown(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)))


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
