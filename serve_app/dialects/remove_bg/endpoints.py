"""POST /v1.0/removebg and GET /v1.0/account, each a list of named steps."""

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cutout.accounts.charges import ceilings, payers
from cutout.jobs import new_id
from cutout.ledger import Ledger
from cutout.models.spec import LOCAL
from cutout.pixels.plain import Size
from fetching.fetch import Fetcher
from serve_app.dialects.one_model import OneModel, answering_model
from serve_app.dialects.remove_bg.order import URLS, ordered, read_form
from serve_app.dialects.remove_bg.responses import answer
from serve_app.dialects.remove_bg.subjects import Subject
from serve_app.fanout.shotgun import Shotgun
from serve_app.requests.accept import prefers_json

NO_LIMIT: Final = 1_000_000
"""Credits where there is no ceiling, and free calls of a free model: the response's format requires a number."""


class RemoveBgEndpoints:
    """Both endpoints."""

    def __init__(self, shotgun: Shotgun, ledger: Ledger) -> None:
        self._shotgun = shotgun
        self._one_model = OneModel(shotgun.cut_out, shotgun.statuses)
        self._ledger = ledger
        self._service = shotgun.registry.service
        rules, most_bytes = self._service.fetch, self._service.limits.body_bytes
        self._fetchers = {field: Fetcher(rules, most_bytes, field=field) for field in URLS}

    async def removebg(self, request: Request) -> Response:
        """Remove the background of one picture, for callers of remove.bg's API; docs/drop-in.md has each field."""
        form = await read_form(request, self._service.limits)
        model = self._model(form.type)
        decoder, limits = self._shotgun.decoder, self._service.limits
        order = await ordered(form, new_id(), self._fetchers, decoder, limits, check_canvas=self._check_canvas)
        cutout = await self._one_model.cut_out(order.job_id, model, order.shown, request.state.key)
        found = await asyncio.to_thread(answer, order, cutout, self._service.encode)
        return await asyncio.to_thread(found.response, prefers_json(request.headers.get("accept", "")))

    async def account(self, request: Request) -> Response:
        """What the caller may still spend today, in remove.bg's form: a credit is one US dollar."""
        spec = self._shotgun.registry.models.get(self._model("auto"))  # None: fused, which is local
        provider, price_usd = (spec.provider, spec.price_usd) if spec else (LOCAL, 0.0)
        key = request.state.key
        limits = ceilings(self._service.daily_ceiling_usd, key)
        asked = {payer: limits[payer] for payer in payers(provider, key) if payer in limits}
        left = await self._ledger.left(asked) if asked else {}
        total = min(left.values(), default=NO_LIMIT)
        attributes = {
            "credits": {"total": total, "subscription": 0, "payg": total, "enterprise": 0},
            "api": {"free_calls": 0 if price_usd else NO_LIMIT, "sizes": "all"},
        }
        return JSONResponse({"data": {"attributes": attributes}})

    async def close(self) -> None:
        """Close what is still open."""
        for fetcher in self._fetchers.values():
            await fetcher.close()

    def _check_canvas(self, size: Size) -> None:
        self._shotgun.second_stage.check_size(size, 1, "crop_margin")

    def _model(self, subject: Subject) -> str:
        """The model for a type; a type is a hint, so one without a model of its own is answered as `auto` is."""
        types = self._service.drop_in.types.items()
        named = next((model for kind, model in types if kind == subject), None)
        return named or answering_model(self._service.drop_in.model)
