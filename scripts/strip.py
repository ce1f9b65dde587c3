"""python -m scripts.strip [SERVER]: docs/strip.jpg, details of photographs above those of their cutouts by `fused`."""

import base64
import io
import sys
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

DETAILS = {"astronaut.jpg": (110, 0, 400, 200), "chelsea.jpg": (165, 0, 451, 197), "coffee.jpg": (60, 0, 580, 359)}
"""The part of each photograph that is shown: left, top, right, bottom."""
FOLDER, STRIP = Path("tests/photos"), Path("docs/strip.jpg")
SIZE, GAP_PX, SQUARE_PX = (420, 290), 6, 12


def main(server: str = "http://localhost:8000") -> None:
    """Write the strip."""
    width, height = SIZE[0] + GAP_PX, SIZE[1] + GAP_PX
    strip = Image.new("RGB", (len(DETAILS) * width - GAP_PX, 2 * height - GAP_PX), "white")
    for place, (name, detail) in enumerate(DETAILS.items()):
        photo = (FOLDER / name).read_bytes()
        shown = [Image.open(io.BytesIO(file)).crop(detail) for file in (photo, _fused(server, photo))]
        for row, part in enumerate(shown):
            resized = part.convert("RGBA").resize(SIZE, Image.Resampling.LANCZOS)
            strip.paste(_on_board(resized), (place * width, row * height))
    strip.save(STRIP, quality=88)


def _fused(server: str, photo: bytes) -> bytes:
    asked = {"image": base64.b64encode(photo).decode(), "include_models": ["fused"]}
    answer = httpx.post(f"{server}/remove-background", json=asked, timeout=300).raise_for_status().json()
    return base64.b64decode(next(one["image_base64"] for one in answer["results"] if one["model_id"] == "fused"))


def _on_board(cutout: Image.Image) -> Image.Image:
    y, x = np.mgrid[: cutout.height, : cutout.width] // SQUARE_PX
    board = Image.fromarray(np.where((x + y) % 2, 255, 226).astype(np.uint8)).convert("RGB")
    board.paste(cutout, mask=cutout.getchannel("A"))
    return board


if __name__ == "__main__":
    main(*sys.argv[1:])
