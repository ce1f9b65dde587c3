"""Who may come in, and how often: keys, requests a minute, jobs at a time."""

import uuid
from collections.abc import Collection
from fnmatch import fnmatchcase

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cutout.accounts.keys import KeyRing
from cutout.accounts.rate_limit import JobSlot, RateLimitDecision
from cutout.accounts.spec import AccessSpec
from cutout.errors import CutoutError, RateLimited, Unauthorized
from cutout.ledger import Ledger
from serve_app.dialects import refusal
from serve_app.middleware.admission import ConcurrencyLimit, when_made
from serve_app.middleware.callers import Caller, Callers
from serve_app.middleware.rate_limit import RateLimits
from serve_app.middleware.transfers import Transfers, whole

OPEN = frozenset({"/", "/leaderboard", "/health", "/docs", "/openapi.json"})
OPEN_UNDER = ("/health/", "/docs/", "/static/", "/results/")
"""Paths without a key, and not counted. Probes have none. A browser opens the page and the documentation, and loads
their parts, without a header that a script could set; they hold no picture and cost nothing, and the page asks for the
key and sends it with each call. The address of a result is signed, and is a key of its own."""


def is_open(path: str) -> bool:
    """Whether a path needs no key, and is not counted."""
    return path in OPEN or path.startswith(OPEN_UNDER)


def is_costly(scope: Scope, costly: Collection[str]) -> bool:
    """Whether a request is a job: `costly` are methods and paths, `POST /process`, as patterns of fnmatch."""
    return any(fnmatchcase(f"{scope['method']} {_path(scope)}", pattern) for pattern in costly)


def _path(scope: Scope) -> str:
    # Starlette's routes match a path with a line break at its end, too: /process%0A costs what /process costs.
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", "")).removesuffix("\n")


class Access:
    """Keys and limits. What is `costly` takes one of its caller's slots among jobs at a time.

    `scope["state"]["key"]` is the KeyRecord found, or None. `scope["state"]["slot"]` is the job's JobSlot; code that
    removes it has to give the slot back itself, as a durable job does when it ends, long after its request.

    Answers carry X-RateLimit-Limit, -Remaining and -Reset, of the requests a minute, but for those to somebody without
    a known key, who has no budget.
    """

    def __init__(
        self,
        app: ASGIApp,
        keys: KeyRing | None,
        access: AccessSpec,
        ledger: Ledger,
        *,
        costly: Collection[str],
        concurrency: ConcurrencyLimit,
        most_bytes: int,
    ) -> None:
        """`most_bytes` of a job's body are read before it takes `room`, and a slot."""
        self._app = app
        self._concurrency = concurrency
        self._uploads = Transfers()
        self._most_bytes = most_bytes
        self._callers = Callers(keys, access)
        self._budgets = RateLimits(ledger)
        self._costly = frozenset(costly)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_free, is_job = is_open(_path(scope)), is_costly(scope, self._costly)
        if is_job and (full := self._concurrency.refusal()):
            await _answer(full, scope, receive, send)
            return
        caller: Caller | None = None
        try:
            caller = self._callers.of(scope)
        except CutoutError as refused:
            if not is_free:
                await _answer(refused, scope, receive, send)
                return
        scope.setdefault("state", {})["key"] = caller.key if caller else None
        if caller is None:
            await self._app(scope, receive, send)
            return
        decision = await self._budgets.admit(caller, 0 if is_free else 1)
        send = _with_budget(send, decision)
        if not decision.allowed:
            await _answer(_too_many(decision, "requests in 60 seconds"), scope, receive, send)
        elif is_job:
            try:
                receive = await whole(receive, self._uploads, self._most_bytes)
            except CutoutError as refused:
                await _answer(refused, scope, receive, send, last=True)
            except ClientDisconnect:
                return
            else:
                await self._as_job(caller, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _as_job(self, caller: Caller, scope: Scope, receive: Receive, send: Send) -> None:
        """The app's answer, while the caller has a slot among his jobs."""
        # An id of our own: the request's id may be the caller's choice, and one id has one slot.
        state, slot = scope["state"], JobSlot(caller.who, uuid.uuid4().hex)
        state["slot"] = slot

        async def give_back() -> None:
            if state.pop("slot", None):
                await self._budgets.end(slot.id)
            else:
                self._budgets.let_go(slot.id)

        # Before the last byte: who has the whole answer may send the next job at once.
        send_after_slot = when_made(send, give_back)
        try:
            decision = await self._budgets.begin(caller, slot.id)
            if not decision.allowed:
                await _answer(_too_many(decision, "jobs at a time"), scope, receive, send_after_slot)
            else:
                await self._concurrency.run(self._app, scope, receive, send_after_slot)
        finally:
            await give_back()


def _with_budget(send: Send, decision: RateLimitDecision) -> Send:
    async def send_with_budget(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["X-RateLimit-Limit"] = str(decision.limit)
            headers["X-RateLimit-Remaining"] = str(decision.remaining)
            headers["X-RateLimit-Reset"] = str(decision.reset_unix_s)
        await send(message)

    return send_with_budget


def _too_many(decision: RateLimitDecision, what: str) -> RateLimited:
    wait_s = decision.retry_after_s
    message = f"At most {decision.limit} {what} are allowed; try again in {wait_s} s"
    return RateLimited(message, {"limit": decision.limit, "retry_after_s": wait_s})


async def _answer(error: CutoutError, scope: Scope, receive: Receive, send: Send, last: bool = False) -> None:
    """Refuse a request; after the `last` one of a connection nothing more of its body is read."""
    response = refusal(error, scope)
    if last:
        response.headers["Connection"] = "close"
    if response.status_code == Unauthorized.status:
        response.headers["WWW-Authenticate"] = "Bearer"
    await response(scope, receive, send)
