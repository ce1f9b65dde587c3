"""POST /v1.0/removebg: every field does what docs/drop-in.md says."""

import base64
import io
import zipfile
from typing import Any

import httpx
import numpy as np
import pytest
from starlette.testclient import TestClient

from cutout.pixels.plain import Box
from tests.serve_app.dialects.dropped import (
    HEIGHT,
    PHOTO,
    SUBJECT,
    WIDTH,
    box_of,
    near,
    opened,
    picture,
    png,
    seen,
)

PATH = "/v1.0/removebg"


def asked(client: TestClient, image: bytes = PHOTO, **fields: Any) -> httpx.Response:
    """The answer to a file and these fields, in full size unless they say otherwise."""
    answer: httpx.Response = client.post(PATH, files={"image_file": ("a.png", image)}, data={"size": "full", **fields})
    assert answer.status_code == 200, answer.text
    return answer


def test_a_file_becomes_a_cutout(client: TestClient) -> None:
    """The answer is a PNG, and its headers tell size, subject, type and cost; the job can be found and picked."""
    answer = asked(client)

    assert answer.headers["content-type"] == "image/png"
    assert (answer.headers["X-Width"], answer.headers["X-Height"]) == (str(WIDTH), str(HEIGHT))
    assert (answer.headers["X-Type"], answer.headers["X-Credits-Charged"]) == ("other", "0")
    pixels = opened(answer.content)
    assert box_of(answer) == seen(pixels) == SUBJECT
    assert pixels[30, 30].tolist() == [20, 0, 0, 249]
    pick = {"job_id": answer.headers["X-Job-Id"], "selected_model_id": "first"}
    assert client.post("/log-selection", json=pick).json()["status"] == "logged"


WAYS: dict[str, dict[str, Any]] = {
    "multipart": {"files": {"image_file": PHOTO}, "data": {"size": "full"}},
    "multipart, base64": {"files": {"size": (None, "full"), "image_file_b64": (None, base64.b64encode(PHOTO))}},
    "form": {"data": {"image_file_b64": base64.b64encode(PHOTO).decode(), "size": "full"}},
    "JSON": {"json": {"image_file_b64": base64.b64encode(PHOTO).decode(), "size": "full", "crop": False}},
    "data URI": {"json": {"image_file_b64": "data:;base64," + base64.b64encode(PHOTO).decode(), "size": "full"}},
    "what says nothing": {"json": {"image_file_b64": base64.b64encode(PHOTO).decode(), "size": "full", "roi": None,
                                   "image_url": "", "bg_color": ""}},
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_every_content_type_says_the_same(client: TestClient, way: str) -> None:
    """Multipart, urlencoded forms and JSON bring the same picture to the same cutout; empty fields say nothing."""
    answer = client.post(PATH, **WAYS[way])

    assert answer.status_code == 200, answer.text
    np.testing.assert_array_equal(opened(answer.content), opened(asked(client).content))


@pytest.mark.parametrize(
    ("accept", "is_json"),
    [
        ("application/json", True),
        ("application/json, */*;q=0.1", True),
        ("*/*", False),
        ("image/*", False),
        ("application/json, text/plain, */*", False),
        ("image/png, application/json;q=0.5", False),
        ("application/json;q=0", False),
        ("application/json;q=0.1, image/*;q=0.2", False),
        ("text/html", False),
    ],
)
def test_accept_chooses_between_bytes_and_json(client: TestClient, accept: str, is_json: bool) -> None:
    """JSON comes where it is preferred to a picture, with the subject's box beside it; headers are the same."""
    answer = client.post(PATH, files={"image_file": PHOTO}, headers={"Accept": accept})

    assert (answer.headers["content-type"] == "application/json") is is_json
    assert answer.headers["X-Width"] == str(WIDTH)
    if is_json:
        data = answer.json()["data"]
        assert opened(base64.b64decode(data.pop("result_b64"))).shape == (HEIGHT, WIDTH, 4)
        box = box_of(answer)
        assert data == {
            "foreground_top": box.top, "foreground_left": box.left,
            "foreground_width": box.width, "foreground_height": box.height,
        }  # fmt: skip


SIZES = {
    None: 250_000, "preview": 250_000, "small": 250_000, "regular": 250_000, "medium": 1_500_000, "hd": 4_000_000,
    "full": None, "4k": None, "50MP": None, "auto": None,
}  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
def test_size_bounds_the_results_pixels(client: TestClient, size: str | None) -> None:
    """A picture larger than its size is shrunk to it in its proportions; a smaller one is left, and so is `full`."""
    wide, high = 960, 640
    image = png(picture(Box(240, 160, 480, 320), (wide, high)))
    answer = client.post(PATH, files={"image_file": image}, data={"size": size} if size else {})

    most = SIZES[size]
    width, height = int(answer.headers["X-Width"]), int(answer.headers["X-Height"])
    if most is None or most >= wide * high:
        assert (width, height) == (wide, high)
    else:
        assert 0.98 * most < width * height <= most
        assert abs(width / height - wide / high) < 0.01
    share = width / wide
    expected = Box(round(240 * share), round(160 * share), round(480 * share), round(320 * share))
    assert near(box_of(answer), expected, px=2)
    assert opened(answer.content).shape == (height, width, 4)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({}, "image/png"),
        ({"bg_color": "fff"}, "image/jpeg"),
        ({"bg_color": "ffffff80"}, "image/png"),
        ({"format": "png", "bg_color": "fff"}, "image/png"),
        ({"format": "jpg"}, "image/jpeg"),
        ({"format": "webp"}, "image/webp"),
        ({"channels": "alpha"}, "image/png"),
        ({"channels": "alpha", "format": "jpg"}, "image/jpeg"),
        ({"channels": "alpha", "format": "webp"}, "image/webp"),
        ({"format": "zip"}, "application/zip"),
    ],
)
def test_format(client: TestClient, fields: dict[str, Any], kind: str) -> None:
    """`auto` is PNG where something shows through and JPEG elsewhere; the others are what they say."""
    answer = asked(client, **fields)

    assert answer.headers["content-type"] == kind
    if kind != "application/zip":
        assert opened(answer.content).shape == (HEIGHT, WIDTH, 4)


