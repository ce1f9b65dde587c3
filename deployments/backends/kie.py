"""Kie.ai: upload, create a task, poll until it has ended, download.

Uploading, polling and downloading are free and repeatable. `createTask` costs money and has no idempotency key: it is
repeated only after a refusal. Most failures come as HTTP 200 with a `code` in the body, so the body takes precedence
over the status.

Sources: docs.kie.ai (getting started, get-task-detail, upload-file-stream); published clients for what these leave
open: the format of `resultJson`, `creditsConsumed`, refusals by the edge network.
"""

import asyncio
import uuid
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, Json, PositiveFloat, ValidationError

from cutout.models.status import EngineReport
from cutout.spec import AllowedHost
from deployments.backends.remote.backend import RemoteBackend
from deployments.backends.remote.bill import Bill
from deployments.backends.remote.options import CallsForm, LimitsForm, RemoteOptions
from deployments.backends.remote.parcel import Parcel
from deployments.backends.remote.reply import Refused, Reply, Unreadable

FOLDER = "cutout-shotgun"
"""`uploadPath`; file names in it are unique, since an equal one would overwrite another caller's picture."""
NOT_YET = (404, 422)
"""Codes of a poll before the task is known everywhere: "recordInfo is null"."""
GENERATION_FAILED = 501

M = TypeVar("M", bound=BaseModel)


class KieCallsForm(CallsForm):
    """`calls:` of backend `kie`."""

    busy_wait_s: PositiveFloat = Field(
        10.0, description="Seconds after a 429, plus jitter: 20 new tasks in 10 s are taken, further ones not queued."
    )


class KieOptions(RemoteOptions):
    """`options:` of backend `kie`."""

    model: str = Field("recraft/remove-background", description="The model's name.")
    base_url: str = Field("https://api.kie.ai", description="KIE_BASE_URL in the environment overrides it.")
    upload_url: str = Field(
        "https://kieai.redpandaai.co",
        description="Host of uploads; KIE_UPLOAD_URL in the environment overrides it. Where it names a port, as a "
        "stand-in's does, results may lie there too, even if it is private.",
    )
    allowed_hosts: tuple[AllowedHost, ...] = Field(
        (), description="Hosts of results that may be private, as in `fetch.allowed_hosts` of service.yaml."
    )
    key_variable: str = Field("KIE_API_KEY", description="Environment variable that holds the key.")
    limits: LimitsForm = Field(
        LimitsForm(max_side_px=4096, min_side_px=256, max_px=16_000_000, max_bytes=5 * 1024 * 1024),
        description="The model's limits.",
    )
    calls: KieCallsForm = Field(default_factory=KieCallsForm, description="How Kie.ai is called.")
    credit_usd: PositiveFloat = Field(0.005, description="Price of a credit, in USD.")
    poll_s: PositiveFloat = Field(
        0.5, description="Seconds before a task's status is first requested; later intervals grow."
    )
    poll_growth: float = Field(1.2, ge=1, description="Factor by which the interval grows.")
    poll_max_s: PositiveFloat = Field(5.0, description="Longest interval, in seconds.")
    unknown_polls: int = Field(5, ge=0, description="How often a new task's status may be unknown.")


class _Body(BaseModel):
    """Every response of Kie.ai; both fields for the reason are in use."""

    code: int | None = None
    success: bool | None = None
    msg: str | None = None
    message: str | None = None
    data: Any = None


class _Upload(BaseModel):
    url: str = Field(alias="downloadUrl")


class _Task(BaseModel):
    id: str = Field(alias="taskId")


class _Urls(BaseModel):
    urls: list[str] = Field(alias="resultUrls", min_length=1)


class _Record(BaseModel):
    state: str = ""
    result: Any = Field(None, alias="resultJson")
    fail_code: str | int | None = Field(None, alias="failCode")
    fail_reason: str | None = Field(None, alias="failMsg")
    credits: float | None = Field(None, alias="creditsConsumed")


class _Result(BaseModel):
    """`resultJson`, valid only after success: JSON in a string, or already parsed."""

    result: Json[_Urls] | _Urls


