"""/api/remove: every parameter of `rembg s` does what docs/drop-in.md says, or is refused by its name."""

import ast
import base64
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from cutout.accounts.keys import KeyRing, make_key
from cutout.pixels import composite
from cutout.pixels.foreground import decontaminate
from cutout.service import DropInSpec
from deployments import remover
from deployments.ledger import DatabaseLedger
from serve_app.app import create_app
from serve_app.dialects.rembg_server import endpoints
from serve_app.dialects.rembg_server.form import RembgForm
from tests.serve_app.dialects.dropped import PHOTO, ROOT, drop_in_registry, opened, picture, png
from tests.support.in_process import shotgun
from tests.support.loopback_web import Host, reply

PATH = "/api/remove"
ASTRONAUT = png(np.asarray(Image.open(ROOT / "tests" / "photos" / "astronaut.jpg").convert("RGB").resize((256, 256))))


def removed(client: TestClient, image: bytes = PHOTO, **fields: Any) -> bytes:
    """The picture that is answered to a file and these parameters, sent in parts."""
    answer: httpx.Response = client.post(PATH, files={"file": ("a.png", image)}, data=fields)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/png"
    return answer.content


def refused(answer: httpx.Response, where: str, field: str) -> str:
    """The sentence of a refusal in FastAPI's form, which names the parameter and where it was expected."""
    assert answer.status_code == 422, answer.text
    (fault,) = answer.json()["detail"]
    assert fault["loc"] == [where, field]
    message: str = fault["msg"]
    assert field.replace("-T", " t") in message
    return message


def test_every_parameter_is_known() -> None:
    """The parameters are those in the source of rembg's own server, as it is installed here, with its defaults."""
    package = find_spec("rembg")
    assert package
    assert package.origin
    source = ast.parse((Path(package.origin).parent / "commands" / "s_command.py").read_text())
    kinds = [node for node in ast.walk(source) if isinstance(node, ast.ClassDef) and node.name.startswith("Common")]
    assert len(kinds) == 2
    for kind in kinds:
        (begin,) = (node for node in kind.body if isinstance(node, ast.FunctionDef))
        defaults = {
            argument.arg: next(ast.literal_eval(k.value) for k in default.keywords if k.arg == "default")
            for argument, default in zip(begin.args.args[1:], begin.args.defaults, strict=True)
            if isinstance(default, ast.Call)
        }
        assert defaults.pop("model") == "bria-rmbg"
        ours = {name: field.default for name, field in RembgForm.model_fields.items() if name != "model"}
        assert ours == defaults


def test_a_file_becomes_a_cutout(client: TestClient) -> None:
    """Without parameters drop_in.model answers, with the picture's own colours and the model's alpha."""
    pixels = opened(removed(client))

    assert pixels[30, 30].tolist() == [20, 0, 0, 249]
    assert pixels[0, 0].tolist() == [0, 0, 0, 0]


def test_parts_and_query_say_the_same(client: TestClient) -> None:
    """A parameter of POST may stand in a part or in the query; in both it is refused."""
    in_query = client.post(PATH, files={"file": PHOTO}, params={"bgc": "1,2,3,255"})

    assert in_query.content == removed(client, bgc="1,2,3,255")
    both = client.post(PATH, files={"file": PHOTO}, data={"om": "1"}, params={"om": "1"})
    assert "more than once" in refused(both, "body", "om")


def test_a_model_by_rembgs_name(client: TestClient) -> None:
    """`model=u2netp` is the deployed model with the same weights, whose alpha is the same by the service's own API."""
    matte = opened(removed(client, ASTRONAUT, model="u2netp", om="true"), "L")

    direct = client.post("/remove-background", files={"image": ASTRONAUT}, data={"include_models": "local_u2netp"})
    own = opened(base64.b64decode(direct.json()["results"][0]["image_base64"]))
    np.testing.assert_array_equal(matte, own[..., 3])
    assert 0.3 < (matte > 127).mean() < 0.8


def test_om_is_the_matte(client: TestClient) -> None:
    """`om` answers a grey picture of the cutout's alpha, with or without a background colour."""
    matte = removed(client, om="true")

    np.testing.assert_array_equal(opened(matte, "L"), opened(removed(client))[..., 3])
    assert removed(client, om="true", bgc="255,0,0,255") == matte


