"""Every fault of a provider against what the caller sees, the calls that were made, and the money that was counted.

The registry's price (0.0007, 0.006, 0.2, 0.02 USD) is counted where a paid call may have been charged and nobody said
so; what the fake charges (0.0006, 0.005, 0.1047, 0.01 USD) where its reply said so; nothing where it refused.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from cutout.errors import ModelBusy, ModelError, ModelTimeout, ModelUnavailable, ProviderError
from tests.support.patience import HANG_S, skip, when
from tests.support.remote_backends import (
    KEYS,
    opened,
    picture,
    served_http_api,
    served_kie,
    served_leonardo,
    served_runware,
)

SERVED: dict[str, Any] = {
    "runware": served_runware, "kie": served_kie, "leonardo": served_leonardo, "http_api": served_http_api
}  # fmt: skip
PAID = {"runware": "task", "kie": "create", "leonardo": "generate", "http_api": "picture"}


@dataclass(frozen=True)
class Row:
    """A fault, and what must come of it."""

    backend: str
    fault: str
    """Behaviours of the paid stage, the last one forever; or `stage: behaviours`."""
    error: type[ModelError] | None
    """What the caller sees; None: a cutout."""
    says: str
    """Part of the error's sentence, or of the cutout's note."""
    calls: int
    """Calls of the paid stage."""
    cost_usd: float
    waits_at: str = ""
    """The stage at which a picture that is late stays, where it is another one than the fault's."""
    others: Mapping[str, int] = field(default_factory=dict)
    """Calls of other stages, where they matter."""
    told: Mapping[str, Any] = field(default_factory=dict)
    """How the fake is set up."""
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return " ".join([self.backend, self.fault, *map(str, self.told.values())])


def runware(fault: str, error: type[ModelError] | None, says: str, calls: int, cost_usd: float, **more: Any) -> Row:
    return Row("runware", fault, error, says, calls, cost_usd, **more)


def kie(fault: str, error: type[ModelError] | None, says: str, calls: int, cost_usd: float, **more: Any) -> Row:
    return Row("kie", fault, error, says, calls, cost_usd, **more)


def leonardo(fault: str, error: type[ModelError] | None, says: str, calls: int, cost_usd: float) -> Row:
    return Row("leonardo", fault, error, says, calls, cost_usd)


def http_api(fault: str, error: type[ModelError] | None, says: str, calls: int, cost_usd: float) -> Row:
    return Row("http_api", fault, error, says, calls, cost_usd)


