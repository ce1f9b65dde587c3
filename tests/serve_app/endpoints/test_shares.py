"""A link to share: made by a job's caller, opened by anybody until it expires, and no longer than the job is kept."""

import asyncio
import html
import re
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest

from cutout.accounts.keys import KeyRing, make_key
from serve_app import contract
from serve_app.storage import shares
from tests.serve_app.endpoints.test_compose import Service, http, posted, service
from tests.serve_app.endpoints.test_edit import edited
from tests.support.durable_jobs import picture

pytestmark = pytest.mark.anyio
__all__ = ["http", "service"]
LATER = {"prefer": "respond-async"}
BAD: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"include_models": ["third"]}, "include_models", "Unknown model 'third'. Known: all, first"),
    ({"expires_s": 59}, "expires_s", "greater than or equal to 60"),
    ({"expires_s": 10**9}, "expires_s", "less than or equal to 31622400"),
    ({"expires_s": "soon"}, "expires_s", "valid integer"),
    ({"title": "x" * 101}, "title", "at most 100 characters"),
    ({"until": 1}, "until", "until is not a field of this request"),
)
"""Fields, the one that is named, and part of the sentence."""


async def done(http: httpx.AsyncClient, path: str = "/remove-background", **params: Any) -> str:
    """A durable job's id once it has ended."""
    return await posted(http, path, headers=LATER, **params)


async def shared(http: httpx.AsyncClient, job_id: str, **fields: Any) -> dict[str, Any]:
    """The answer to a request for a link."""
    answer = await http.post(f"/jobs/{job_id}/share", json=fields)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    contract.ShareBody.model_validate(body)
    return body


def addresses(page: httpx.Response, attribute: str) -> list[str]:
    """The addresses in an attribute of a page's elements, whole."""
    found = re.findall(f'{attribute}="([^"]+results/[^"]+)"', page.text)
    return [urljoin(str(page.url), html.unescape(one)) for one in found]


def words(page: httpx.Response) -> str:
    """The one sentence of a page without pictures."""
    return html.unescape(" ".join(re.findall("<p>(.*?)</p>", page.text)))


async def test_a_link_shows_what_was_shared(http: httpx.AsyncClient) -> None:
    """One cutout beside the photograph, named after it; nothing of the others, and nothing for robots."""
    job_id = await done(http)
    job = (await http.get(f"/jobs/{job_id}")).json()

    link = await shared(http, job_id, include_models=["first"], title="coffee", expires_s=3600)

    assert (link["job_id"], link["models"]) == (job_id, ["first"])
    assert abs(link["expires_at"] - time.time() - 3600) < 60
    page = await http.get(link["share_url"])
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["x-robots-tag"] == "noindex, nofollow"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "private, no-store"
    cutout, sent = [(await http.get(address)).content for address in addresses(page, "src")]
    assert cutout == (await http.get(job["results"][0]["image_url"])).content
    assert sent == picture()
    assert addresses(page, "href") == addresses(page, "src")[:1]
    assert 'download="coffee-first.png"' in page.text
    assert ">First<" in page.text
    assert "Second" not in page.text


async def test_a_whole_job(http: httpx.AsyncClient) -> None:
    """Without a choice all its cutouts are shown, one that was mended by hand too, and none that failed."""
    job_id = await done(http, include_models="first,second,broken")
    await edited(http, job_id)

    link = await shared(http, job_id)

    assert link["models"] == ["first", "second", "edited"]
    page = await http.get(link["share_url"])
    assert re.findall('download="(.*?)"', page.text) == ["first.png", "second.png", "edited.png"]
    assert [(await http.get(one)).status_code for one in addresses(page, "href")] == [200] * 3


async def test_what_cannot_be_compared_has_no_photograph(http: httpx.AsyncClient) -> None:
    """A crop shows another part of the picture, and an enlarged picture is not kept as it was sent."""
    cropped = await shared(http, await done(http, crop=True, include_models="first"))
    enlarged = await shared(http, await done(http, "/upscale", scale_factor=2))

    pages = [await http.get(link["share_url"]) for link in (cropped, enlarged)]
    assert [len(addresses(page, "src")) for page in pages] == [1, 1]
    assert enlarged["models"] == ["upscaled"]