def test_ppm_makes_the_matte_hard(client: TestClient) -> None:
    """`ppm` cuts alpha to 0 and 255; colours are the picture's where alpha was 0 before, too."""
    alpha = opened(removed(client, ppm="true", om="true"), "L")
    cutout = opened(removed(client, ppm="true"))

    assert set(np.unique(alpha)) == {0, 255}
    np.testing.assert_array_equal(cutout[..., 3], alpha)
    assert (cutout[..., :3][alpha == 255] == picture()[alpha == 255]).all()


def test_dc_takes_the_subjects_own_colours(client: TestClient) -> None:
    """With `dc` soft pixels have the subject's colour; without, the picture's; opaque ones are the same."""
    plain = opened(removed(client, ASTRONAUT, model="u2netp")).astype(int)
    clean = opened(removed(client, ASTRONAUT, model="u2netp", dc="true")).astype(int)

    np.testing.assert_array_equal(plain[..., 3], clean[..., 3])
    soft = (plain[..., 3] > 25) & (plain[..., 3] < 230)
    photo = opened(ASTRONAUT, "RGB").astype(int)
    assert np.abs(plain[..., :3][soft] - photo[soft]).max() == 0
    assert np.abs(clean[..., :3][soft] - photo[soft]).mean() > 3
    opaque = plain[..., 3] == 255
    np.testing.assert_array_equal(plain[opaque], clean[opaque])


def test_a_is_refine_with_clean_colours(client: TestClient) -> None:
    """`a` solves the soft edge against the picture, and changes nothing where no soft edge is left or wanted."""
    fields = {"model": "u2netp"}
    direct = client.post(
        "/remove-background",
        files={"image": ASTRONAUT},
        data={"include_models": "local_u2netp", "refine": "true"},
        headers={"accept": "image/png"},
    )

    np.testing.assert_array_equal(opened(removed(client, ASTRONAUT, a="true", **fields)), opened(direct.content))
    assert removed(client, ASTRONAUT, a="true", om="true", **fields) == removed(client, ASTRONAUT, om="true", **fields)
    assert removed(client, ASTRONAUT, a="true", ppm="1", **fields) == removed(client, ASTRONAUT, ppm="1", **fields)


