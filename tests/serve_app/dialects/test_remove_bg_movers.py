"""What callers who move from remove.bg depend on: values of older versions, shadows, the CLI's ZIP, browsers' pages."""

import io
import zipfile
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from cutout.accounts.spec import AccessSpec
from cutout.models.selection import FUSED
from cutout.service import DropInSpec
from deployments.ledger import DatabaseLedger
from serve_app.app import create_app
from serve_app.dialects.remove_bg.form import RemoveBgForm
from tests.serve_app.dialects.dropped import PHOTO, SUBJECT, box_of, drop_in_registry, near, opened, seen
from tests.support.in_process import BUSY, model, shotgun

PATH = "/v1.0/removebg"


def asked(client: TestClient, **fields: Any) -> httpx.Response:
    """The answer to the photo and these fields, in full size."""
    answer: httpx.Response = client.post(PATH, files={"image_file": PHOTO}, data={"size": "full", **fields})
    assert answer.status_code == 200, answer.text
    return answer


@pytest.mark.parametrize("kind", ["product", "animal", "graphic", "transportation", "graphics", "car_part", "other"])
def test_a_type_is_a_hint(client: TestClient, kind: str) -> None:
    """A type without a model of its own is answered by `drop_in.model`, and X-Type repeats it."""
    answer = asked(client, type=kind)

    assert answer.headers["X-Type"] == kind
    assert answer.content == asked(client).content


def test_the_whole_picture_may_be_the_region(client: TestClient) -> None:
    """The Python client `removebg`, as in its repository, always sends `roi=0 0 100% 100%`, zeros without a unit."""
    assert asked(client, roi="0 0 100% 100%").content == asked(client).content


SHADOWS: list[dict[str, str]] = [
    {"add_shadow": "true", "shadow_opacity": "auto"}, {"shadow_type": "auto"}, {"shadow_type": "car"},
    {"shadow_type": "3D", "shadow_opacity": "50"},
    {"add_shadow": "false", "shadow_type": "drop"},
]  # fmt: skip


@pytest.mark.parametrize("fields", SHADOWS)
def test_a_shadow(client: TestClient, fields: dict[str, str]) -> None:
    """It is half transparent black around the subject, which stays as it was, and so does its box."""
    plain, answer = asked(client), asked(client, **fields)

    before, after = opened(plain.content), opened(answer.content)
    assert box_of(answer) == SUBJECT
    added = (after[..., 3] > 20) & (before[..., 3] == 0)
    assert added.sum() > 30
    assert after[added][:, :3].max() <= 1
    assert after[added][:, 3].max() <= 128
    assert np.abs(after[30, 30].astype(int) - before[30, 30]).max() <= 6


@pytest.mark.parametrize("fields", [{"add_shadow": "true", "shadow_type": "none"}, {"shadow_opacity": "70"}])
def test_no_shadow(client: TestClient, fields: dict[str, str]) -> None:
    """`shadow_type` takes precedence, and an opacity alone asks for none."""
    assert asked(client, **fields).content == asked(client).content


def test_opacity_of_a_shadow(client: TestClient) -> None:
    """It is that of the darkest part, in percent."""
    darkest = []
    for percent in ("20", "80"):
        after = opened(asked(client, shadow_type="drop", shadow_opacity=percent).content)
        darkest.append(int(after[opened(asked(client).content)[..., 3] == 0][:, 3].max()) / 255)

    assert darkest[0] <= 0.21
    assert 0.4 < darkest[1] <= 0.81


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("auto", ("drop", 0.5)), ("product", ("drop", 0.5)), ("person", ("ground", 0.5)), ("car", ("ground", 0.9))],
)
def test_the_shadow_of_a_type(kind: str, expected: tuple[str, float]) -> None:
    """`auto` is remove.bg's own assignment of shadows and opacities to types."""
    shadow = RemoveBgForm.model_validate({"type": kind, "shadow_type": "auto"}).shadow()

    assert shadow is not None
    assert (shadow.kind, shadow.opacity) == expected


BY_TYPE = [
    ({"type": "product"}, {"shadow_type[product]": "drop", "shadow_opacity[product]": "80"}, {"shadow_type": "drop",
                                                                                            "shadow_opacity": "80"}),
    ({"type": "product"}, {"shadow_type[car]": "car"}, {}),
    ({}, {"shadow_type[other]": "3D", "shadow_type[car]": "drop"}, {"shadow_type": "3D"}),
]  # fmt: skip


