"""What remove.bg's callers are refused: by status, by code and by name."""

import base64
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.serve_app.dialects.dropped import PHOTO, png, refusal

PATH = "/v1.0/removebg"
LARGE = b"\x89PNG" + bytes(200_001)


FIELDS = [
    ({"roi": "1px 2px 3px"}, "invalid_roi"),
    ({"roi": "0 0 10 10"}, "invalid_roi"),
    ({"roi": "-5px 0px 10px 10px"}, "invalid_roi"),
    ({"roi": "10px 10px 10px 20px"}, "roi_region_empty"),
    ({"roi": "60% 0% 40% 100%"}, "roi_region_empty"),
    ({"roi": "0px 0px 81px 10px"}, "roi_exceeds_bounds"),
    ({"roi": "0% 0% 100% 101%"}, "roi_exceeds_bounds"),
    ({"size": "huge"}, "invalid_size"),
    ({"type": "cat"}, "invalid_type"),
    ({"type_level": "3"}, "invalid_type_level"),
    ({"format": "gif"}, "invalid_format"),
    ({"channels": "rgb"}, "invalid_channels"),
    ({"channels": "alpha", "bg_color": "red"}, "invalid_channels"),
    ({"channels": "alpha", "format": "zip"}, "invalid_channels"),
    ({"crop": "perhaps"}, "invalid_crop"),
    ({"crop_margin": "501px"}, "invalid_crop_margin"),
    ({"crop_margin": "51%"}, "invalid_crop_margin"),
    ({"crop_margin": "1px 2px 3px"}, "invalid_crop_margin"),
    ({"scale": "9%"}, "invalid_scale"),
    ({"scale": "101%"}, "invalid_scale"),
    ({"scale": "50px"}, "invalid_scale"),
    ({"position": "101%"}, "invalid_position"),
    ({"position": "left"}, "invalid_position"),
    ({"position": "1% 2% 3%"}, "invalid_position"),
    ({"bg_color": "#12345"}, "invalid_bg_color"),
    ({"bg_color": "no colour"}, "invalid_bg_color"),
    ({"add_shadow": "perhaps"}, "invalid_add_shadow"),
    ({"shadow_type": "floating"}, "invalid_shadow_type"),
    ({"shadow_opacity": "101"}, "invalid_shadow_opacity"),
    ({"shadow_type[cat]": "drop"}, "invalid_shadow_type"),
    ({"shadow_type[other]": "tall"}, "invalid_shadow_type"),
    ({"shadow_type[car]": "drop", "shadow_type": "drop"}, "invalid_shadow_type"),
    ({"semitransparency": "half"}, "invalid_semitransparency"),
]


@pytest.mark.parametrize(("fields", "code"), FIELDS)
def test_a_field_is_refused_by_its_name(client: TestClient, fields: dict[str, str], code: str) -> None:
    """Each value that is wrong, or asks for what is not done here, is 400 with the field's own code and name."""
    detail = refusal(client.post(PATH, files={"image_file": PHOTO}, data=fields), 400, code)

    assert code.split("_", maxsplit=1)[0] in ("invalid", "roi")
    assert code.removeprefix("invalid_").split("_")[0] in detail


@pytest.mark.parametrize(
    "fields",
    [{"add_shadow": "false"}, {"shadow_type": "none"}, {"semitransparency": "true"}, {"type": "auto"}, {"roi": ""}],
)
def test_asking_for_nothing_is_taken(client: TestClient, fields: dict[str, str]) -> None:
    """A value that changes nothing is accepted, and so is an empty one."""
    assert client.post(PATH, files={"image_file": PHOTO}, data=fields).status_code == 200


@pytest.mark.parametrize("name", ["shadow_method", "image_base64", "Size", "model"])
def test_an_unknown_field_is_refused_by_its_name(client: TestClient, name: str) -> None:
    """What the dialect does not have is not overlooked."""
    answer = client.post(PATH, files={"image_file": PHOTO}, data={name: "x"})

    assert refusal(answer, 400, "invalid_request").startswith(name)


