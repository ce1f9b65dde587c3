"""The callers' picks over HTTP: logged, added up, and exported."""

import time
from collections.abc import AsyncIterator
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from cutout.accounts.keys import KeyRecord
from cutout.errors import ValidationError
from cutout.ledger import Ledger
from cutout.picks.pick import LoggedPick, Pick
from serve_app.contract import SelectionForm
from serve_app.endpoints.export import FORMATS
from serve_app.requests.forms import read_json


class SelectionEndpoints:
    """The endpoints of one ledger's picks."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def log_selection(self, request: Request) -> Response:
        """Log which model's cutout the caller chose. A second pick for a job replaces the first, and says so.

        A job of another API key is there for nobody else but an operator's key.
        """
        form = await read_json(request, SelectionForm)
        pick = Pick(
            job_id=form.job_id,
            selected_model_id=form.selected_model_id,
            image_category=(form.image_category or "").strip() or None,
            notes=form.notes or None,
            created_at=time.time(),
        )
        logged = await self._ledger.select(pick, _whose(request))
        body = {"status": "logged", "selection_id": logged.selection_id}
        return JSONResponse(body | ({"replaced": True} if logged.replaced else {}))

    async def stats(self, _: Request) -> Response:
        """How often each model was picked where it was offered: never a rate without its n and its 95 % interval.

        Of a job with several picks the last one counts. `none` counts as offered for each model and wins for none. A
        win rate depends on the company that a model was offered in.
        """
        return JSONResponse(asdict(await self._ledger.stats()))

    async def export(self, request: Request) -> Response:
        """Every pick of the caller's own jobs, and the models it was chosen from in the order shown.

        By an operator's key, or where no key is asked for, those of all jobs. As `format=csv` (the default) or `json`.
        In CSV a cell that begins with `=`, `+`, `-`, `@`, a tab or a line break has a single quote put before it, so
        that no spreadsheet takes it for a formula; JSON has every text as it was given. Job ids are left out: what is
        exported is passed on more freely than they should be.
        """
        wanted = request.query_params.get("format", "csv")
        if wanted not in FORMATS:
            raise ValidationError.of_field("format", f"format: {' or '.join(FORMATS)} expected", wanted)
        media_type, write = FORMATS[wanted]
        # The first page is read before the answer begins, so that a ledger that is away is a 503, not a torn file.
        pages = self._pages(await self._ledger.export(whose=_whose(request)), _whose(request))
        headers = {"Content-Disposition": f'attachment; filename="selections.{wanted}"'}
        return StreamingResponse(write(pages), media_type=media_type, headers=headers)

    async def _pages(self, page: tuple[LoggedPick, ...], whose: str | None) -> AsyncIterator[tuple[LoggedPick, ...]]:
        while page:
            yield page
            page = await self._ledger.export(page[-1].number, whose)


def _whose(request: Request) -> str | None:
    """The key's id whose jobs a caller may see; None, for an operator and where no key is asked for: everybody's."""
    key: KeyRecord | None = request.state.key
    return None if key is None or key.operator else key.id