@pytest.mark.parametrize(("common", "by_type", "plain"), BY_TYPE)
def test_a_shadow_by_type(
    client: TestClient, common: dict[str, str], by_type: dict[str, str], plain: dict[str, str]
) -> None:
    """The field for the request's type holds; without a type, that for `other`; a type without one has no shadow."""
    assert asked(client, **common, **by_type).content == asked(client, **common, **plain).content


def test_without_semitransparency(client: TestClient) -> None:
    """The subject, whose alpha is 249 here, becomes opaque within its edges."""
    assert opened(asked(client).content)[30, 30, 3] == 249
    assert opened(asked(client, semitransparency="false").content)[30, 30, 3] == 255


@pytest.mark.parametrize("fields", [{}, {"shadow_type": "drop"}])
def test_the_official_command(client: TestClient, fields: dict[str, str]) -> None:
    """It asks for a ZIP and composes the PNG itself: color.jpg and, 8 bits grey, alpha.png, of one size."""
    answer = client.post(
        PATH,
        files={"image_file": ("photo.png", PHOTO, "application/octet-stream")},
        data={"size": "auto", "format": "zip", **fields},
        headers={"X-Api-Key": "anything", "User-Agent": "remove-bg-go-1.1.0"},
    )

    assert "application/zip" in answer.headers["content-type"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        files = [archive.read(name) for name in ("color.jpg", "alpha.png")]
    colours, alpha = (Image.open(io.BytesIO(file)) for file in files)
    assert (colours.format, colours.mode, alpha.format, alpha.mode) == ("JPEG", "RGB", "PNG", "L")
    assert files[1][24:26] == b"\x08\x00"  # Go's decoder makes image.Gray of these alone
    colours.putalpha(alpha)
    whole = opened(asked(client, format="png", **fields).content)
    np.testing.assert_array_equal(np.asarray(colours)[..., 3], whole[..., 3])
    if not fields:
        assert seen(np.asarray(colours)) == SUBJECT


@pytest.mark.anyio
@pytest.mark.parametrize("models", [("first", "second"), ("first", "broken")])
async def test_the_best_of_all_may_answer(tmp_path: Any, models: tuple[str, ...]) -> None:
    """With `drop_in: {model: fused}` all local models answer together, for nothing; a single cutout is given itself."""
    registry = drop_in_registry(drop_in=DropInSpec(model=FUSED))
    known = {"first": model("first"), "second": model("second"), "broken": registry.models["broken"]}
    registry = registry.model_copy(update={"models": {name: known[name] for name in models}})
    ledger = DatabaseLedger(f"sqlite:///{tmp_path}/ledger.sqlite", lease_s=60)
    await ledger.start()
    with TestClient(create_app(shotgun(registry, ledger), ledger)) as client:
        answers = [asked(client), client.post("/api/remove", files={"file": PHOTO})]
        account = client.get("/v1.0/account").json()["data"]["attributes"]["api"]
    await ledger.close()

    assert [answer.status_code for answer in answers] == [200, 200]
    assert all(near(seen(opened(answer.content)), SUBJECT, px=2) for answer in answers)
    assert (answers[0].headers["X-Credits-Charged"], account["free_calls"]) == ("0", 1_000_000)


@pytest.mark.anyio
async def test_pages_of_other_sites(tmp_path: Any) -> None:
    """Where `access.cors_origins` allows it, a page calls with its key and reads every header."""
    shop = "https://shop.example"
    ledger = DatabaseLedger(f"sqlite:///{tmp_path}/ledger.sqlite", lease_s=60)
    access = AccessSpec.model_validate({**BUSY.model_dump(), "cors_origins": [shop]})
    await ledger.start()
    with TestClient(create_app(shotgun(drop_in_registry(access=access), ledger), ledger)) as client:
        asks = {"Origin": shop, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-api-key"}
        preflight = client.options(PATH, headers=asks)
        answer = client.post(PATH, files={"image_file": PHOTO}, headers={"Origin": shop})
    await ledger.close()

    assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (200, shop)
    readable = {name.strip() for name in answer.headers["access-control-expose-headers"].split(",")}
    told = {name.title() for name in answer.headers if name.startswith("x-")}
    assert told <= {name.title() for name in readable}
    assert "X-Foreground-Top" in told
