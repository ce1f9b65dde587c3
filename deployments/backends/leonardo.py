"""Leonardo.Ai: remove.bg's model under its official successor, by the synchronous API.

One JSON call with the picture in base64. The result is asked for by address and downloaded: in the reply it would be
limited to about 7.45 MB, and the whole call would fail beyond. `ephemeral` is always set, so that neither picture is
kept. A PNG is limited to 10 megapixels; larger pictures are asked for as WebP, which keeps its alpha up to 50.

Errors come with status 200, as `errors[]`. The service gives a call up after 27 s; whether it then charges is not
documented, so such a picture counts as charged. Only its documents were read; no call was made.

Sources: docs.leonardo.ai, reference/createsyncgeneration (2026-08-31), docs/remove-bg and
docs/migrate-from-the-removebg-api-to-leonardoai (2026-09-02).
"""

import asyncio
import base64
import json
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import Base64Bytes, BaseModel, Field, ValidationError

from cutout.models.status import EngineReport
from deployments.backends.remote.backend import RemoteBackend
from deployments.backends.remote.bill import Bill
from deployments.backends.remote.options import LimitsForm, RemoteOptions
from deployments.backends.remote.parcel import Parcel
from deployments.backends.remote.reply import Refused, Reply, Unreadable

PNG_PX: Final = 10_000_000
"""Most pixels of a PNG."""
CODES: Final = {
    "BAD_REQUEST": 400, "VALIDATION_ERROR": 400, "UNAUTHENTICATED": 401, "UNAUTHORIZED": 401, "ACCESS-DENIED": 401,
    "PAYMENT_REQUIRED": 402, "FORBIDDEN": 403, "NOT_FOUND": 404, "TOO_MANY_REQUESTS": 429, "RATE_LIMITED": 429,
    "SERVICE_UNAVAILABLE": 503,
}  # fmt: skip
"""Equivalent status of an error whose `extensions` have a code and no status; of others, 500."""
BLOCKED: Final = 451
"""Equivalent status of a result that the provider's moderation withholds."""
LOST: Final = (408, 502, 504)
"""Statuses after which the picture may have been processed, and charged."""


class LeonardoOptions(RemoteOptions):
    """`options:` of backend `leonardo`."""

    model: str = Field("remove-bg", description="The model's name at Leonardo.")
    base_url: str = Field(
        "https://cloud.leonardo.ai/api/rest/v2", description="LEONARDO_BASE_URL in the environment overrides it."
    )
    key_variable: str = Field("LEONARDO_API_KEY", description="Environment variable that holds the key.")
    limits: LimitsForm = Field(
        LimitsForm(max_px=50_000_000, max_bytes=7_400_000), description="Leonardo's limits: 7.5 MB in base64 calls."
    )


class _Extensions(BaseModel):
    status: int | None = Field(None, alias="statusCode")
    code: str | None = None


class _Fault(BaseModel):
    """One error."""

    message: str = ""
    extensions: _Extensions = Field(default_factory=_Extensions)


class _Cost(BaseModel):
    """A charge; `amount` is a number written as text."""

    amount: float
    unit: str

    @property
    def usd(self) -> float | None:
        """In USD; None: in API credits, whose price is the account's own."""
        return self.amount if self.unit == "DOLLARS" else None


class _Result(BaseModel):
    url: str | None = None
    data: Base64Bytes | None = Field(None, alias="dataB64")


class _Body(BaseModel):
    """A reply: results, or errors in one of two forms."""

    results: list[_Result] | None = None
    cost: _Cost | None = None
    blocked: int = Field(0, alias="blockedCount")
    errors: list[_Fault] = Field(default_factory=list)
    error: str | None = None
    code: str | None = None


class LeonardoBackend(RemoteBackend[LeonardoOptions]):
    """See the module."""

    Options = LeonardoOptions

    def report(self) -> EngineReport:
        """See Backend."""
        return EngineReport(self.spec.provider, self._url, self.options.model)

    async def exchange(self, parcel: Parcel, bill: Bill) -> bytes:
        """See RemoteBackend."""
        headers = self.provider.bearer() | {"Content-Type": "application/json", "Accept": "application/json"}
        content = await asyncio.to_thread(self._request, parcel)
        body = await self.provider.send("POST", self._url, _read, bill, headers=headers, content=content)
        bill.settle(body.cost.usd if body.cost else None)
        if not body.results:
            raise Refused(BLOCKED, f"{body.blocked} results were withheld by content moderation")
        result = body.results[0]
        if result.url:
            return await self.provider.download(result.url)
        if result.data:
            return result.data
        raise Unreadable("the result has neither url nor dataB64")

    @property
    def hosts(self) -> tuple[str, ...]:
        """See RemoteBackend. A base URL with a port is a test double's, which serves the results too."""
        base = urlsplit(self._url)
        return (base.netloc,) if base.port else ()

    @property
    def _url(self) -> str:
        return self.address("LEONARDO_BASE_URL", self.options.base_url) + "/generationssync"

    def _request(self, parcel: Parcel) -> bytes:
        is_small = parcel.padded.width * parcel.padded.height <= PNG_PX
        picture = {"type": "BASE64", "data": base64.b64encode(parcel.data).decode()}
        parameters: dict[str, Any] = {
            "size": "50MP", "format": "png" if is_small else "webp",
            "guidances": {"image_reference": [{"image": picture}]},
        }  # fmt: skip
        return json.dumps(
            {"model": self.options.model, "ephemeral": True, "public": False, "base64": False, "parameters": parameters}
        ).encode()


def _read(reply: Reply) -> _Body:
    """The results of a reply.

    Raises:
        Refused: by the status in the first error, or else by its code, or else by the reply's own status.
        Unreadable: no JSON, or an error after which the picture may have been charged.
    """
    try:
        body = _Body.model_validate_json(reply.body)
    except ValidationError:
        if 400 <= reply.status < 500 or reply.status == 503:
            raise reply.refused("no reason was given") from None
        raise Unreadable(f"JSON was expected with status {reply.status}") from None
    if body.results is not None and reply.status == 200:
        return body
    fault = body.errors[0] if body.errors else _Fault(message=body.error or "", extensions=_Extensions(code=body.code))
    status = _status(reply, fault.extensions)
    text = f"{fault.message or 'no reason was given'} ({fault.extensions.code or status})"
    if status in LOST:
        raise Unreadable(f"the picture may have been processed: {text}")
    raise reply.refused(text, status)


def _status(reply: Reply, told: _Extensions) -> int:
    if told.status:
        return told.status
    if reply.status != 200:
        return reply.status
    return CODES.get((told.code or "").upper(), 500)
