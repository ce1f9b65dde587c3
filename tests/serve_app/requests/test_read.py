"""A request is read into one complete value, before anything is fetched, decoded or selected."""

import hashlib
import json
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from cutout.pixels.crop import Length, Margin
from serve_app.contract import ProcessForm
from serve_app.requests.asked import AskedCutouts, AskedEnlargement, GivenPicture, RemotePicture
from serve_app.requests.read import Reader
from tests.support.in_process import model, registry

NOWHERE = "https://pictures.invalid/one.png"


def asked(body: dict[str, Any], headers: dict[str, str] | None = None, *, durable: bool = True) -> Any:
    """The value of a request with this JSON: an enlargement where it has a `scale_factor`, else cutouts."""
    read: list[Any] = []
    reader = Reader(registry(model("first"), model("second")), durable=durable)

    async def handler(request: Request) -> Response:
        request.state.key = None
        is_enlargement = "scale_factor" in body
        read.append(await (reader.enlargement(request) if is_enlargement else reader.cutouts(request, ProcessForm)))
        return Response()

    with TestClient(Starlette(routes=[Route("/", handler, methods=["POST"])])) as client:
        client.post("/", json=body, headers=headers)
    return read[0]


def test_addresses_stay_sources() -> None:
    """Pictures at an address are not fetched, and each knows the field that an error about it names."""
    given = asked({"image_url": NOWHERE, "background_url": NOWHERE, "crop": True, "crop_margin": "3px"})

    assert isinstance(given, AskedCutouts)
    assert given.picture == RemotePicture(NOWHERE, "image_url")
    assert given.finish.background == RemotePicture(NOWHERE, "background_url")
    assert given.finish.finish.margin == Margin(*[Length(3, "px")] * 4)
    assert (given.models, given.factor) == (("all",), 4)
    with pytest.raises(FrozenInstanceError):
        given.factor = 2  # type: ignore[misc]


def test_pictures_are_bytes_and_not_decoded() -> None:
    """What a request carries is kept as bytes, a picture that cannot be read included."""
    given = asked({"image": "bm8gcGljdHVyZQ==", "background": "bm8gcGljdHVyZQ==", "bg_models": ["second", "second"]})

    assert given.picture == GivenPicture(b"no picture", "image")
    assert given.finish.background == GivenPicture(b"no picture", "background")
    assert given.models == ("second",)
    assert given.later is None


def test_a_colour_is_a_background() -> None:
    """A colour needs no source."""
    assert asked({"image": "", "image_url": NOWHERE, "background": "#ff8800"}).finish.background == (255, 136, 0)


@pytest.mark.parametrize(
    ("headers", "body", "asynchronous"),
    [
        ({"Prefer": "wait=5, respond-async"}, {}, True),
        ({}, {"webhook_url": "https://receiver.invalid/"}, True),
        ({"Idempotency-Key": "mine"}, {}, False),
        ({}, {"response_format": "url"}, False),
    ],
)
def test_what_becomes_a_durable_job(headers: dict[str, str], body: dict[str, Any], asynchronous: bool) -> None:
    """Prefer, a webhook, an idempotency key and addresses need a durable job; the first two are answered with 202."""
    sent = {"image": "bm8gcGljdHVyZQ==", "scale_factor": 2, **body}

    given, without = asked(sent, headers), asked(sent, headers, durable=False)

    assert isinstance(given, AskedEnlargement)
    assert given.later is not None
    assert given.later.asynchronous is asynchronous
    assert given.later.idempotency_key == headers.get("Idempotency-Key")
    assert without.later is None


def test_the_same_request_has_the_same_fingerprint() -> None:
    """Fingerprints tell requests apart by their fields and pictures, and by nothing else."""
    key = {"Idempotency-Key": "mine"}
    base = {"image": "bm8gcGljdHVyZQ==", "background": "#fff"}
    same = {"background": "white", "image": "data:image/png;base64,bm8gcGljdHVyZQ=="}

    first, again = asked(base, key), asked(same, key)
    others = [asked({**base, **other}, key) for other in ({"image": "bm8="}, {"background": "red"}, {"crop": True})]

    assert first.later.fingerprint == again.later.fingerprint
    assert first.id != again.id
    assert len({first.later.fingerprint, *(other.later.fingerprint for other in others)}) == 4


def test_a_fingerprint_of_1_0_0_is_the_same_today() -> None:
    """A key that was stored before an upgrade added fields is still the same request's; a new field set tells apart."""
    fields = {
        "image_url": None, "output_format": "png", "output_type": "cutout", "background_url": None, "crop": False,
        "crop_margin": None, "pick": None, "image_category": None, "max_cost_usd": None, "deadline_ms": None,
        "local_only": False, "commercial_only": False, "response_format": "base64", "webhook_url": None,
        "webhook_secret": None, "bg_models": ["all"], "upscale_factor": 2, "endpoint": "ProcessForm",
    }  # fmt: skip
    stored = [fields, hashlib.sha256(b"no picture").hexdigest(), [255, 136, 0]]
    before = hashlib.sha256(json.dumps(stored, sort_keys=True).encode()).hexdigest()
    sent = {"image": "bm8gcGljdHVyZQ==", "upscale_factor": 2, "background": "#ff8800"}

    same, other = (asked({**sent, **more}, {"Idempotency-Key": "mine"}) for more in ({}, {"refine": True}))

    assert same.later.fingerprint == before
    assert other.later.fingerprint != before
