"""The drop-ins on the whole service: the real balancer, ledger and weights behind them."""

import io

import numpy as np
from PIL import Image

from tests.cluster.conftest import ROOT, Service

PHOTO = (ROOT / "tests" / "photos" / "coffee.jpg").read_bytes()


def test_remove_bg(service: Service) -> None:
    """A free model's cutout costs no credit, a provider's is charged; the account tells what the ceiling leaves."""
    free = service.http.post("/v1.0/removebg", files={"image_file": PHOTO}, data={"size": "auto"})
    paid = service.http.post("/v1.0/removebg", files={"image_file": PHOTO}, data={"type": "person", "crop": "true"})

    assert (free.status_code, free.headers["content-type"]) == (200, "image/png")
    assert (free.headers["X-Width"], free.headers["X-Height"]) == ("600", "400")
    assert (free.headers["X-Credits-Charged"], free.headers["X-Type"]) == ("0", "other")
    assert paid.headers["X-Credits-Charged"] == "0.0006"
    assert paid.headers["X-Foreground-Left"] == "0"
    assert service.http.get("/v1.0/account").json()["data"]["attributes"]["credits"]["total"] == 3


def test_rembg(service: Service) -> None:
    """The same weights by rembg's name for them give the matte of the free cutout above, as a grey picture."""
    matte = service.http.post("/api/remove", files={"file": PHOTO}, data={"model": "u2netp", "om": "true"})
    cutout = service.http.post("/v1.0/removebg", files={"image_file": PHOTO}, data={"size": "auto"})

    alpha = np.asarray(Image.open(io.BytesIO(matte.content)))
    assert alpha.shape == (400, 600)
    np.testing.assert_array_equal(alpha, np.asarray(Image.open(io.BytesIO(cutout.content)))[..., 3])