B64 = base64.b64encode(PHOTO).decode()
SOURCES: list[tuple[dict[str, Any], str]] = [
    ({"json": {}}, "missing_source"),
    ({"json": {"image_url": "", "image_file_b64": None}}, "missing_source"),
    ({"json": {"image_url": "https://example.com/a.png", "image_file_b64": B64}}, "multiple_sources"),
    ({"files": {"image_file": PHOTO}, "data": {"image_file_b64": B64}}, "multiple_sources"),
    ({"json": {"image_file_b64": B64, "bg_color": "red", "bg_image_url": "http://a.b/"}}, "multiple_bg_sources"),
    (
        {"files": {"image_file": PHOTO, "bg_image_file": PHOTO}, "data": {"bg_color": "red"}},
        "multiple_bg_sources",
    ),
    ({"json": {"image_file_b64": "no base64!"}}, "invalid_image_file_b64"),
    ({"json": {"image_file_b64": 5}}, "invalid_image_file_b64"),
    ({"json": {"image_file": "text"}}, "invalid_image_file"),
    ({"data": {"image_file": "text"}}, "invalid_image_file"),
    ({"json": {"image_url": "file:///etc/passwd"}}, "invalid_image_url"),
    ({"json": {"image_file_b64": B64, "bg_image_url": "nowhere"}}, "invalid_bg_image_url"),
    ({"json": {"image_url": "http://10.0.0.1/a.png"}}, "failed_image_download"),
    ({"json": {"image_file_b64": B64, "bg_image_url": "http://10.0.0.1/a.png"}}, "failed_bg_download"),
    ({"files": {"image_file": b""}}, "failed_to_read_image"),
    ({"files": {"image_file": PHOTO[:60]}}, "failed_to_read_image"),
    ({"files": {"image_file": b"GIF89a....."}}, "invalid_file_type"),
    ({"files": {"image_file": PHOTO, "bg_image_file": b"GIF89a....."}}, "invalid_bg_image_file"),
    ({"files": {"image_file": LARGE}}, "file_too_large"),
    ({"files": {"image_file": PHOTO, "bg_image_file": LARGE}}, "file_too_large"),
    ({"json": {"image_file_b64": base64.b64encode(LARGE).decode()}}, "file_too_large"),
    ({"files": {"image_file": png(np.zeros((1001, 1000, 3), np.uint8))}}, "resolution_too_high"),
    ({"files": {"image_file": png(np.zeros((800, 800, 3), np.uint8))},
      "data": {"crop": "1", "crop_margin": "50%"}}, "resolution_too_high"),
    ({"files": {"image_file": png(np.full((60, 80, 3), 255, np.uint8))}}, "unknown_foreground"),
    ({"files": {"picture": PHOTO}}, "invalid_request"),
    ({"json": [PATH]}, "invalid_request"),
    ({"content": b"{", "headers": {"content-type": "application/json"}}, "invalid_request"),
    ({"content": b"\xff=1", "headers": {"content-type": "application/x-www-form-urlencoded"}}, "invalid_request"),
    ({"content": b"size=full&size=hd", "headers": {"content-type": "application/x-www-form-urlencoded"}},
     "invalid_size"),
    ({"content": b"x", "headers": {"content-type": "multipart/form-data"}}, "invalid_request"),
    ({"content": PHOTO, "headers": {"content-type": "image/png"}}, "invalid_request"),
]  # fmt: skip


@pytest.mark.parametrize(("request_", "code"), SOURCES, ids=[f"{n} {code}" for n, (_, code) in enumerate(SOURCES)])
def test_a_picture_that_cannot_be_had_is_named(client: TestClient, request_: dict[str, Any], code: str) -> None:
    """None, too many, unreadable, too large, or without a subject: 400 with remove.bg's code for it."""
    assert refusal(client.post(PATH, **request_), 400, code)


def test_a_model_that_fails_is_no_fault_of_the_picture(client: TestClient) -> None:
    """When the model breaks the answer is 500, which callers try again, and names its reason."""
    assert "out of ink" in refusal(
        client.post(PATH, files={"image_file": PHOTO}, data={"type": "car"}), 500, "internal_error"
    )


def test_other_paths_answer_in_the_same_form(client: TestClient) -> None:
    """What there is not of /v1.0 is refused as remove.bg would, and elsewhere the contract's form stays."""
    assert refusal(client.post("/v1.0/improve"), 404, "not_found")
    assert refusal(client.get(PATH), 405, "method_not_allowed")
    assert client.get("/nowhere").json().keys() == {"error"}
