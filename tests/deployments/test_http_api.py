"""The generic HTTP backend: three APIs of that kind, by their registry files alone."""

from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from cutout.errors import ConfigurationError, ProviderError
from deployments.backends import load_backend
from deployments.backends.base import Resources
from tests.providers.cutting import cutout, encoded
from tests.providers.serving import Served
from tests.support.remote_backends import KEYS, opened, picture, scene, served_http_api, spec

pytestmark = pytest.mark.anyio

DIALECTS: dict[str, dict[str, Any]] = {
    "remove.bg": {"path": "/v1.0/removebg", "image_field": "image_file", "fields": {"size": "auto", "format": "png"}},
    "remove.bg in JSON": {
        "path": "/v1.0/removebg", "body": "json", "image_field": "image_file_b64", "fields": {"size": "full"},
        "reply": "base64", "reply_field": "data.result_b64",
    },
    "Photoroom": {"path": "/v1/segment", "image_field": "image_file", "fields": {"format": "png", "crop": False}},
    "Photoroom with JSON back": {
        "path": "/v1/segment", "image_field": "image_file", "reply": "base64", "reply_field": "base64img",
    },
    "withoutBG": {"path": "/v1.0/image-without-background", "image_field": "image", "fields": {}},
}  # fmt: skip


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is set."""
    monkeypatch.setenv("PICTURE_KEY", KEYS["PICTURE_KEY"])


@pytest.mark.parametrize("name", DIALECTS)
async def test_a_dialect_is_data(name: str) -> None:
    """Each API gives its cutout, at full size and at its own price, without a line of code for it."""
    dialect = dict(DIALECTS[name])
    with served_http_api() as (fake, address):
        url = address["url"].replace("/v1.0/removebg", dialect.pop("path"))
        async with opened("http_api", **address | {"url": url, "fields": {}} | dialect) as backend:
            matte = await backend.remove(picture(800, 600))

    expected = np.asarray(cutout(encoded(Image.fromarray(scene(800, 600)))).getchannel("A"))
    assert np.array_equal(matte.alpha, expected)
    assert matte.cost_usd == 0.01
    told = fake.script.calls[0].facts["fields"]
    assert {field: str(value).lower() for field, value in told.items()} == {
        field: str(value).lower() for field, value in dialect.get("fields", {}).items()
    }


async def test_a_preview_is_put_on_the_original_and_said() -> None:
    """An API that answers smaller than it was asked gives a matte of the picture's size, and what it charged."""
    with served_http_api() as (_, address):
        async with opened("http_api", **address | {"fields": {}}) as backend:
            matte = await backend.remove(picture(1000, 800))

    assert matte.alpha.shape == (800, 1000)
    assert "The provider saw the picture at 559x447 px" in str(matte.note)
    assert matte.cost_usd == pytest.approx(0.0025)


@pytest.mark.parametrize("behaviour", ["no_field", "good"])
async def test_json_without_the_picture_is_named(behaviour: str) -> None:
    """A reply whose field is missing or holds no base64 is the provider's fault, and may have been charged."""
    path = "data.result_b64" if behaviour == "no_field" else "data"
    with served_http_api() as (fake, address):
        fake.script.always("picture", behaviour)
        async with opened("http_api", reply="base64", reply_field=path, **address) as backend:
            with pytest.raises(ProviderError, match=f"base64 was expected at {path}") as caught:
                await backend.remove(picture())

    assert caught.value.details["cost_usd"] == 0.02


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('{"errors": [{"title": "Insufficient credits", "code": "x"}]}', "Insufficient credits"),
        ('{"detail": "Unsupported media", "status_code": 400}', "Unsupported media"),
        ('{"detail": [{"loc": ["image"], "msg": "Field required"}]}', "Field required"),
        ('{"error": {"message": "No such model"}}', "No such model"),
        ('{"error": "Forbidden"}', "Forbidden"),
        ("<html>", "no reason was given"),
        ("[]", "no reason was given"),
    ],
)
async def test_the_reason_is_found_in_every_form(body: str, reason: str) -> None:
    """APIs say what went wrong in many forms; the telling text is passed on."""
    app = Starlette(routes=[Route("/", lambda _: Response(body, 400), methods=["POST"])])
    with Served(app) as server:
        async with opened("http_api", url=server.url, key_variable="PICTURE_KEY", image_field="image") as backend:
            with pytest.raises(ProviderError) as caught:
                await backend.remove(picture())

    assert caught.value.message == f"A Model answered 400: {reason}"


async def test_a_data_uri_is_read_like_bare_base64() -> None:
    """Both forms of base64 are in use."""
    with served_http_api() as (fake, address):
        fake.script.once("picture", "data_uri", "good")
        async with opened("http_api", reply="base64", reply_field="data.result_b64", **address) as backend:
            mattes = [await backend.remove(picture()) for _ in range(2)]

    assert np.array_equal(mattes[0].alpha, mattes[1].alpha)


def test_an_address_without_http_is_named() -> None:
    """A wrong address stops the start."""
    with pytest.raises(ConfigurationError, match=r"options.url: String should match pattern"):
        load_backend(spec("http_api", url="ftp://a", key_variable="K", image_field="i"), Resources())


def test_credits_without_a_price_are_refused() -> None:
    """With `cost_header` and no `credit_usd` every picture would be booked as free, and be outside every budget."""
    with pytest.raises(ConfigurationError, match=r"options: credit_usd: a price is expected beside cost_header"):
        load_backend(
            spec("http_api", url="http://a", key_variable="K", image_field="i", cost_header="X-C"), Resources()
        )
