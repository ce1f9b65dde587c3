"""python -m scripts.strip [SERVER] [MODEL]: docs/strip.jpg, photographs above their cutouts by a running service."""

import io
import sys
from pathlib import Path

import httpx
import numpy as np
from PIL import Image, ImageOps

PHOTOS = ("astronaut.jpg", "chelsea.jpg", "coffee.jpg")
FOLDER, STRIP = Path("tests/photos"), Path("docs/strip.jpg")
SIZE, GAP_PX, SQUARE_PX = (420, 290), 6, 12


def main(server: str = "http://localhost:8000", model: str = "auto") -> None:
    """Write the strip."""
    width, height = SIZE[0] + GAP_PX, SIZE[1] + GAP_PX
    strip = Image.new("RGB", (len(PHOTOS) * width - GAP_PX, 2 * height - GAP_PX), "white")
    for place, name in enumerate(PHOTOS):
        photo = (FOLDER / name).read_bytes()
        fields = {"include_models": model, "refine": "true"}
        answer = httpx.post(
            f"{server}/remove-background",
            files={"image": photo},
            data=fields,
            headers={"Accept": "image/png"},
            timeout=300,
        )
        cutout = Image.open(io.BytesIO(answer.raise_for_status().content)).convert("RGBA")
        strip.paste(_fitted(Image.open(io.BytesIO(photo)).convert("RGB")), (place * width, 0))
        strip.paste(_on_board(_fitted(cutout)), (place * width, height))
    strip.save(STRIP, quality=88)


def _fitted(picture: Image.Image) -> Image.Image:
    return ImageOps.fit(picture, SIZE, centering=(0.5, 0.0))


def _on_board(cutout: Image.Image) -> Image.Image:
    y, x = np.mgrid[: cutout.height, : cutout.width] // SQUARE_PX
    board = Image.fromarray(np.where((x + y) % 2, 255, 226).astype(np.uint8)).convert("RGB")
    board.paste(cutout, mask=cutout.getchannel("A"))
    return board


if __name__ == "__main__":
    main(*sys.argv[1:])