def test_jpg_without_a_background_is_on_white(client: TestClient) -> None:
    """What is transparent turns white in a JPEG, within 3/255."""
    pixels = opened(asked(client, format="jpg").content, "RGB")

    assert np.abs(pixels[2, 2].astype(int) - 255).max() <= 3


def test_zip_holds_colours_and_matte(client: TestClient) -> None:
    """color.jpg and alpha.png make the PNG's cutout: alpha exactly, colours within 8/255 where it is opaque."""
    with zipfile.ZipFile(io.BytesIO(asked(client, format="zip").content)) as archive:
        assert archive.namelist() == ["color.jpg", "alpha.png"]
        colour, alpha = opened(archive.read("color.jpg"), "RGB"), opened(archive.read("alpha.png"), "L")

    cutout = opened(asked(client).content)
    np.testing.assert_array_equal(alpha, cutout[..., 3])
    inside = (slice(SUBJECT.top + 8, SUBJECT.bottom - 8), slice(SUBJECT.left + 8, SUBJECT.right - 8))
    assert np.abs(colour[inside].astype(int) - cutout[..., :3][inside]).max() <= 8
    with zipfile.ZipFile(io.BytesIO(asked(client, format="zip", bg_color="blue").content)) as archive:
        assert opened(archive.read("alpha.png"), "L").min() == 255


def test_alpha_is_the_matte(client: TestClient) -> None:
    """`channels=alpha` is the cutout's alpha as a grey picture."""
    matte = opened(asked(client, channels="alpha").content, "L")

    np.testing.assert_array_equal(matte, opened(asked(client).content)[..., 3])


def test_roi_is_all_that_the_model_sees(client: TestClient) -> None:
    """Of two subjects only the one within the region is found; around it everything is transparent."""
    pixels = picture()
    pixels[10:20, 60:70] = 0

    both = seen(opened(asked(client, png(pixels)).content))
    one = asked(client, png(pixels), roi="0% 0% 60% 100%")
    other = asked(client, png(pixels), roi="55px 5px 100% 30px")

    assert both == Box(20, 10, 50, 32)
    assert box_of(one) == seen(opened(one.content)) == SUBJECT
    assert box_of(other) == seen(opened(other.content)) == Box(60, 10, 10, 10)
    assert opened(other.content).shape == (HEIGHT, WIDTH, 4)


@pytest.mark.parametrize(
    ("margin", "around"),
    [("", (0, 0, 0, 0)), ("5px", (5, 5, 5, 5)), ("10% 4px", (3, 4, 3, 4)), ("1px 2px 3px 50%", (1, 2, 3, 12))],
)
def test_crop_with_margin(client: TestClient, margin: str, around: tuple[int, int, int, int]) -> None:
    """The result is the subject's box and the margin around it, transparent beyond the picture."""
    top, right, bottom, left = around
    answer = asked(client, crop="true", crop_margin=margin)

    assert box_of(answer) == Box(left, top, SUBJECT.width, SUBJECT.height)
    size = (SUBJECT.height + top + bottom, SUBJECT.width + left + right)
    assert opened(answer.content).shape[:2] == size


