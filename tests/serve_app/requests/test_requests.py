"""What was sent is used or refused by name, nothing is dropped: by query, JSON, multipart and a raw body alike."""

import base64
import io
import json
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from starlette.testclient import TestClient

from cutout.errors import ValidationError
from serve_app.requests.bodies.base64_text import base64_bytes
from tests.serve_app.endpoints.test_process import error, png, text

NOISE = np.random.default_rng(3).integers(0, 255, (150, 200, 3), dtype=np.uint8)
JSON = {"content-type": "application/json"}
FIRST = {"include_models": ["first"]}


def multipart(*parts: tuple[str, bytes]) -> dict[str, Any]:
    """A body of parts, each with its headers as they are written."""
    body = b"".join(b"--XX\r\n" + head.encode() + b"\r\n\r\n" + data + b"\r\n" for head, data in parts) + b"--XX--\r\n"
    return {"content": body, "headers": {"content-type": "multipart/form-data; boundary=XX"}}


def part(name: str, more: str = "") -> str:
    """The headers of a part."""
    return f'Content-Disposition: form-data; name="{name}"{more}'


WAYS: dict[str, dict[str, Any]] = {
    "raw": {"content": png(), "headers": {"content-type": "image/png"}},
    "JSON": {"json": {"image": text(png())}},
    "multipart": {"files": {"image": png()}},
}


@pytest.mark.parametrize("way", WAYS)
def test_the_query_counts_beside_every_body(client: TestClient, way: str) -> None:
    """Fields of the query are used whatever the body is."""
    query = "?bg_models=first&upscale_factor=2&local_only=true&max_cost_usd=0"

    body = client.post("/process" + query, **WAYS[way]).json()

    assert [one["model_id"] for one in body["results"]] == ["first"]
    assert body["results"][0]["output_dimensions"] == {"width": 64, "height": 48}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("query", ["modell=x", "include_models=nobody", "max_cost_usd=-1", "crop=perhaps"])
def test_the_query_is_refused_by_name(client: TestClient, way: str, query: str) -> None:
    """What is wrong or unknown in the query is refused by its name, beside every body."""
    found = error(client.post("/remove-background?" + query, **WAYS[way]), 400)

    assert found["details"]["field"] == query.partition("=")[0]


TWICE: list[tuple[str, dict[str, Any]]] = [
    ("?output_format=png&output_format=webp", WAYS["raw"]),
    ("?output_format=png", {"json": {"image": text(png()), "output_format": "png"}}),
    ("?output_format=png", {"files": {"image": png()}, "data": {"output_format": "webp"}}),
    ("", {"content": '{"image": "AAAA", "output_format": "png", "output_format": "webp"}', "headers": JSON}),
    ("", multipart((part("image"), b"AAAA"), (part("output_format"), b"png"), (part("output_format"), b"png"))),
]


@pytest.mark.parametrize(("query", "sent"), TWICE)
def test_a_field_that_comes_twice_is_refused(client: TestClient, query: str, sent: dict[str, Any]) -> None:
    """Which of both is meant nobody knows, so that none is used."""
    found = error(client.post("/upscale" + query, **sent), 400)

    assert found["details"]["field"] == "output_format"


OPTIONAL = (
    "image_url", "background", "background_url", "crop", "crop_margin", "output_format", "output_type", "max_cost_usd",
    "deadline_ms", "local_only", "commercial_only", "pick", "image_category", "webhook_url", "webhook_secret",
    "response_format",
)  # fmt: skip


@pytest.mark.parametrize("name", OPTIONAL)
def test_nothing_in_a_field_is_the_same_as_no_field(client: TestClient, name: str) -> None:
    """Empty text and null say nothing, in JSON, multipart and the query."""
    for value in ("", None):
        said = client.post("/remove-background", json={"image": text(png()), **FIRST, name: value})
        assert said.status_code == 200, said.text
    data = {"include_models": "first", name: ""}
    assert client.post("/remove-background", files={"image": png()}, data=data).status_code == 200
    assert client.post("/remove-background", params=data, **WAYS["raw"]).status_code == 200


@pytest.mark.parametrize("body", [{"image_url": ""}, {"image": ""}, {"image": None, "image_url": None}, {}])
def test_nothing_for_a_picture_is_a_missing_picture(client: TestClient, body: dict[str, Any]) -> None:
    """Neither `image` nor `image_url`, however that is written."""
    assert error(client.post("/upscale", json=body), 400)["type"] == "missing_image"


@pytest.mark.parametrize("factor", [2, 2.0, "2", "2.0"])
@pytest.mark.parametrize("flag", [False, "false", "0", 0, "off"])
def test_numbers_and_flags_may_be_texts(client: TestClient, factor: object, flag: object) -> None:
    """JSON takes what a query takes, and the other way round."""
    fields = {"scale_factor": factor, "preserve_alpha": flag}

    for sent in ({"json": {"image": text(png()), **fields}}, {**WAYS["raw"], "params": fields}):
        body = client.post("/upscale", **sent).json()
        assert (body["scale_factor"], body["alpha_preserved"]) == (2, False)