@pytest.mark.parametrize(("dc", "cleaned"), [("false", 0), ("true", 1)])
def test_a_cutout_is_composed_once(client: TestClient, dc: str, cleaned: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `dc` no colours are worked out, and nothing is composed a second time without them."""
    work = list[str]()

    def counted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            work.append(name)
            return function(*arguments, **named)

        return call

    monkeypatch.setattr(composite, "decontaminate", counted("clean", decontaminate))
    for module in (remover, endpoints):
        monkeypatch.setattr(module, "compose", counted("compose", composite.compose))

    removed(client, ASTRONAUT, model="u2netp", dc=dc)

    assert (work.count("compose"), work.count("clean")) == (1, cleaned)


@pytest.mark.parametrize(("text", "alpha"), [("10,20,30,255", 255), ("10,20,30", 255), ("10,20,30,128", 128)])
def test_bgc_lies_behind(client: TestClient, text: str, alpha: int) -> None:
    """The colour shows where there is no subject, with its alpha; the subject lies over it, within 1/255."""
    pixels = opened(removed(client, bgc=text))

    assert pixels[0, 0].tolist() == [10, 20, 30, alpha]
    below = (1 - 249 / 255) * alpha / 255
    mean = (np.array([20, 0, 0]) * 249 / 255 + np.array([10, 20, 30]) * below) / (249 / 255 + below)
    assert np.abs(pixels[30, 30, :3] - mean).max() <= 1


@pytest.mark.parametrize("fields", [{"a": "false", "af": "0", "ab": "255", "ae": "3"}, {"vm": "0"}, {"extras": "{}"}])
def test_what_asks_for_nothing_does_nothing(client: TestClient, fields: dict[str, Any]) -> None:
    """The thresholds of alpha matting say nothing, here with it, too; so do false and an empty object."""
    assert removed(client, **fields) == removed(client)


REFUSALS = [
    {"vm": "1"}, {"dc": "true"}, {"extras": '{"sam_prompt": []}'}, {"extras": "no JSON"},
    {"model": "bria-rmbg"}, {"model": "birefnet-general"}, {"model": "nobody"}, {"bgc": "red"}, {"bgc": "1,2"},
    {"bgc": "1,2,3,256"}, {"bgc": "1,2,3,4,5"}, {"af": "256"}, {"ab": "-1"}, {"ae": "-1"}, {"om": "maybe"},
    {"alpha": "1"},
]  # fmt: skip


@pytest.mark.parametrize("fields", REFUSALS, ids=[" ".join(*f.items()) for f in REFUSALS])
def test_a_parameter_is_refused_by_its_name(client: TestClient, fields: dict[str, str]) -> None:
    """What is wrong, unknown or not done here is 422 with its name, in GET as in POST."""
    (name,) = fields

    posted = refused(client.post(PATH, files={"file": PHOTO}, data=fields), "body", name)
    asked = refused(client.get(PATH, params={"url": "http://10.0.0.1/", **fields}), "query", name)
    assert posted == asked
    if name == "model":
        assert "u2netp" in posted


def test_a_picture_is_wanted(client: TestClient) -> None:
    """GET without `url`, and POST without `file`, say which is missing."""
    assert "required" in refused(client.get(PATH), "query", "url")
    assert "required" in refused(client.post(PATH, files={"om": (None, "1")}), "body", "file")
    assert "multipart" in refused(client.post(PATH, data={"om": "1"}), "body", "Content-Type")
    assert refused(client.post(PATH, files={"picture": PHOTO}), "body", "picture")


@pytest.mark.parametrize(
    ("image", "status"),
    [(b"GIF89a...", 400), (PHOTO[:50], 400), (bytes(200_001), 413), (png(np.zeros((1001, 1000), np.uint8)), 413)],
)
def test_a_picture_that_cannot_be_read(client: TestClient, image: bytes, status: int) -> None:
    """What is no picture, or too large, is refused by a sentence."""
    answer: httpx.Response = client.post(PATH, files={"file": image})

    assert answer.status_code == status
    assert isinstance(answer.json()["detail"], str)


@pytest.mark.anyio
async def test_an_address_is_fetched(tmp_path: Path) -> None:
    """GET answers the cutout of the picture at `url`; where it is not to be had, 400 with a sentence that says why."""
    ledger = DatabaseLedger(f"sqlite:///{tmp_path}/ledger.sqlite", lease_s=60)
    await ledger.start()
    app = create_app(shotgun(drop_in_registry(), ledger), ledger)
    async with (
        Host({"/a.png": reply(PHOTO)}) as host,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as ann,
    ):
        good = await ann.get(PATH, params={"url": f"http://{host.host}/a.png"})
        answers = [await ann.get(PATH, params={"url": url}) for url in (f"http://{host.host}/b", "http://10.0.0.1/")]
    await ledger.close()

    assert opened(good.content).shape == (60, 80, 4)
    for answer in answers:
        assert answer.status_code == 400
        assert answer.json()["detail"].startswith("url")


@pytest.mark.anyio
async def test_keys_and_the_services_state_in_the_same_form(tmp_path: Path) -> None:
    """Without a key 401, without a model 503, each as `detail`; a key opens, by either header."""
    text, record = make_key("Ann")
    keys = KeyRing(tmp_path / "keys.jsonl")
    keys.add(record)
    ledger = DatabaseLedger(f"sqlite:///{tmp_path}/ledger.sqlite", lease_s=60)
    await ledger.start()
    app = create_app(shotgun(drop_in_registry(drop_in=DropInSpec()), ledger), ledger, keys)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as ann:
        stranger = await ann.post(PATH, files={"file": PHOTO})
        known = await ann.post(PATH, files={"file": PHOTO}, headers={"Authorization": f"Bearer {text}"})
    await ledger.close()

    assert (stranger.status_code, stranger.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert "key" in stranger.json()["detail"]
    assert (known.status_code, known.headers["Retry-After"]) == (503, "5")
    assert "drop_in.model" in known.json()["detail"]
