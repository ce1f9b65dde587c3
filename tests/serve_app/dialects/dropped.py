"""What the tests of the drop-ins share: a registry, a picture whose subject is known, and how to read an answer."""

import io
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from cutout.limits import LimitsSpec
from cutout.models.registry import Registry, load_registry
from cutout.pixels.plain import Box
from cutout.service import DropInSpec, FetchSpec, ServiceSpec
from tests.support.in_process import BUSY, model

ROOT = Path(__file__).parents[3]
WIDTH, HEIGHT = 80, 60
SUBJECT = Box(left=20, top=12, width=24, height=30)
"""The subject's place in the picture."""


def drop_in_registry(**service: Any) -> Registry:
    """`first` answers; `paid` does for persons and `broken` for cars; u2netp is there under rembg's name for it."""
    u2netp = load_registry(ROOT / "configs").models["local_u2netp"]
    slow = model("slow", options={"delay_s": 0.5})
    models = (
        model("first"),
        model("paid", price_usd=0.125),
        model("broken", options={"error": "out of ink"}),
        slow,
        u2netp,
    )
    given = {
        "limits": LimitsSpec(body_bytes=200_000, input_px=1_000_000, output_px=1_000_000),
        "access": BUSY,
        "fetch": FetchSpec(allowed_hosts=("127.0.0.1",)),
        "drop_in": DropInSpec(model="first", types={"person": "paid", "car": "broken"}),
        "daily_ceiling_usd": {"local_rembg": 1.0},
    }
    return Registry(service=ServiceSpec.model_validate(given | service), models={spec.id: spec for spec in models})


def picture(box: Box = SUBJECT, size: tuple[int, int] = (WIDTH, HEIGHT)) -> np.ndarray:
    """(H, W, 3): a nearly black subject on white, which `first` finds with an alpha of 245 or so."""
    pixels = np.full((size[1], size[0], 3), 255, np.uint8)
    pixels[box.top : box.bottom, box.left : box.right] = (20, 0, 0)
    return pixels


def png(pixels: np.ndarray) -> bytes:
    """A PNG file."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


PHOTO = png(picture())


def refusal(answer: httpx.Response, status: int, code: str) -> str:
    """The detail of the one error of an answer in remove.bg's form."""
    assert answer.status_code == status, answer.text
    assert list(answer.json()) == ["errors"]
    (error,) = answer.json()["errors"]
    assert error.keys() == {"title", "detail", "code"}
    assert error["code"] == code, error
    assert error["title"]
    detail: str = error["detail"]
    return detail


def opened(content: bytes, mode: str = "RGBA") -> np.ndarray:
    """(H, W, channels) of a file, or (H, W) for mode L."""
    return np.asarray(Image.open(io.BytesIO(content)).convert(mode))


def box_of(answer: httpx.Response) -> Box:
    """The subject's box as the headers tell it."""
    top, left, width, height = (int(answer.headers[f"X-Foreground-{n}"]) for n in ("Top", "Left", "Width", "Height"))
    return Box(left, top, width, height)


def seen(pixels: np.ndarray) -> Box:
    """The box of what is at least half opaque in (H, W, 4)."""
    rows, columns = np.nonzero(pixels[..., 3] > 127)
    left, top = int(columns.min()), int(rows.min())
    return Box(left, top, int(columns.max()) + 1 - left, int(rows.max()) + 1 - top)


def near(found: Box, expected: Box, px: int = 1) -> bool:
    """Whether no edge is further off than `px`."""
    pairs = zip(
        (found.left, found.top, found.right, found.bottom),
        (expected.left, expected.top, expected.right, expected.bottom),
        strict=True,
    )
    return all(abs(a - b) <= px for a, b in pairs)