def test_a_margin_without_crop_does_nothing(client: TestClient) -> None:
    """As there, crop_margin has an effect only with crop."""
    assert asked(client, crop_margin="5px").content == asked(client).content


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"position": "original"}, SUBJECT),
        ({"position": "center"}, Box(28, 15, 24, 30)),
        ({"position": "0%"}, Box(0, 0, 24, 30)),
        ({"position": "100% 0%"}, Box(56, 0, 24, 30)),
        ({"position": "50% 100%"}, Box(28, 30, 24, 30)),
        ({"scale": "original"}, SUBJECT),
        ({"scale": "100%"}, Box(16, 0, 48, 60)),
        ({"scale": "50%"}, Box(28, 15, 24, 30)),
        ({"scale": "25%"}, Box(34, 22, 12, 15)),
        ({"scale": "25%", "position": "original"}, Box(26, 20, 12, 15)),
        ({"scale": "100%", "position": "original"}, Box(8, 0, 48, 60)),
        ({"scale": "50%", "position": "100% 100%"}, Box(56, 30, 24, 30)),
        ({"scale": "100%", "crop": "true", "crop_margin": "15px"}, Box(3, 0, 48, 60)),
    ],
)
def test_scale_and_position(client: TestClient, fields: dict[str, Any], expected: Box) -> None:
    """The subject is as large as fits into its share of the canvas, and lies where it should, within 1 px."""
    answer = asked(client, **fields)

    assert near(box_of(answer), expected), box_of(answer)
    assert near(seen(opened(answer.content)), expected)


@pytest.mark.parametrize(
    ("colour", "corner"),
    [
        ("81d4fa", (0x81, 0xD4, 0xFA, 255)),
        ("#81d4fa", (0x81, 0xD4, 0xFA, 255)),
        ("0f0", (0, 255, 0, 255)),
        ("0f08", (0, 255, 0, 0x88)),
        ("81d4fa77", (0x81, 0xD4, 0xFA, 0x77)),
        ("Green", (0, 128, 0, 255)),
    ],
)
def test_bg_color(client: TestClient, colour: str, corner: tuple[int, ...]) -> None:
    """A colour lies behind the cutout, half transparent where it is; the subject lies over it."""
    pixels = opened(asked(client, bg_color=colour, format="png").content)

    assert tuple(pixels[0, 0].tolist()) == corner
    alpha = 249 / 255
    below = (1 - alpha) * corner[3] / 255
    mean = (np.array([20, 0, 0]) * alpha + np.array(corner[:3]) * below) / (alpha + below)
    assert np.abs(pixels[30, 30, :3] - mean).max() <= 1


def test_bg_image_file_covers_the_canvas(client: TestClient) -> None:
    """A background of other proportions fills the canvas from its centre; one of the same size is laid as it is."""
    stripes = np.zeros((40, 120, 3), np.uint8)
    stripes[:, :30], stripes[:, 30:90], stripes[:, 90:] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    noise = np.random.default_rng(3).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    answers = [
        client.post(PATH, files={"image_file": PHOTO, "bg_image_file": png(behind)}, data={"format": "png"})
        for behind in (stripes, noise)
    ]

    assert np.abs(opened(answers[0].content, "RGB")[30, 5].astype(int) - (0, 255, 0)).max() <= 3
    np.testing.assert_array_equal(opened(answers[1].content, "RGB")[:10], noise[:10])


@pytest.mark.parametrize(("level", "kind"), [("none", None), ("1", "person"), ("2", "person"), ("latest", "person")])
def test_type_chooses_the_model(client: TestClient, level: str, kind: str | None) -> None:
    """`type` runs the model that service.yaml names for it, which is charged; X-Type repeats it, or is absent."""
    before = credits_left(client)
    answer = asked(client, type="person", type_level=level)

    assert answer.headers.get("X-Type") == kind
    assert answer.headers["X-Credits-Charged"] == "0.125"
    assert credits_left(client) == before - 0.125


def credits_left(client: TestClient) -> float:
    total: float = client.get("/v1.0/account").json()["data"]["attributes"]["credits"]["total"]
    return total