ADVICE = {"alternative": {"model": "bria:2@1", "price_usd": 0.018}}
RUNWARE = [
    # refusals before any work are tried again, all others are not
    runware("busy busy good", None, "", 3, 0.0006),
    runware("unavailable good", None, "", 2, 0.0006),
    runware("busy_0 good", None, "", 2, 0.0006),
    runware("busy", ModelBusy, "A Model answered 429: The queue is full. (rateLimitExceeded)", 3, 0),
    runware("busy_30", ModelBusy, "answered 429", 1, 0),  # asks for more patience than we have
    runware("unavailable", ModelUnavailable, "answered 503: No server is free.", 3, 0),
    runware("bad_request", ProviderError, "answered 400: The image could not be read. (invalidInputImage)", 1, 0),
    runware("blocked", ProviderError, "answered 400: The content is not allowed.", 1, 0),
    runware("no_credit", ProviderError, "answered 402: The balance is too low.", 1, 0),
    runware("no_permission", ProviderError, "answered 403", 1, 0),
    runware("broken", ProviderError, "answered 500: Something broke.", 1, 0),
    runware("queue_timeout", ProviderError, "answered 504: The longest wait has passed.", 1, 0),
    # a model that is gone: the alternative is named, and not taken
    runware("retired", ProviderError, "bria:2@1 at 0.018 USD a picture can take its place", 1, 0, options=ADVICE),
    runware("gone", ProviderError, "bria:2@1 at 0.018 USD a picture can take its place", 1, 0, options=ADVICE),
    runware("gone", ProviderError, "configs/models/a_runware.yaml", 1, 0),
    # both forms of a task's error, and the third that is seen
    runware("item_error", ProviderError, "answered 500: The model broke. (inferenceError)", 1, 0),
    runware("entry_error", ProviderError, "answered 500: The model broke. (inferenceError)", 1, 0),
    runware("single_error", ProviderError, "answered 500: The model broke. (inferenceError)", 1, 0),
    runware("mixed", None, "", 1, 0.0006),
    # an error code with status 200 is known by its family
    runware("code:unauthorized", ProviderError, "answered 401: So it is. (unauthorized)", 1, 0),
    runware("code:insufficientCredits", ProviderError, "answered 402", 1, 0),
    runware("code:timeoutProvider", ProviderError, "answered 504", 1, 0),
    runware("code:providerError", ProviderError, "answered 500", 1, 0),
    runware("code:nsfwContentDetected", ProviderError, "answered 400", 1, 0),
    runware("code:modelNotFound", ProviderError, "answered 404: model runware:112@10 is not known", 1, 0),
    # a result, in some shape
    runware("no_cost", None, "", 1, 0.0007),
    runware("smaller", None, "saw the picture at 160x140 px", 1, 0.0006),
    runware("jpg", ProviderError, "a picture with transparency was expected, not image/jpeg without", 1, 0.0006),
    runware("html_inside", ProviderError, "a picture was expected, not 23 bytes of text/html", 1, 0.0006),
    runware("no_image", ProviderError, "the task has no imageBase64Data", 1, 0.0006),
    runware("other_shape", ProviderError, "the shape 320x280 was expected, not 320x140", 1, 0.0006),
    # the answer is lost: the picture may have been charged, and is not sent again
    runware("truncated", ProviderError, "sent a reply that makes no sense", 1, 0.0007),
    runware("dropped", ProviderError, "closed the connection before it answered", 1, 0.0007),
    runware("html", ProviderError, "sent a reply that makes no sense", 1, 0.0007),
    runware("bad_gateway", ProviderError, "status 502 without a reason", 1, 0.0007),
    runware("edge_timeout", ProviderError, "status 504 without a reason", 1, 0.0007),
    runware("taken", ProviderError, "the task was taken before, and its result is lost", 2, 0.0007),
    runware("hang", ModelTimeout, "API timeout after 300s", 1, 0.0007),
]
REFUSED_BY_KIE = [
    ("401", ProviderError, "answered 401: You do not have access permissions", 1),
    ("402", ProviderError, "answered 402: Insufficient credits", 1),
    ("422", ProviderError, "answered 422: Validation failed", 1),
    ("433", ProviderError, "answered 433", 1),
    ("455", ModelUnavailable, "answered 455: Maintenance", 1),
    ("500", ProviderError, "answered 500", 1),
    ("505", ProviderError, "answered 505: Feature disabled", 1),
    ("429", ModelBusy, "answered 429: Too many requests", 3),
    ("503", ModelUnavailable, "answered 503", 3),
]
KIE = [
    # an error code decides, whichever HTTP status it comes with
    *(kie(*row, 0, told={"errors_as": form}) for row in REFUSED_BY_KIE for form in ("body", "status")),
    kie("429 429 good", None, "", 3, 0.005),
    kie("edge", ProviderError, "blocked by the edge network, which is not about the key: error code: 1010", 1, 0),
    # the task's id is lost: it may have been charged, and is not created again
    kie("hang", ModelTimeout, "API timeout after 300s", 1, 0.006),
    kie("truncated", ProviderError, "JSON was expected with status 200", 1, 0.006),
    kie("dropped", ProviderError, "closed the connection before it answered", 1, 0.006),
    kie("bad_gateway", ProviderError, "JSON was expected with status 502", 1, 0.006),
    kie("no_task", ProviderError, "sent a reply that makes no sense: taskId Field required", 1, 0.006),
    # the task
    kie("unknown_3", None, "", 1, 0.005),
    kie("unknown_99", ProviderError, "answered 422: recordInfo is null", 1, 0.006, others={"look": 6}),
    kie("object", None, "", 1, 0.005),
    kie("stuck", ModelTimeout, "API timeout after 300s", 1, 0.006, waits_at="look"),
    kie("fail", ProviderError, "answered 501: The model broke. (501)", 1, 0),
    kie("fail_charged", ProviderError, "answered 501: The model broke. (501)", 1, 0.005),
    kie("empty", ProviderError, "sent a reply that makes no sense", 1, 0.005, others={"result": 0}),
    # what is free is asked again
    kie("upload: 500 good", None, "", 1, 0.005, others={"upload": 2}),
    kie("upload: 500", ProviderError, "answered 500", 0, 0, others={"upload": 3}),
    kie("upload: hang", ModelTimeout, "API timeout after 300s", 0, 0, others={"upload": 1}),
    kie("look: 500 429 good", None, "", 1, 0.005),
    kie("look: 500", ProviderError, "answered 500", 1, 0.006, others={"look": 3}),
    kie("result: 503 good", None, "", 1, 0.005, others={"result": 2}),
    # the result
    kie("result: hang", ModelTimeout, "API timeout after 300s", 1, 0.005),
    kie("missing", ProviderError, "answered 404: the result could not be downloaded", 1, 0.005, others={"result": 1}),
    kie("html", ProviderError, "a picture was expected, not 51 bytes of text/html", 1, 0.005),
    kie("jpg", ProviderError, "a picture with transparency was expected, not image/jpeg without", 1, 0.005),
]
LEONARDO = [
    leonardo("429 good", None, "", 2, 0.1047),
    leonardo("429", ModelBusy, "answered 429: So it is (CODE)", 3, 0),
    leonardo("503", ModelUnavailable, "answered 503: So it is", 3, 0),
    leonardo("400", ProviderError, "answered 400: So it is (CODE)", 1, 0),
    leonardo("402", ProviderError, "answered 402", 1, 0),
    leonardo("500", ProviderError, "answered 500", 1, 0),
    leonardo("code:BAD_REQUEST", ProviderError, "answered 400: So it is (BAD_REQUEST)", 1, 0),
    leonardo("code:strange", ProviderError, "answered 500: So it is (strange)", 1, 0),
    leonardo("status_401", ProviderError, "answered 401: So it is (unexpected)", 1, 0),
    # it gives up after 27 s, and may have charged
    leonardo("gave_up", ProviderError, "the picture may have been processed: The generation timed out", 1, 0.2),
    leonardo("status_502", ProviderError, "the picture may have been processed", 1, 0.2),
    leonardo("bad_gateway", ProviderError, "JSON was expected with status 502", 1, 0.2),
    leonardo("html", ProviderError, "JSON was expected with status 200", 1, 0.2),
    leonardo("truncated", ProviderError, "JSON was expected with status 200", 1, 0.2),
    leonardo("dropped", ProviderError, "closed the connection before it answered", 1, 0.2),
    leonardo("hang", ModelTimeout, "API timeout after 300s", 1, 0.2),
    # a result, in some shape
    leonardo("no_cost", None, "", 1, 0.2),
    leonardo("credits", None, "", 1, 0.2),
    leonardo("blocked", ProviderError, "answered 451: 1 results were withheld by content moderation", 1, 0.1047),
    leonardo("no_picture", ProviderError, "the result has neither url nor dataB64", 1, 0.1047),
    leonardo("jpg", ProviderError, "a picture with transparency was expected, not image/jpeg without", 1, 0.1047),
    leonardo("result: expired", ProviderError, "answered 403: the result could not be downloaded", 1, 0.1047),
    leonardo("result: html", ProviderError, "a picture was expected, not 51 bytes of text/html", 1, 0.1047),
]
HTTP_API = [
    http_api("429 good", None, "", 2, 0.01),
    http_api("busy_0 good", None, "", 2, 0.01),
    http_api("busy_30", ModelBusy, "answered 429: Rate limit exceeded", 1, 0),
    http_api("429", ModelBusy, "answered 429", 3, 0),
    http_api("503", ModelUnavailable, "answered 503", 3, 0),
    http_api("400", ProviderError, "answered 400: Could not identify foreground in image", 1, 0),
    http_api("402", ProviderError, "answered 402", 1, 0),
    http_api("403", ProviderError, "answered 403", 1, 0),
    http_api("500", ProviderError, "answered 500", 1, 0),
    http_api("no_cost", None, "", 1, 0.02),
    http_api("bad_gateway", ProviderError, "status 502 from a gateway", 1, 0.02),
    http_api("dropped", ProviderError, "closed the connection before it answered", 1, 0.02),
    http_api("hang", ModelTimeout, "API timeout after 300s", 1, 0.02),
    http_api("html", ProviderError, "a picture was expected, not 51 bytes of text/html", 1, 0.02),
    http_api("jpg", ProviderError, "a picture with transparency was expected, not image/jpeg without", 1, 0.01),
]