ODD = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1e999",
    "1" * 400,
    "1" * 5000,
    "[" * 60,
    '{"a": {}}',
    '"\\ud800"',
    '"\\u0000"',
]
ODD_FIELDS = [
    "max_cost_usd",
    "deadline_ms",
    "crop",
    "crop_margin",
    "output_format",
    "include_models",
    "image_url",
    "background",
]


@pytest.mark.parametrize("name", ODD_FIELDS)
@pytest.mark.parametrize("odd", ODD, ids=lambda odd: odd[:12])
def test_what_is_no_json_of_the_form_is_refused_by_name(client: TestClient, name: str, odd: str) -> None:
    """Numbers beyond JSON's and values of another kind are refused by their field, and what is shown is printable."""
    value = odd + "]" * odd.count("[")

    found = error(
        client.post("/remove-background", content=f'{{"image": "AAAA", "{name}": {value}}}', headers=JSON), 400
    )

    assert found["details"]["field"] == name
    shown = str(found["details"].get("received", ""))
    assert shown.isprintable()
    assert len(shown) <= 1000
    assert found["message"].isprintable()


@pytest.mark.parametrize("number", ["9" * 400, "1" * 5000, "1e400", "inf", "nan", "-inf", "0x10", "\ud7ff"])
@pytest.mark.parametrize("name", ["deadline_ms", "max_cost_usd"])
def test_a_number_as_text_is_as_small_as_one_in_json(client: TestClient, name: str, number: str) -> None:
    """A text is a number only where that number could stand in JSON."""
    for sent in ({**WAYS["raw"], "params": {name: number}}, {"json": {"image": text(png()), name: number}}):
        assert error(client.post("/remove-background", **sent), 400)["details"]["field"] == name


@pytest.mark.parametrize("depth", [2_000, 30_000])
def test_deep_json_is_refused(client: TestClient, depth: int) -> None:
    """JSON that is nested deeper than anybody reads is a fault of the body."""
    deep = f'{{"image": "AAAA", "background": {"[" * depth}{"]" * depth}}}'

    assert error(client.post("/remove-background", content=deep, headers=JSON), 400)["details"]["field"] == "body"


@pytest.mark.parametrize("path", ["/estimate", "/log-selection", "/upscale", "/process", "/remove-background"])
@pytest.mark.parametrize("name", ["\ud800", "\x00", "x" * 5_000, "a\nb", "ü"])
def test_an_odd_name_is_refused_printably(client: TestClient, path: str, name: str) -> None:
    """The name of an unknown field is shown short and printable."""
    found = error(client.post(path, content=json.dumps({name: "x", "image": "AAAA"}), headers=JSON), 400)

    assert found["message"].isprintable()
    assert len(found["message"]) < 2_000
    query = f"?{quote(name, errors='surrogatepass')}=1&" * 2
    file = multipart((part("image\x00", '; filename="a"'), png()))
    for again in (client.post(path + query, json={"image": "AAAA"}), client.post("/upscale", **file)):
        assert error(again, 400)["message"].isprintable()


def test_a_byte_order_mark_is_passed_over(client: TestClient) -> None:
    """JSON after a BOM is JSON."""
    body = b"\xef\xbb\xbf" + json.dumps({"image": text(png())}).encode()

    assert client.post("/upscale", content=body, headers=JSON).status_code == 200


PLAIN = text(png(NOISE))
BASE64 = {
    "lines of 76": "\r\n".join(PLAIN[at : at + 76] for at in range(0, len(PLAIN), 76)),
    "spaces": " " + " ".join(PLAIN[at : at + 4] for at in range(0, len(PLAIN), 4)) + "\f\t ",
    "no padding": PLAIN.rstrip("="),
    "URL-safe": base64.urlsafe_b64encode(png(NOISE)).decode(),
    "DATA:": f"DATA:image/PNG;BASE64,{PLAIN}",
    "data with parameters": f" data:image/png;charset=utf-8;base64,{PLAIN}",
    "percent": f"data:image/png;base64,{quote(PLAIN, safe='')}",
    "percent without base64": f"data:image/png,{quote(png(NOISE), safe='')}",
}


@pytest.mark.parametrize("written", BASE64.values(), ids=BASE64.keys())
def test_base64_is_forgiven_as_the_web_does(client: TestClient, written: str) -> None:
    """Each way to write the same bytes is the same picture, in JSON and in multipart; each is more than 64 KiB."""
    escaped = json.dumps({"image": written}).replace("/", "\\/")  # as PHP writes it
    for sent in (
        {"json": {"image": written}},
        {"content": escaped, "headers": JSON},
        multipart((part("image"), written.encode())),
    ):
        answer = client.post("/upscale?scale_factor=2", **sent)
        assert answer.status_code == 200, answer.text
        assert answer.json()["input_dimensions"] == {"width": 200, "height": 150}