class KieBackend(RemoteBackend[KieOptions]):
    """See the module."""

    Options = KieOptions

    def report(self) -> EngineReport:
        """See Backend."""
        return EngineReport(self.spec.provider, self._url, self.options.model)

    async def exchange(self, parcel: Parcel, bill: Bill) -> bytes:
        """See RemoteBackend."""
        source = await self._upload(parcel)
        task = await self._create(source, bill)
        record = await self._done(task)
        bill.settle(self._cost_usd(record, failed=record.state == "fail"))
        if record.state == "fail":
            reason = record.fail_reason or "no reason was given"
            raise Refused(GENERATION_FAILED, f"{reason} ({record.fail_code})" if record.fail_code else reason)
        urls = _Result(result=record.result).result.urls
        return await self.provider.download(urls[0])

    @property
    def hosts(self) -> tuple[str, ...]:
        """See RemoteBackend. An upload host with a port is a test double, which serves the results too."""
        uploads = urlsplit(self._upload_url)
        return (*self.options.allowed_hosts, *([uploads.netloc] if uploads.port else []))

    @property
    def _url(self) -> str:
        return self.address("KIE_BASE_URL", self.options.base_url)

    @property
    def _upload_url(self) -> str:
        return self.address("KIE_UPLOAD_URL", self.options.upload_url)

    async def _upload(self, parcel: Parcel) -> str:
        """The URL of the uploaded picture, valid for a day."""
        name = f"{uuid.uuid4().hex}-{parcel.file_name}"
        uploaded = await self.provider.send(
            "POST",
            self._upload_url + "/api/file-stream-upload",
            lambda reply: _data(reply, _Upload),
            headers=self.provider.bearer(),
            files={"file": (name, parcel.data, parcel.media_type)},
            data={"uploadPath": FOLDER, "fileName": name},
        )
        return uploaded.url

    async def _create(self, source: str, bill: Bill) -> str:
        task = await self.provider.send(
            "POST",
            self._url + "/api/v1/jobs/createTask",
            lambda reply: _data(reply, _Task),
            bill,
            headers=self.provider.bearer(),
            json={"model": self.options.model, "input": {"image": source}},
        )
        return task.id

    async def _done(self, task: str) -> _Record:
        """The record of a task that has ended. Only the model's timeout bounds the wait."""
        unknown, gap_s = self.options.unknown_polls, self.options.poll_s
        while True:
            await asyncio.sleep(gap_s)
            gap_s = min(self.options.poll_max_s, gap_s * self.options.poll_growth)
            try:
                record = await self._look(task)
            except Refused as refusal:
                if refusal.code not in NOT_YET or unknown == 0:
                    raise
                unknown -= 1
                continue
            if record.state in ("success", "fail"):
                return record

    async def _look(self, task: str) -> _Record:
        return await self.provider.send(
            "GET",
            self._url + "/api/v1/jobs/recordInfo",
            lambda reply: _data(reply, _Record),
            headers=self.provider.bearer(),
            params={"taskId": task},
        )

    def _cost_usd(self, record: _Record, failed: bool) -> float | None:
        """What was charged, according to the record; a failure that states no credits counts as free."""
        if record.credits is not None:
            return record.credits * self.options.credit_usd
        return 0.0 if failed else None


def _data(reply: Reply, form: type[M]) -> M:
    """The data of a successful response.

    Raises:
        Refused: by the body's code or, without one, by the status.
        Unreadable: not JSON, from a gateway that may have lost the actual response.
    """
    try:
        body = _Body.model_validate_json(reply.body)
    except ValidationError:
        raise _without_json(reply) from None
    code = body.code or reply.status
    if code != 200 or body.success is False:
        raise reply.refused(body.msg or body.message or "no reason was given", code if code != 200 else 500)
    return form.model_validate(body.data)


def _without_json(reply: Reply) -> Exception:
    said = reply.body[:100].decode(errors="replace")
    if reply.status == 403:
        return reply.refused(f"blocked by the edge network, which is not about the key: {said}")
    if 400 <= reply.status < 500 or reply.status == 503:
        return reply.refused(said)
    return Unreadable(f"JSON was expected with status {reply.status}")
