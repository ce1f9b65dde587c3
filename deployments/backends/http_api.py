"""Any API that receives a picture and returns one, such as remove.bg, Photoroom and withoutBG, by configuration alone.

One POST, multipart or JSON, with the key in a header; the response is the picture, or JSON with the picture in base64.
Every status but 2xx is a refusal that costs nothing, except for 502 and 504: a gateway does not know what happened
behind it.

Sources: the OpenAPI descriptions of remove.bg and Photoroom, and docs.withoutbg.com.
"""

import base64
import binascii
import json
from typing import Any, Literal, Self

from pydantic import Field, JsonValue, NonNegativeFloat, model_validator

from cutout.models.status import EngineReport
from deployments.backends.remote.backend import RemoteBackend
from deployments.backends.remote.bill import Bill
from deployments.backends.remote.options import RemoteOptions
from deployments.backends.remote.parcel import Parcel
from deployments.backends.remote.reply import Reply, Unreadable

GATEWAY = (502, 504)
REASONS = ("detail", "title", "message", "msg", "error", "errors")
"""Fields in which such APIs state an error, the most specific first."""


class HttpApiOptions(RemoteOptions):
    """`options:` of backend `http_api`."""

    url: str = Field(pattern="^https?://", description="Where a picture is sent.")
    key_header: str = Field("X-Api-Key", description="Header that carries the key.")
    key_prefix: str = Field("", description="Text before the key in it, such as `Bearer ` with its space.")
    body: Literal["multipart", "json"] = Field("multipart", description="How the picture is sent; in JSON, as base64.")
    image_field: str = Field(description="Name of the field with the picture.")
    fields: dict[str, str | int | float | bool] = Field(
        default_factory=dict, description="Additional fields, the same for every picture."
    )
    reply: Literal["binary", "base64"] = Field("binary", description="The response: the file, or JSON with it.")
    reply_field: str = Field("image", description="Where the picture is in the JSON, such as `data.result_b64`.")
    cost_header: str | None = Field(None, description="Response header with the charge, in credits.")
    credit_usd: NonNegativeFloat = Field(0.0, description="Price of a credit, in USD; required beside `cost_header`.")

    @model_validator(mode="after")
    def _credits_have_a_price(self) -> Self:
        if self.cost_header and not self.credit_usd:
            raise ValueError("credit_usd: a price is expected beside cost_header; every picture would be free")
        return self


class HttpApiBackend(RemoteBackend[HttpApiOptions]):
    """See the module."""

    Options = HttpApiOptions

    def report(self) -> EngineReport:
        """See Backend."""
        return EngineReport(self.spec.provider, self.options.url)

    async def exchange(self, parcel: Parcel, bill: Bill) -> bytes:
        """See RemoteBackend."""
        accept = "image/png" if self.options.reply == "binary" else "application/json"
        key = self.provider.key_header(self.options.key_header, self.options.key_prefix)
        picture, cost_usd = await self.provider.send(
            "POST", self.options.url, self._read, bill, headers=key | {"Accept": accept}, **self._content(parcel)
        )
        bill.settle(cost_usd)
        return picture

    def _content(self, parcel: Parcel) -> dict[str, Any]:
        name, fields = self.options.image_field, self.options.fields
        if self.options.body == "json":
            return {"json": {**fields, name: base64.b64encode(parcel.data).decode()}}
        return {"files": {name: (parcel.file_name, parcel.data, parcel.media_type)}, "data": fields}

    def _read(self, reply: Reply) -> tuple[bytes, float | None]:
        """The picture, and its cost in USD if the response states it."""
        if reply.status in GATEWAY:
            raise Unreadable(f"status {reply.status} from a gateway")
        if not 200 <= reply.status < 300:
            raise reply.refused(_reason(_json(reply)) or "no reason was given")
        picture = reply.body if self.options.reply == "binary" else _inside(_json(reply), self.options.reply_field)
        return picture, self._cost_usd(reply)

    def _cost_usd(self, reply: Reply) -> float | None:
        charged = reply.headers.get(self.options.cost_header or "", "")
        try:
            return float(charged) * self.options.credit_usd
        except ValueError:
            return None


def _json(reply: Reply) -> JsonValue:
    """The JSON of a response; None when it is not JSON."""
    try:
        parsed: JsonValue = json.loads(reply.body)
    except ValueError:
        return None
    return parsed


def _inside(body: JsonValue, path: str) -> bytes:
    """The picture in base64 at `path`, field names separated by dots."""
    for name in path.split("."):
        body = body.get(name) if isinstance(body, dict) else None
    if not isinstance(body, str):
        raise Unreadable(f"base64 was expected at {path}")
    try:
        return base64.b64decode(body.rpartition(",")[2], validate=True)  # in a data URI, after the comma
    except binascii.Error as broken:
        raise Unreadable(f"base64 was expected at {path}") from broken


def _reason(body: JsonValue) -> str:
    """The first text among the fields of REASONS."""
    if isinstance(body, str):
        return body
    inner = body if isinstance(body, list) else [body.get(name) for name in REASONS] if isinstance(body, dict) else []
    return next((reason for value in inner if (reason := _reason(value))), "")
