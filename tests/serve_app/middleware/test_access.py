"""Keys in front of the service, over real HTTP where the wire matters."""

import asyncio
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from cutout.accounts.keys import KeyRing, make_key
from cutout.accounts.spec import AccessSpec, LimitTier
from serve_app.middleware.access import Access
from serve_app.middleware.admission import ConcurrencyLimit
from serve_app.telemetry.requests import RequestMetrics
from tests.support.http_server import served
from tests.support.limited_service import BUDGET, Clock, Jobs, NearLimiter, error

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keys(tmp_path: Path) -> KeyRing:
    return KeyRing(tmp_path / "keys.jsonl")


def in_process(limiter: NearLimiter, keys: KeyRing | None = None, access: AccessSpec | None = None) -> TestClient:
    """A client of one replica; header values arrive as they were given, blanks and all."""
    return TestClient(Jobs().service(limiter, keys, access), raise_server_exceptions=False)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "X-API-Key"])
async def test_a_key_opens(clock: Clock, keys: KeyRing, scheme: str) -> None:
    """With a key, by either header, the request goes through, knows its key, and uses the budget of the key's tier."""
    text, record = make_key("Ann", tier="gold")
    keys.add(record)
    tiers = {"default": LimitTier(), "gold": LimitTier(requests_per_minute=100)}
    client = in_process(NearLimiter(clock), keys, AccessSpec(tiers=tiers))
    headers = {"X-API-Key": text} if scheme == "X-API-Key" else {"Authorization": f"{scheme} {text}"}

    answer = client.get("/models", headers=headers)

    assert (answer.status_code, answer.text) == (200, "Ann")
    assert answer.headers["X-RateLimit-Limit"] == "100"
    assert answer.headers["X-RateLimit-Remaining"] == "99"


async def test_each_key_has_its_own_budget(clock: Clock, keys: KeyRing) -> None:
    """Two keys from the same address do not share; one key from many addresses does."""
    (ann, first), (bob, second) = make_key("Ann"), make_key("Bob", tier="no such tier")
    keys.add(first)
    keys.add(second)
    client = in_process(NearLimiter(clock), keys)

    left = [
        client.get("/models", headers={"X-API-Key": text, "X-Forwarded-For": f"1.2.3.{n}"}).headers[BUDGET[1]]
        for n, text in enumerate([ann, ann, bob, ann])
    ]

    assert left == ["59", "58", "59", "57"]


TEXT, RECORD = make_key("Ann")
WRONG = {
    "none": {},
    "another": {"X-API-Key": make_key("Ann")[0]},
    "upper case": {"X-API-Key": TEXT.upper()},
    "swapped case": {"Authorization": f"Bearer {TEXT.swapcase()}"},
    "a blank after": {"X-API-Key": f"{TEXT} "},
    "a blank after, as bearer": {"Authorization": f"Bearer {TEXT} "},
    "two blanks before": {"Authorization": f"Bearer  {TEXT}"},
    "no scheme": {"Authorization": TEXT},
    "another scheme": {"Authorization": f"Basic {TEXT}"},
    "a proxy's word": {"X-Forwarded-For": "127.0.0.1"},
    "the hash": {"X-API-Key": RECORD.sha256},
    "not ASCII": {"X-API-Key": "schlüssel"},
}


@pytest.mark.parametrize("what", WRONG)
async def test_a_wrong_key_does_not(clock: Clock, keys: KeyRing, what: str) -> None:
    """Whatever is not exactly a known key is 401 in the contract's form, and uses nobody's budget."""
    keys.add(RECORD)
    headers = {name: value.encode("latin-1") for name, value in WRONG[what].items()}

    answer = in_process(NearLimiter(clock), keys).get("/models", headers=headers)

    found = error(answer, 401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert TEXT not in found.message
    assert BUDGET[0] not in answer.headers


async def test_a_key_in_the_wrong_form_over_http(clock: Clock, keys: KeyRing) -> None:
    """Over HTTP to a replica's own port a forged address, the wrong case or a blank after the key opens nothing."""
    keys.add(RECORD)
    bad = (f"X-API-Key: {TEXT.upper()}", f"X-API-Key: {TEXT} ", "X-Forwarded-For: 127.0.0.1")
    async with served(Jobs().service(NearLimiter(clock), keys)) as url:
        statuses = [await raw_status(url, line) for line in (*bad, f"X-API-Key: {TEXT}")]

    assert statuses == ["401", "401", "401", "200"]


async def raw_status(url: str, header: str) -> str:
    """The status of GET /models with this line sent as it is."""
    reader, writer = await asyncio.open_connection(*url.removeprefix("http://").split(":"))
    writer.write(f"GET /models HTTP/1.1\r\nHost: here\r\n{header}\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return answer.split()[1].decode()


async def test_a_key_is_revoked_while_the_service_runs(clock: Clock, keys: KeyRing, tmp_path: Path) -> None:
    """A key that another process revokes opens nothing from the next request on."""
    keys.add(RECORD)
    client = in_process(NearLimiter(clock), KeyRing.load(tmp_path / "keys.jsonl"))
    assert client.get("/models", headers={"X-API-Key": TEXT}).status_code == 200

    KeyRing(tmp_path / "keys.jsonl").revoke(RECORD.id)

    error(client.get("/models", headers={"X-API-Key": TEXT}), 401, "unauthorized")


async def test_a_broken_key_file_lets_nobody_in(
    clock: Clock, keys: KeyRing, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """When the key file breaks every request is 503, without its path, which the log has; health still answers."""
    keys.add(RECORD)
    client = in_process(NearLimiter(clock), keys)
    (tmp_path / "keys.jsonl").write_text("no key")

    found = error(client.get("/models", headers={"X-API-Key": TEXT}), 503, "service_unavailable")

    assert str(tmp_path) not in found.message
    assert str(tmp_path) in caplog.text
    assert client.get("/health").status_code == 200


@pytest.mark.parametrize(
    "path", ["/health", "/docs", "/docs/assets/page.css", "/openapi.json", "/", "/leaderboard", "/static/page.js"]
)
async def test_what_needs_no_key(clock: Clock, keys: KeyRing, path: str) -> None:
    """Health, documentation and the page open without a key, and cost nothing with one."""
    keys.add(RECORD)
    client = in_process(NearLimiter(clock), keys)

    assert client.get(path).status_code == 200
    assert client.get(path, headers={"X-API-Key": TEXT}).headers[BUDGET[1]] == "60"


@pytest.mark.parametrize("path", ["/healthy", "/docsx", "/static", "//", "/static/../models", "/HEALTH", "/models/"])
async def test_what_only_looks_open_needs_a_key(clock: Clock, keys: KeyRing, path: str) -> None:
    """A path near an open one reaches nothing without a key."""
    keys.add(RECORD)
    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}
    statuses = []

    async def send(message: Message) -> None:
        statuses.append(message.get("status"))

    async def receive() -> Message:
        return {"type": "http.request"}

    await Jobs().service(NearLimiter(clock), keys)(scope, receive, send)

    assert statuses[0] in (401, 404)


async def test_other_traffic_passes(clock: Clock) -> None:
    """What is not HTTP, such as the start of the service, goes through untouched."""
    seen = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    concurrency = ConcurrencyLimit(1, RequestMetrics())
    access = Access(app, None, AccessSpec(), NearLimiter(clock), concurrency=concurrency, max_bytes=1)
    await access({"type": "lifespan"}, app, app)  # type: ignore[arg-type]

    assert seen == ["lifespan"]