async def test_a_link_ends(http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once it has expired it says so, and the addresses on its page expire with it."""
    link = await shared(http, await done(http), expires_s=3600)
    page = await http.get(link["share_url"])
    until = {re.search(r"expires=(\d+)", address)[1] for address in addresses(page, "src")}  # type: ignore[index]
    assert until == {str(link["expires_at"])}

    monkeypatch.setattr(shares, "time", SimpleNamespace(time=lambda: time.time() + 3601))
    late = await http.get(link["share_url"])
    assert (late.status_code, words(late)) == (410, "This link has expired. Ask for a new one.")
    assert late.headers["x-robots-tag"] == "noindex, nofollow"


async def test_a_changed_link(http: httpx.AsyncClient) -> None:
    """Of another job, for longer, or cut off: one sentence, and nothing is shown."""
    one, other = await done(http), await done(http, include_models="second")
    link = (await shared(http, one))["share_url"]
    longer = re.sub(r"expires=\d+", f"expires={int(time.time()) + 10**8}", link)

    for forged in (link.replace(one, other), longer, link[:-1], link.partition("?")[0], link.replace(one, "x")):
        page = await http.get(forged)
        assert (page.status_code, addresses(page, "src")) == (404, [])
        assert words(page).startswith("This link is not valid.")


async def test_it_ends_with_its_job(service: Service, http: httpx.AsyncClient) -> None:
    """It lasts no longer than the job is kept; a job that is deleted, or whose pictures are, ends it at once."""
    keep_s = service.works.shotgun.registry.service.jobs.keep_s
    links = [await shared(http, await done(http), expires_s=366 * 86400) for _ in range(2)]
    assert all(abs(link["expires_at"] - time.time() - keep_s) < 60 for link in links)

    await http.delete(f"/jobs/{links[0]['job_id']}?forget=true")
    await service.works.store.make_room(links[1]["job_id"])
    for link in links:
        page = await http.get(link["share_url"])
        assert (page.status_code, words(page)) == (410, "What this link showed has been deleted.")
        assert (await http.post(f"/jobs/{link['job_id']}/share", json={})).status_code == 404


async def test_with_keys(service: Service, tmp_path: Path) -> None:
    """Only the key that made a job can share it; the link and its pictures need no key."""
    (mine, my_record), (theirs, their_record) = make_key("me"), make_key("them")
    ring = KeyRing(tmp_path / "keys.json")
    ring.add(my_record)
    ring.add(their_record)
    async with service.client(ring, mine) as me, service.client(ring, theirs) as them, service.client(ring) as anybody:
        job_id = await done(me)
        path = f"/jobs/{job_id}/share"

        assert [(await one.post(path, json={})).status_code for one in (them, anybody)] == [404, 401]
        page = await anybody.get((await shared(me, job_id))["share_url"])
        assert page.status_code == 200
        assert [(await anybody.get(one)).status_code for one in addresses(page, "src")] == [200] * 4


async def test_bad_input(http: httpx.AsyncClient) -> None:
    """Each is 400 with its field and one sentence."""
    job_id = await done(http, include_models="first")

    for fields, field, said in BAD:
        answer = await http.post(f"/jobs/{job_id}/share", json=fields)
        error = answer.json()["error"]
        assert (answer.status_code, error["details"]["field"]) == (400, field)
        assert said in error["message"]


async def test_what_cannot_be_shared(service: Service, http: httpx.AsyncClient) -> None:
    """A job that works, one without a cutout, one that was only answered, and none at all."""
    failed = await done(http, include_models="broken")
    answered = await posted(http)
    service.works.models["first"].held = asyncio.Event()
    headers = {"content-type": "image/png", **LATER}
    accepted = await http.post("/remove-background?include_models=first", content=picture(), headers=headers)
    running = accepted.json()["job_id"]

    answers = [await http.post(f"/jobs/{name}/share", json={}) for name in (running, failed, answered, "no-job")]

    service.works.models["first"].held.set()
    assert [answer.status_code for answer in answers] == [409, 404, 404, 404]
    assert answers[1].json()["error"]["message"] == "This job has no picture that could be shared"


async def test_a_title_is_text(http: httpx.AsyncClient) -> None:
    """Markup in a title is shown, not run."""
    link = await shared(http, await done(http, include_models="first"), title='"><script>alert(1)</script>')

    page = await http.get(link["share_url"])

    assert "<script>alert" not in page.text
    assert "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;-first.png" in page.text
