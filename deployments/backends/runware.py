"""Runware: `removeBackground` over its REST API, one task a call, the picture inline both ways.

The call is synchronous, as Runware recommends for tasks under a minute; base64 saves a second request. A repeated call
keeps its taskUUID, as in Runware's own SDK: if the first one was accepted after all, the second is refused as a
conflict instead of being charged again.

Sources: runware.ai/docs (models/birefnet-portrait, models-api/errors), PyPI runware-sdk 1.8.0.
"""

import asyncio
import base64
import json
import re
import uuid
from typing import Any

from pydantic import Base64Bytes, BaseModel, Field, NonNegativeFloat, ValidationError

from cutout.models.status import EngineReport
from cutout.spec import Spec
from deployments.backends.remote.backend import RemoteBackend
from deployments.backends.remote.bill import Bill
from deployments.backends.remote.options import LimitsForm, RemoteOptions
from deployments.backends.remote.parcel import Parcel
from deployments.backends.remote.reply import Reply, Unreadable

FAMILIES = {
    r"ApiKey|unauthorized": 401,
    r"Credits|Quota|Balance|paymentRequired": 402,
    r"forbidden": 403,
    r"NotFound|Expired": 404,
    r"RateLimit": 429,
    r"modelUnavailable|noAvailableServer|serviceUnavailable": 503,
    r"Timeout": 504,
    r"^provider|inferenceError|downloadFailed|internal": 500,
}
"""Pattern of an error code -> equivalent HTTP status; the first match decides, otherwise 400."""
CONFLICT = "conflictTaskUUID"


class AlternativeForm(Spec):
    """A replacement, for when the provider no longer knows the model."""

    model: str = Field(description="Its AIR.")
    price_usd: NonNegativeFloat = Field(description="Its price per picture, in USD.")


class RunwareOptions(RemoteOptions):
    """`options:` of backend `runware`."""

    model: str = Field(description="The model's AIR, such as `runware:112@10`.")
    alternative: AlternativeForm | None = Field(
        None, description="Named in the error if Runware no longer knows the model; never used automatically."
    )
    base_url: str = Field("https://api.runware.ai/v1", description="RUNWARE_BASE_URL in the environment overrides it.")
    key_variable: str = Field("RUNWARE_API_KEY", description="Environment variable that holds the key.")
    # Runware documents no limit for inline pictures; published clients keep to ten megabytes.
    limits: LimitsForm = Field(LimitsForm(max_bytes=10_000_000), description="Runware's limits.")


class _Fault(BaseModel):
    """One error; only `code` and `message` are reliable."""

    code: str = ""
    message: str = ""
    parameter: Any = None
    task: str | None = Field(None, alias="taskUUID")


class _Item(BaseModel):
    """One task's result, or its error."""

    task: str = Field(alias="taskUUID")
    image: Base64Bytes | None = Field(None, alias="imageBase64Data")
    cost: float | None = None
    error: _Fault | None = None


class _Body(BaseModel):
    """A response; either list may be missing, and some errors are not in a list."""

    data: list[_Item] | None = None
    errors: list[_Fault] | None = None
    error: _Fault | None = None


class RunwareBackend(RemoteBackend[RunwareOptions]):
    """See the module."""

    Options = RunwareOptions

    def report(self) -> EngineReport:
        """See Backend."""
        return EngineReport(self.spec.provider, self._url, self.options.model)

    async def exchange(self, parcel: Parcel, bill: Bill) -> bytes:
        """See RemoteBackend."""
        task = str(uuid.uuid4())
        item = await self.provider.send(
            "POST",
            self._url,
            lambda reply: self._read(reply, task),
            bill,
            headers=self.provider.bearer() | {"Content-Type": "application/json"},
            content=await asyncio.to_thread(self._tasks, parcel, task),
        )
        bill.settle(item.cost)
        if item.image is None:
            raise Unreadable("the task has no imageBase64Data")
        return item.image

    @property
    def _url(self) -> str:
        return self.address("RUNWARE_BASE_URL", self.options.base_url)

    def _tasks(self, parcel: Parcel, task: str) -> bytes:
        image = f"data:{parcel.media_type};base64,{base64.b64encode(parcel.data).decode()}"
        return json.dumps([{
            "taskType": "removeBackground", "taskUUID": task, "model": self.options.model, "inputs": {"image": image},
            "outputType": "base64Data", "outputFormat": "PNG", "includeCost": True, "deliveryMethod": "sync",
        }]).encode()  # fmt: skip

    def _read(self, reply: Reply, task: str) -> _Item:
        """The result of our task; others in the response are ignored."""
        body = _body(reply)
        item = next((item for item in body.data or [] if item.task == task), None)
        if item and not item.error:
            return item
        own = [item.error] if item and item.error else []
        faults = own + [fault for fault in [*(body.errors or []), body.error] if fault and fault.task in (task, None)]
        if not faults:
            raise Unreadable(f"neither a result nor an error for the task came with status {reply.status}")
        raise self._refusal(reply, faults[0])

    def _refusal(self, reply: Reply, fault: _Fault) -> Exception:
        """By the status first, then by the pattern of the code, as Runware documents."""
        if fault.code == CONFLICT:
            return Unreadable("the task was taken before, and its result is lost")  # so the bill is not cleared
        family = next((like for known, like in FAMILIES.items() if re.search(known, fault.code, re.IGNORECASE)), 400)
        code = reply.status if reply.status >= 400 else family
        about_model = "model" in fault.code.lower() or "model" in str(fault.parameter)
        if about_model and {code, family} <= {400, 404}:
            return reply.refused(self._unknown_model(fault), code)
        return reply.refused(f"{fault.message} ({fault.code})", code)

    def _unknown_model(self, fault: _Fault) -> str:
        other = self.options.alternative
        advice = f"; {other.model} at {other.price_usd:g} USD a picture can take its place" if other else ""
        return (
            f"model {self.options.model} is not known ({fault.code}){advice}; "
            f"options.model and price_usd are set in configs/models/{self.spec.id}.yaml"
        )


def _body(reply: Reply) -> _Body:
    """The JSON of a response; without JSON, it is refused by its status or, from a gateway, unreadable."""
    try:
        return _Body.model_validate_json(reply.body)
    except ValidationError:
        if 400 <= reply.status < 500 or reply.status == 503:
            raise reply.refused("no reason was given") from None
        if reply.status != 200:
            raise Unreadable(f"status {reply.status} without a reason") from None
        raise
