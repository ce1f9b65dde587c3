"""What the OpenAPI page says is what the service does: schemathesis asks it everything that the page allows, and more.

It asks the whole service over HTTP, keys, limits and durable jobs included, but for Ray. Its questions are derived from
the page, and are the same in every run.
"""

import asyncio
import base64
import itertools
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import schemathesis
from anyio.from_thread import start_blocking_portal
from requests import Session
from schemathesis.checks import load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.generation.meta import TestPhase
from schemathesis.pytest._test_builder import build_operation_test
from starlette.testclient import TestClient

from cutout.accounts.keys import KeyRing, make_key
from cutout.accounts.limiter import Limiter
from deployments.ledger import DatabaseLedger
from serve_app.app import create_app
from serve_app.jobs.acceptance import Durable
from tests.support.durable_jobs import picture, working
from tests.support.http_server import served
from tests.support.in_process import model, registry, shotgun
from tests.support.limited_service import Clock, NearLimiter
from tests.support.patience import HANG_S

pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module")  # of schemathesis itself
EXAMPLES = 10
"""Random questions to an endpoint, beside those that cover each field's borders."""
EVERY = 8
"""Of some 3,800 questions at the borders of fields each eighth is asked: all of them take a minute of a processor."""
TEXT, RECORD = make_key("Ann", tier="busy")
CROWD_TEXT, CROWD = make_key("A crowd", tier="slow")
PICTURE = base64.b64encode(picture()).decode()
CONFIG = SchemathesisConfig.from_dict(
    {
        "seed": 1,
        "generation": {"deterministic": True, "max-examples": EXAMPLES, "database": "none"},
        "auth": {"openapi": {"key": {"api_key": TEXT}}},
        # Text that is no picture is of the page's form, and is refused nevertheless.
        "checks": {"positive_data_acceptance": {"enabled": False}},
    }
)


def described() -> dict[str, Any]:
    """The OpenAPI page of a service with keys."""
    durable = Durable(None, None, None)  # type: ignore[arg-type]
    keys = KeyRing(Path("nobody asks"))
    app = create_app(shotgun(registry(model("first"))), NearLimiter(Clock()), keys, durable)
    found: dict[str, Any] = TestClient(app).get("/openapi.json").json()
    return found


Case: TypeAlias = schemathesis.Case[Any]


@pytest.fixture(scope="module")
def page() -> Any:
    """The OpenAPI page, and questions derived from it."""
    return schemathesis.openapi.from_dict(described(), config=CONFIG)


@dataclass(frozen=True)
class Service:
    """A service that runs, and a job that it has done."""

    url: str
    job: dict[str, Any]

    def really(self, case: Case) -> Case:
        """The same question about a picture, a model and a job that are there."""
        query = dict(parse_qsl(urlsplit(self.job["results"][0]["image_url"]).query))
        real = {"image": PICTURE, "job_id": self.job["job_id"], "name": "first.png", "selected_model_id": "first"}
        real["model_id"] = "first"
        real |= {"image_file_b64": PICTURE, "file": picture()}
        real |= {field: ["first"] for field in ("models", "include_models", "bg_models")} | query

        def put(fields: Any) -> Any:
            if not isinstance(fields, dict):
                return fields
            others = ("image_url", "webhook_url", "image_file", "bg_image_url", "bg_image_file")
            return {name: real.get(name, fields[name]) for name in fields if name not in others}

        found: Case = case.operation.Case(
            method=case.operation.method,
            path_parameters=put(case.path_parameters),
            query=put(case.query),
            headers=case.headers,
            body=put(case.body),
            media_type=case.media_type,
        )
        return found


@asynccontextmanager
async def whole(folder: Path) -> AsyncIterator[str]:
    """The address of a service."""
    tiers = {"default": {}, "busy": {"requests_per_minute": 10_000}, "slow": {"requests_per_minute": 1}}
    database_url, keys = f"sqlite:///{folder}/ledger.sqlite", KeyRing(folder / "keys")
    for record in (RECORD, CROWD):
        keys.add(record)
    async with working(folder, database_url, access={"tiers": tiers}) as works:
        ledger = DatabaseLedger(database_url, lease_s=60)
        ledger._limiter = Limiter(60, Clock())  # one minute for all questions, however long they take here
        await ledger.start()
        watching = asyncio.create_task(works.shotgun.statuses.watch())
        async with served(works.app(keys, ledger)) as url:
            yield url
        watching.cancel()
        await ledger.close()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for all endpoints."""
    asked = {"image": PICTURE, "include_models": ["first"], "webhook_url": "http://127.0.0.1:9/"}
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(whole(tmp_path_factory.mktemp("service"))) as url,
        httpx.Client(base_url=url, headers={"X-API-Key": TEXT}, timeout=HANG_S, trust_env=False) as http,
    ):
        job = http.post("/remove-background", json=asked).json()
        while not job.get("webhook"):
            job = http.get(f"/jobs/{job['job_id']}").json()
            time.sleep(0.05)
        while http.get("/health/ready").status_code != 200:
            time.sleep(0.05)
        yield Service(url, job)


def test_it_does_what_its_page_says(page: Any, service: Service, subtests: pytest.Subtests) -> None:
    """No question has a fault of ours for an answer, nor a status, a media type or a form that is not on the page."""
    numbers = itertools.count()

    def is_asked(example: Any) -> bool:
        """Whether it is at no border, or each eighth."""
        meta = example.kwargs["case"].meta
        return meta is None or meta.phase.name != TestPhase.COVERAGE or next(numbers) % EVERY == 0

    def ask(case: Case) -> None:
        for one in (case, service.really(case)):
            one.call_and_validate(base_url=service.url, session=connection)

    load_all_checks()
    with Session() as connection:
        connection.trust_env = False  # or it looks for proxies in the environment at each question
        for found in page.get_all_operations():
            operation, more = found.ok(), FeedbackSources()
            with subtests.test(operation.label):
                asking: Any = build_operation_test(
                    config=page.config, operation=operation, test_func=ask, given_kwargs={}, feedback=more
                )
                examples = filter(is_asked, reversed(asking.hypothesis_explicit_examples))  # as they are asked
                asking.hypothesis_explicit_examples = [*examples][::-1]
                asking()


def test_too_many_questions(service: Service, page: Any) -> None:
    """The page knows what is said to a caller who asks too often, and where nobody can."""
    statuses = {}
    for found in page.get_all_operations():
        operation = found.ok()  # type: ignore[union-attr]
        names = {"job_id": "none", "batch_id": "none", "name": "none", "model_id": "first"}
        case = operation.Case(path_parameters=names)
        answer = case.call(base_url=service.url, headers={"X-API-Key": CROWD_TEXT})
        case.validate_response(answer)
        statuses[operation.label] = answer.status_code

    open_ = {"GET /health": 200, "GET /health/live": 200, "GET /health/ready": 200}
    open_ |= {"GET /results/{job_id}/{name}": 403}
    first = {"GET /models": 200}
    assert statuses == dict.fromkeys(statuses, 429) | open_ | first
