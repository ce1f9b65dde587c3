"""The callers' picks: logged, as statistics, and exported."""

import time
from collections.abc import Iterable
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from cutout.accounts.keys import KeyRecord
from cutout.errors import ValidationError
from cutout.ledger import Ledger
from cutout.picks.pick import LoggedPick, Pick
from serve_app.contract import SelectionForm
from serve_app.endpoints.export import (
    EXPORTS,
    FORMATS,
    PICK_COLUMNS,
    WORTH_COLUMNS,
    Pages,
    Row,
    pick_row,
    worth_rows,
)
from serve_app.requests.forms import read_json
from serve_app.storage.edits import EDITED, Edits


class SelectionEndpoints:
    """The endpoints of the picks in a ledger."""

    def __init__(self, ledger: Ledger, edits: Edits | None) -> None:
        """`edits`: the cutouts that were mended by hand, where jobs are stored."""
        self._ledger = ledger
        self._edits = edits

    async def log_selection(self, request: Request) -> Response:
        """Log which model's cutout the caller chose. A second pick for a job replaces the first; the answer says so.

        A job is found by the API key that made it, and by operators' keys. A pick of `edited` is logged for the model
        whose cutout was mended, and marked.
        """
        form = await read_json(request, SelectionForm)
        model_id, edited = await self._chosen(form)
        pick = Pick(
            job_id=form.job_id,
            selected_model_id=model_id,
            image_category=(form.image_category or "").strip() or None,
            notes=form.notes or None,
            created_at=time.time(),
            edited=edited,
            shown=tuple(form.shown or ()),
        )
        logged = await self._ledger.select(pick, _whose(request))
        body = {"status": "logged", "selection_id": logged.selection_id}
        return JSONResponse(body | ({"replaced": True} if logged.replaced else {}))

    async def _chosen(self, form: SelectionForm) -> tuple[str, bool]:
        """The model that was chosen, and whether its cutout was mended by hand.

        Raises:
            ValidationError: `edited`, of a job without an edited cutout.
        """
        field = "selected_model_id"
        if form.selected_model_id != EDITED:
            return form.selected_model_id, False
        edit = await self._edits.find_any(form.job_id) if self._edits else None
        if edit is None:
            message = f"{field}: this job has no edited cutout, or it is no longer stored; the model is expected"
            raise ValidationError.of_field(field, message, EDITED)
        return edit.source, True

    async def stats(self, _: Request) -> Response:
        """How often each model was picked when it was offered, each rate with its count and its 95 % interval.

        Of a job with several picks the last one counts. A pick of `none` counts as offered for every model and as won
        for none. A win rate depends on which other models were offered; `worths`, which is learned from all picks in
        the background, does not.
        """
        stats = await self._ledger.stats()
        return JSONResponse(asdict(stats) | {"worths": stats.worths.body()})

    async def export(self, request: Request) -> Response:
        """Every pick for the caller's own jobs, with the models that were offered, in the order shown.

        With an operator's key, or on a service without keys, the picks for all jobs. `what` is `picks` (the default) or
        `worths`, which is what was learned from all of them. `format` is `csv` (the default) or
        `json`. In CSV a cell that begins with `=`, `+`, `-`, `@`, a tab or a line break is prefixed with a single
        quote, so that no spreadsheet takes it for a formula; JSON has every text as it was given. Job ids are left out,
        since they give access to jobs, and an export may be passed on.
        """
        query = request.query_params
        wanted, what = _one_of(FORMATS, query.get("format", "csv"), "format"), query.get("what", "picks")
        media_type, write = FORMATS[wanted]
        # The first page is read before the response begins: an unavailable ledger is a 503, not half a file.
        if _one_of(EXPORTS, what, "what") == "worths":
            pages, columns = _single(worth_rows(await self._ledger.worths())), WORTH_COLUMNS
        else:
            first = await self._ledger.export(whose=_whose(request))
            pages, columns = self._pages(first, _whose(request)), PICK_COLUMNS
        headers = {"Content-Disposition": f'attachment; filename="{EXPORTS[what]}.{wanted}"'}
        return StreamingResponse(write(pages, columns), media_type=media_type, headers=headers)

    async def _pages(self, page: tuple[LoggedPick, ...], whose: str | None) -> Pages:
        while page:
            yield map(pick_row, page)
            page = await self._ledger.export(page[-1].number, whose)


async def _single(rows: list[Row]) -> Pages:
    yield rows


def _one_of(known: Iterable[str], wanted: str, field: str) -> str:
    if wanted not in known:
        raise ValidationError.of_field(field, f"{field}: {' or '.join(known)} expected", wanted)
    return wanted


def _whose(request: Request) -> str | None:
    """Id of the key whose jobs the caller may see; None, for operators and on a service without keys: all jobs."""
    key: KeyRecord | None = request.state.key
    return None if key is None or key.operator else key.id