@pytest.mark.anyio
@pytest.mark.parametrize("row", [*RUNWARE, *KIE, *LEONARDO, *HTTP_API], ids=lambda row: row.id)
async def test_fault(row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller sees one error with its cost, or a cutout; calls and money are as the table says."""
    for variable, key in KEYS.items():
        monkeypatch.setenv(variable, key)
    stage, _, behaviours = row.fault.rpartition(": ")
    *first, last = behaviours.split()
    with SERVED[row.backend](**row.told) as (fake, address):
        fake.script.once(stage or PAID[row.backend], *first)
        fake.script.always(stage or PAID[row.backend], last)
        async with opened(row.backend, **address, **row.options) as backend:
            removing = asyncio.create_task(backend.remove(picture()))
            if row.error is ModelTimeout:
                await when(lambda: fake.script.seen(row.waits_at or stage or PAID[row.backend]))
                skip(HANG_S)
            try:
                matte = await removing
                kind, text, cost_usd = None, matte.note or "", matte.cost_usd
            except ModelError as error:
                kind, text, cost_usd = type(error), error.message, error.details["cost_usd"]

    calls = Counter(call.stage for call in fake.script.calls)
    assert (kind, calls[PAID[row.backend]]) == (row.error, row.calls), text
    assert row.says in text
    assert {stage: calls[stage] for stage in row.others} == row.others
    assert cost_usd == pytest.approx(row.cost_usd)
