"""The client, sync and async, against the whole service over real HTTP."""

import asyncio
import io
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cutout import errors
from cutout.errors import (
    CutoutError,
    InvalidFormat,
    NotFound,
    ProcessingError,
    ServiceUnavailable,
    ValidationError,
)
from cutout_client import AsyncClient, Client, CutoutResult
from cutout_client.refusals import BY_TYPE
from tests.support.durable_jobs import picture
from tests.support.http_server import served
from tests.support.loopback_service import Running

Ask = Callable[..., Any]
GOOD = ["first", "second"]


@pytest.fixture(params=[Client, AsyncClient])
def ask(request: pytest.FixtureRequest, service: Running) -> Ask:
    """Calls a method by its name, of either client; a stream is gathered into a list."""

    async def asynchronous(method: str, *given: Any, **named: Any) -> Any:
        async with AsyncClient(service.url) as client:
            asked = getattr(client, method)(*given, **named)
            return [one async for one in asked] if method == "stream" else await asked

    def ask(method: str, *given: Any, **named: Any) -> Any:
        if request.param is AsyncClient:
            return asyncio.run(asynchronous(method, *given, **named))
        with Client(service.url) as client:
            asked = getattr(client, method)(*given, **named)
            return list(asked) if method == "stream" else asked

    return ask


def size(image: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(image)).size


def test_every_model_answers_with_its_cutout_or_its_reason(ask: Ask) -> None:
    """Results are typed, by model; one that failed has its sentence, and raises its own class when it is wanted."""
    job = ask("remove_background", picture())

    assert job.status == "partial"
    assert [result.model_id for result in job.results] == ["first", "second", "broken"]
    assert [result.model_id for result in job.cutouts] == GOOD
    assert size(job["first"].check()) == (24, 24)
    assert job["second"].cost_usd == job.total_cost_usd == 0.25
    assert job["first"].commercial_use
    assert len(repr(job)) < 2000, "the bytes of pictures are not shown"
    assert job["broken"].error == "out of ink"
    with pytest.raises(ProcessingError, match="out of ink"):
        job["broken"].check()


@pytest.mark.parametrize("way", ["bytes", "path", "text", "file"])
def test_a_picture_may_be_given_in_many_ways(ask: Ask, tmp_path: Path, way: str) -> None:
    """Bytes, a path, a path as text, and an open file are the same picture."""
    file = tmp_path / "photo.png"
    file.write_bytes(picture(shade=90))
    with file.open("rb") as opened:
        given = {"bytes": file.read_bytes(), "path": file, "text": str(file), "file": opened}[way]
        job = ask("remove_background", given, "first", output_format="webp")

    saved = job["first"].save(tmp_path / "cutout.webp")
    assert Image.open(saved).format == "WEBP"


def test_an_address_is_fetched_by_the_service(ask: Ask) -> None:
    """An http address goes to the service as it is, which fetches from public hosts only."""
    with pytest.raises(ValidationError, match="public"):
        ask("remove_background", "http://127.0.0.1:9/photo.png", "first")


def test_process_enlarges(ask: Ask) -> None:
    """Each cutout is larger by the factor, and both sizes are told."""
    result = ask("process", picture(), "first", upscale_factor=2)["first"]

    assert size(result.check()) == (48, 48)
    assert (result.input_size.width, result.output_size.width) == (24, 48)


def test_a_finish_may_be_asked_for(ask: Ask) -> None:
    """What the API does to a cutout is an argument here; the mask of `both` is a picture of its own."""
    [result] = ask("remove_background", picture(), "first", output_type="both", background="white", crop=True).results

    assert Image.open(io.BytesIO(result.check())).mode == "RGB"
    assert Image.open(io.BytesIO(result.mask)).mode == "L"


def test_a_picture_may_lie_behind(ask: Ask, tmp_path: Path) -> None:
    """A background is a colour, or a picture of any size as bytes, Path or open file: at once, and composed."""
    noise = np.random.default_rng(7).integers(0, 256, (256, 256, 3), np.uint8)
    file = tmp_path / "behind.png"
    Image.fromarray(noise).save(file)
    colour = ask("remove_background", picture(), "first", background="#ff0000")

    laid = ask("remove_background", picture(), "first", background=file)
    composed = [
        ask("compose", colour.job_id, background=behind)["first"].check() for behind in (file.read_bytes(), file)
    ]
    with file.open("rb") as opened:
        composed.append(ask("compose", colour.job_id, background=opened)["first"].check())

    assert composed == [laid["first"].check()] * 3
    assert composed[0] != colour["first"].check()


