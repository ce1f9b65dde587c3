"""Metrics of one model's calls to its provider, each attempt separately, and of its circuit breaker."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
from fluxgate.listeners import Listener
from fluxgate.signal import Signal

from cutout.telemetry.metrics import BREAKER, PROVIDER_CALLS, PROVIDER_SECONDS, Instruments

STATES = {"closed": 0.0, "half_open": 1.0, "open": 2.0}


class CallMeter(Listener):
    """Counts and times calls; as a listener of the circuit breaker, it records its state."""

    def __init__(self, instruments: Instruments, provider: str, model: str) -> None:
        self._instruments = instruments
        self._provider, self._model = provider, model
        self._breaker(STATES["closed"])

    def __call__(self, signal: Signal) -> None:
        """The circuit breaker changed its state."""
        self._breaker(STATES[signal.new_state])

    @contextmanager
    def call(self) -> Iterator[Callable[[int], None]]:
        """One call; the block reports the HTTP status through the callback."""
        answer = ""

        def answered(status: int) -> None:
            nonlocal answer
            answer = str(status)

        with self._instruments.timed(PROVIDER_SECONDS, provider=self._provider, model=self._model):
            try:
                yield answered
            except (Exception, asyncio.CancelledError) as fault:
                answer = _fault(fault)
                raise
            finally:
                self._instruments.record(PROVIDER_CALLS, provider=self._provider, model=self._model, answer=answer)

    def _breaker(self, state: float) -> None:
        self._instruments.record(BREAKER, state, provider=self._provider, model=self._model)


def _fault(fault: BaseException) -> str:
    """Why there is no complete response. A cancelled call timed out, or its caller disconnected."""
    match fault:
        case httpx.ConnectError() | httpx.ConnectTimeout():
            return "unreachable"
        case httpx.TimeoutException() | asyncio.CancelledError():
            return "timeout"
        case _:
            return "broken"