def infra(data: str) -> bytes | None:
    """The Infra standard's forgiving-base64 decode, step by step; None is its failure."""
    data = "".join(char for char in data if char not in "\t\n\f\r ")
    if len(data) % 4 == 0:
        data = data[:-2] if data.endswith("==") else data.removesuffix("=")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    if len(data) % 4 == 1 or any(char not in alphabet for char in data):
        return None
    bits = "".join(f"{alphabet.index(char):06b}" for char in data)
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits) - 7, 8))


@given(st.text(st.sampled_from("AQgz09+/=== \n"), max_size=20))
def test_base64_is_the_standards(written: str) -> None:
    """For every text the same bytes as the standard's steps, or the same failure."""
    try:
        found: bytes | None = base64_bytes(written, "image")
    except ValidationError:
        found = None
    assert found == infra(written)


@pytest.mark.parametrize(
    "headers",
    [
        part("image", '; filename="a.png"'),
        part("image") + "\r\nContent-Type: image/png",
        part("image") + "\r\nContent-Type: application/octet-stream",
        part("image", "; filename*=utf-8''%E5%9B%BE.png"),
    ],
)
def test_a_file_is_told_by_its_headers(client: TestClient, headers: str) -> None:
    """A file part has a file name, or a picture's type."""
    assert client.post("/upscale", **multipart((headers, png(NOISE)))).status_code == 200


def test_line_breaks_do_not_count(client: TestClient) -> None:
    """A picture of just less than the limit is taken with its line breaks; one byte more than the limit is not."""
    limit = 200_000
    out = io.BytesIO()
    Image.fromarray(NOISE).save(out, "PNG")
    fits = out.getvalue() + bytes(limit - len(out.getvalue()))

    for data, status in ((fits, 200), (fits + b"\0", 413)):
        lines = "\r\n".join(text(data)[at : at + 76] for at in range(0, len(text(data)), 76))
        for sent in (
            {"json": {"image": lines}},
            multipart((part("image"), lines.encode())),
            multipart((part("image", '; filename="a"'), data)),
        ):
            answer = client.post("/upscale?scale_factor=2", **sent)
            assert answer.status_code == status, answer.text
            if status == 413:
                assert answer.json()["error"]["details"]["field"] == "image"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("coding", ["gzip", "br", "x-unheard-of", "gzip, identity"])
def test_a_coded_body_is_refused_by_its_coding(client: TestClient, way: str, coding: str) -> None:
    """415, which names the coding that is not undone."""
    sent = {**WAYS[way], "headers": {**WAYS[way].get("headers", {}), "content-encoding": coding}}

    answer = client.post("/remove-background", **sent)

    found = error(answer, 415)
    assert found["details"] == {"field": "Content-Encoding", "received": coding}
    assert answer.headers["accept-encoding"] == "identity"
    sent["headers"]["content-encoding"] = "Identity"
    assert client.post("/remove-background", **sent).status_code == 200


def test_a_secret_without_an_address_is_refused(client: TestClient) -> None:
    """`webhook_secret` signs nothing where nothing is sent."""
    body = {"image": text(png()), "webhook_secret": "hush"}

    assert error(client.post("/remove-background", json=body), 400)["details"]["field"] == "webhook_secret"


def test_a_long_text_is_a_pictures(client: TestClient) -> None:
    """Every other text has a length, and says so by its name."""
    for name in ("crop_margin", "image_url", "webhook_url", "background_url"):
        for length in (10_000, 100_000):
            sent = {"image": "AAAA", "background": "#fff", name: "x" * length}
            assert error(client.post("/remove-background", json=sent), 400)["details"]["field"] in (name, "body")


@pytest.mark.parametrize("count", [1, 100_000])
@pytest.mark.parametrize(
    ("path", "name", "takers"),
    [
        ("/remove-background", "image_file", "`image` or `background`"),
        ("/upscale", "picture", "`image`"),
        ("/v1.0/removebg", "image_file_b64", "`image_file` or `bg_image_file`"),
        ("/v1.0/removebg", "image", "`image_file` or `bg_image_file`"),
    ],
)
def test_a_file_in_another_field_is_told_where_files_go(
    client: TestClient, path: str, name: str, takers: str, count: int
) -> None:
    """However large it is: the field that another service calls so is named, and those that take a file here."""
    answer = client.post(path, files={name: bytes(count)})
    assert answer.status_code == 400
    assert takers in answer.text
    assert f"{name}: no file expected here" in answer.text