@pytest.mark.parametrize("durable", [False, True])
def test_a_finished_job_gets_another_finish(ask: Ask, service: Running, *, durable: bool) -> None:
    """Any job that has been answered, waited for or durable, is composed anew: no model runs, and it is free."""
    shot = picture(shade=120)
    job_id = ask("submit", shot, GOOD) if durable else ask("remove_background", shot, GOOD).job_id
    if durable:
        ask("wait", job_id)
    ran = len(service.runs)

    whole = ask("compose", job_id, background="white", output_format="jpeg")
    masked = ask("compose", job_id, "second", output_type="both")

    assert [result.model_id for result in whole.results] == GOOD
    assert Image.open(io.BytesIO(whole["first"].check())).format == "JPEG"
    assert Image.open(io.BytesIO(masked["second"].mask)).mode == "L"
    assert (whole.total_cost_usd, len(service.runs)) == (0.0, ran)
    assert whole["first"].job_id == job_id


def test_stream_gives_each_model_as_it_finishes(ask: Ask) -> None:
    """The stream's results are those of the whole answer."""
    results = ask("stream", picture(), upscale_factor=4)

    assert {result.model_id: result.error for result in results} == {
        "first": None,
        "second": None,
        "broken": "out of ink",
    }
    assert all(size(result.check()) == (96, 96) for result in results if not result.error)
    assert len({result.job_id for result in results}) == 1


def test_upscale_models_estimate(ask: Ask) -> None:
    """The smaller operations give their typed values."""
    larger = ask("upscale", picture(), 2, output_format="webp")
    models = {one.id: one for one in ask("models")}
    estimate = ask("estimate", GOOD)

    assert (larger.output_size.width, size(larger.image)) == (48, (48, 48))
    assert models["second"].available
    assert models["second"].price_usd == 0.25
    assert estimate.models == {"first": 0.0, "second": 0.25}
    assert estimate.estimate_usd == 0.25


def test_a_pick_is_kept_and_counted(ask: Ask) -> None:
    """A pick of a streamed or a whole job is logged; a second one replaces it; the stats have it."""
    job = ask("remove_background", picture(shade=140), GOOD)
    before = ask("stats").total.picks

    first = ask("log_selection", job["first"].job_id, "first", "fruit")
    second = ask("log_selection", job.job_id, "second", notes="cleaner")

    assert (first.replaced, second.replaced) == (False, True)
    assert ask("stats").total.picks == before + 1


def test_a_job_is_submitted_waited_for_and_cancelled(ask: Ask) -> None:
    """A job's pictures come by their addresses; one that has ended stays as it is."""
    job_id = ask("submit", picture(shade=77), ["first", "broken"], upscale_factor=2)
    job = ask("wait", job_id)

    assert job.status == "partial"
    assert size(job["first"].check()) == (48, 48)
    assert job["first"].job_id == job_id
    assert ask("cancel", job_id).status == "partial"
    assert ask("job", job_id)["first"].image_url


def test_an_upscale_is_submitted_and_waited_for(ask: Ask) -> None:
    """It comes as from `upscale`; as a job it has no model's result, and other jobs are no upscales."""
    job_id = ask("submit_upscale", picture(shade=78), 2, output_format="webp")
    made = ask("wait_upscale", job_id)

    assert size(made.image) == (made.output_size.width, made.output_size.height) == (48, 48)
    assert (made.job_id, made.scale_factor) == (job_id, 2)
    assert ask("job", job_id).results == ()
    assert ask("wait", job_id).status == "completed"


@pytest.mark.parametrize(
    ("method", "given", "error"),
    [
        ("remove_background", (b"text",), InvalidFormat),
        ("remove_background", (picture(), "nobody"), ValidationError),
        ("remove_background", (picture(), "broken"), ProcessingError),
        ("stream", (b"text",), InvalidFormat),
        ("job", ("0e1f9a4c-9f3c-4f5e-8d3b-0d6f2c6c6a11",), NotFound),
        ("compose", ("0e1f9a4c-9f3c-4f5e-8d3b-0d6f2c6c6a11",), NotFound),
        ("log_selection", ("nowhere", "first"), NotFound),
    ],
)
def test_errors_are_the_services_own(ask: Ask, method: str, given: tuple[Any, ...], error: type[CutoutError]) -> None:
    """What the service refuses is raised in the very class that it raised, with its sentence."""
    with pytest.raises(error) as raised:
        ask(method, *given)

    assert type(raised.value) is error
    assert raised.value.message


