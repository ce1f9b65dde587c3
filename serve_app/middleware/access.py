"""Access control: API keys, requests a minute, jobs at a time."""

import uuid

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cutout.accounts.keys import KeyRing
from cutout.accounts.rate_limit import Admission, JobSlot, RateLimitDecision
from cutout.accounts.spec import AccessSpec
from cutout.errors import CutoutError, RateLimited, Unauthorized
from cutout.ledger import Ledger
from serve_app.endpoints.endpoint import endpoint_of
from serve_app.fanout.job_end import JobEnd
from serve_app.middleware.admission import ConcurrencyLimit, when_complete
from serve_app.middleware.callers import Caller, Callers
from serve_app.middleware.rate_limit import RateLimits
from serve_app.middleware.transfers import Transfers, whole
from serve_app.responses.dialect import dialect_response


class Access:
    """Checks keys and limits. The Endpoint says whether it is open, and whether a request takes a job slot.

    `scope["state"]["key"]` is the caller's KeyRecord, or None. `scope["state"]["slot"]` is the job's JobSlot, which is
    freed when the response is complete. Code that removes it from the state must free it, as the worker does for a
    durable job, which continues after the response.

    Responses have X-RateLimit-Limit, -Remaining and -Reset for the requests a minute, except those to a caller without
    a known key at an open endpoint, for whom nothing is counted.
    """

    def __init__(
        self,
        app: ASGIApp,
        keys: KeyRing | None,
        access: AccessSpec,
        ledger: Ledger,
        *,
        concurrency: ConcurrencyLimit,
        max_bytes: int,
    ) -> None:
        """`max_bytes` of a job's body are read before it takes a slot and counts in `concurrency`."""
        self._app = app
        self._concurrency = concurrency
        self._uploads = Transfers()
        self._max_bytes = max_bytes
        self._callers = Callers(keys, access)
        self._limits = RateLimits(ledger)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            if _is_job(scope):
                self._concurrency.check()
            caller = self._caller(scope)
        except CutoutError as refused:
            await _refuse(refused, scope, receive, send)
            return
        scope.setdefault("state", {})["key"] = caller.key if caller else None
        if caller:
            await self._counted(caller, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _caller(self, scope: Scope) -> Caller | None:
        """Who sends a request; None: somebody without a known key, at an open endpoint.

        Raises:
            Unauthorized, ServiceUnavailable: as Callers.of, where the endpoint is not open.
        """
        try:
            return self._callers.of(scope)
        except CutoutError:
            if _is_open(scope):
                return None
            raise

    async def _counted(self, caller: Caller, scope: Scope, receive: Receive, send: Send) -> None:
        """The response within the caller's requests a minute, of which an open endpoint uses none.

        A job is counted together with its slot, by one call, when its body is here. It is counted before that only
        where it may be refused, so that a caller who is out of budget does not send a body for nothing.
        """
        if _is_job(scope) and self._limits.expect(caller):
            await self._uploaded(caller, 1, scope, receive, send)
            return
        decision = await self._limits.admit(caller, 0 if _is_open(scope) else 1)
        send = _with_limits(send, decision)
        if not decision.allowed:
            await _refuse(_too_many(decision, "requests in 60 seconds"), scope, receive, send)
        elif _is_job(scope):
            await self._uploaded(caller, 0, scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _uploaded(self, caller: Caller, cost: int, scope: Scope, receive: Receive, send: Send) -> None:
        """The response to a job, once its body is here; it is still to be counted as `cost` requests."""
        try:
            receive = await whole(receive, self._uploads, self._max_bytes)
        except (CutoutError, ClientDisconnect) as ended:
            send = _with_limits(send, await self._limits.admit(caller, cost))
            if isinstance(ended, CutoutError):
                await _refuse(ended, scope, receive, send, last=True)
        else:
            await self._as_job(caller, cost, scope, receive, send)

    async def _as_job(self, caller: Caller, cost: int, scope: Scope, receive: Receive, send: Send) -> None:
        """The response while the caller has a job slot."""
        # A new id: the request's own may be the caller's choice, and an id has one slot.
        state, slot, end = scope["state"], JobSlot(caller.who, uuid.uuid4().hex), JobEnd()
        state["slot"] = slot

        async def free() -> None:
            record = end.take()
            if state.pop("slot", None):
                await self._limits.end(slot.id, record)
            else:
                self._limits.hand_over(slot.id)

        try:
            admission = await self._limits.begin(caller, slot.id, cost)
            # Before the last byte: a caller who has the whole response may send the next job at once.
            send_after_free = when_complete(_with_limits(send, admission.request), free)
            if refused := _refusal(admission):
                await _refuse(refused, scope, receive, send_after_free)
            else:
                await self._concurrency.run(self._app, scope, receive, send_after_free)
        finally:
            await free()


def _is_open(scope: Scope) -> bool:
    endpoint = endpoint_of(scope)
    return endpoint is not None and endpoint.is_open


def _is_job(scope: Scope) -> bool:
    endpoint = endpoint_of(scope)
    return endpoint is not None and endpoint.takes_slot and endpoint.method == scope["method"]


def _with_limits(send: Send, decision: RateLimitDecision) -> Send:
    async def send_with_limits(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["X-RateLimit-Limit"] = str(decision.limit)
            headers["X-RateLimit-Remaining"] = str(decision.remaining)
            headers["X-RateLimit-Reset"] = str(decision.reset_unix_s)
        await send(message)

    return send_with_limits


def _refusal(admission: Admission) -> RateLimited | None:
    if not admission.request.allowed:
        return _too_many(admission.request, "requests in 60 seconds")
    if admission.slot and not admission.slot.allowed:
        return _too_many(admission.slot, "jobs at a time")
    return None


def _too_many(decision: RateLimitDecision, what: str) -> RateLimited:
    wait_s = decision.retry_after_s
    message = f"At most {decision.limit} {what} are allowed; try again in {wait_s} s"
    return RateLimited(message, {"limit": decision.limit, "retry_after_s": wait_s})


async def _refuse(error: CutoutError, scope: Scope, receive: Receive, send: Send, last: bool = False) -> None:
    """Refuse a request; after the `last` one of a connection nothing more of its body is read."""
    response = dialect_response(error, scope)
    if last:
        response.headers["Connection"] = "close"
    if response.status_code == Unauthorized.status:
        response.headers["WWW-Authenticate"] = "Bearer"
    await response(scope, receive, send)