def test_every_type_of_error_has_its_class() -> None:
    """No error of the tree with an HTTP status is unknown to the client."""
    kinds, found = [CutoutError], set[str]()
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        found.add(kind.type)

    assert found == BY_TYPE.keys()
    assert all(getattr(errors, kind.__name__) is kind for kind in BY_TYPE.values())


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_passes_is_tried_again(ask: Ask, service: Running, status: int, caplog: pytest.LogCaptureFixture) -> None:
    """Refusals that pass, and a proxy's own 500, are waited for as Retry-After says, and the request is sent again."""
    service.line.refusals += [status, status]

    assert ask("upscale", picture(), 2).scale_factor == 2
    assert service.line.refusals == []
    said = [line for line in caplog.messages if "is asked again" in line]
    assert [line.partition(": ")[0][-14:] for line in said] == ["attempt 2 of 5", "attempt 3 of 5"]
    assert all(f"answered {status}" in line for line in said)


def test_what_does_not_pass_is_not_tried_again(ask: Ask, service: Running) -> None:
    """A refusal of what was asked, and a job in which every model failed, cost one request."""
    before = service.line.requests

    with pytest.raises(InvalidFormat):
        ask("upscale", b"text")
    with pytest.raises(ProcessingError):
        ask("remove_background", picture(), "broken")
    assert service.line.requests == before + 2


@pytest.mark.parametrize("method", ["remove_background", "stream"])
def test_a_cut_line_is_answered_once_and_paid_once(ask: Ask, service: Running, method: str) -> None:
    """When the answer breaks off, the same request is sent again, and finds the job: no model runs twice."""
    ran = len(service.runs)
    service.line.cuts += [b"first", b"second"]

    answer = ask(method, picture(shade=33), GOOD)

    results = answer if method == "stream" else answer.results
    assert sorted(result.model_id for result in results) == GOOD
    assert service.line.cuts == []
    assert sorted(service.runs[ran:]) == GOOD


def test_a_service_that_is_not_there_is_one_sentence(caplog: pytest.LogCaptureFixture) -> None:
    """After its tries, each of which is logged, a client says what it could not reach; a wrong address at once."""
    with (
        Client("http://127.0.0.1:9", tries=2) as client,
        pytest.raises(ServiceUnavailable, match=r"^http://127\.0\.0\.1:9 could not be reached in 2 attempts$"),
    ):
        client.models()
    [again] = caplog.messages
    assert again.startswith("http://127.0.0.1:9 is asked again in 0.")
    assert again.endswith(" s, attempt 2 of 2: it could not be reached")
    with pytest.raises(ValidationError, match="http://"):
        Client("localhost:8000")


def test_a_stream_that_is_left_ends_its_request(service: Running) -> None:
    """Whoever has seen enough leaves the loop; the client can be used and closed after it."""
    with Client(service.url) as client:
        for result in client.stream(picture(shade=55), GOOD):
            assert isinstance(result, CutoutResult)
            break
        assert client.models()


def test_a_client_may_be_closed_before_its_stream(service: Running) -> None:
    """What is left of a stream then ends without a word."""
    client = Client(service.url)
    stream = client.stream(picture(shade=56), GOOD)
    next(stream)
    client.close()
    client.close()
    stream.close()  # type: ignore[attr-defined]


def test_threads_share_a_client(service: Running) -> None:
    """Several threads may ask one client at a time."""
    with Client(service.url) as client:
        jobs = list[int]()
        threads = [threading.Thread(target=lambda: jobs.append(len(client.models()))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert jobs == [3] * 8


@pytest.mark.anyio
async def test_another_service_is_no_answer() -> None:
    """An answer that is not the contract's is an error in words, not a KeyError."""

    async def other(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": b'{"hello": "world"}'})

    async with served(other) as url, AsyncClient(url) as client:
        with pytest.raises(errors.InternalError, match="not as expected: models"):
            await client.models()
