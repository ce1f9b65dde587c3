"""The Backend interface: what a kind of model must be able to do, and nothing else.

A new kind of model is one file beside this one, with an `Options` form and a class of these methods, and one line
in `BACKENDS`.
"""

import asyncio
import os
import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

import numpy as np
from pydantic import Field, PositiveFloat, PositiveInt

from cutout.errors import ModelUnavailable
from cutout.models.spec import ModelSpec
from cutout.models.status import EngineReport
from cutout.pixels.decoding.decoder import Decoder
from cutout.pixels.picture import Picture
from cutout.pixels.types import Matte
from cutout.spec import Spec
from cutout.telemetry.metrics import NO_INSTRUMENTS, Instruments
from deployments.backends.answers import LIMITS, decoded
from deployments.backends.money import Bill, Spending
from deployments.backends.wire import LimitsForm, Parcel, pack, unpack

if TYPE_CHECKING:
    from deployments.backends.provider import Provider

O = TypeVar("O", bound=Spec)


@dataclass(frozen=True, slots=True)
class Resources:
    """What the replica was given by its entry in serve_config.yaml, where it may keep what it compiled, what counts."""

    cpus: float = 1.0
    gpus: float = 0.0
    cache: Path | None = None
    instruments: Instruments = NO_INSTRUMENTS

    @property
    def threads(self) -> int:
        """Threads an engine may use: one a CPU given, at least one, never more than the machine has."""
        return max(1, min(round(self.cpus), len(os.sched_getaffinity(0))))


class Backend(ABC, Generic[O]):
    """One model in one replica. `open` comes first; `remove` may be called many times at once."""

    Options: ClassVar[type[Spec]]
    """The form of `options:` in the registry file."""

    def __init__(self, spec: ModelSpec, options: O, resources: Resources) -> None:
        self.spec = spec
        self.options = options
        self.resources = resources

    @abstractmethod
    def open(self) -> None:
        """Get ready to work; called in a thread, again after each failure.

        Raises:
            ModelUnavailable: with the reason, when weights, a key or a provider are missing.
        """

    @abstractmethod
    async def remove(self, picture: Picture) -> Matte:
        """The matte of a picture, of its own size.

        Raises:
            ModelError: with a public sentence.
        """

    @abstractmethod
    def report(self) -> EngineReport:
        """What really does the work; valid after `open`."""

    @property
    def health(self) -> str:
        """The word in the contract's /health for a model that is ready."""
        return "loaded"

    async def close(self) -> None:
        """Let go of what `open` took."""


class LocalBackend(Backend[O]):
    """A model that runs in this process: one picture at a time, in a thread, stopped when the caller hangs up."""

    def __init__(self, spec: ModelSpec, options: O, resources: Resources) -> None:
        super().__init__(spec, options, resources)
        self._one_at_a_time = asyncio.Lock()
        self.given_up = threading.Event()
        """Set once nobody waits for the picture in hand any more; each picture has its own."""

    @abstractmethod
    def load(self) -> None:
        """Find the weights and build the engine; raises ModelUnavailable with the reason when that cannot be."""

    @abstractmethod
    def matte(self, picture: Picture) -> Matte:
        """The matte of a picture; blocks, and is called for one picture at a time."""

    def interrupt(self) -> None:
        """End what `matte` is at, if that can be done; called from another thread, once `given_up` is set."""

    def open(self) -> None:
        """See Backend. The model runs once, so that the first caller does not pay for first-time work."""
        self.load()
        self.matte(Picture(np.full((64, 64, 3), 127, np.uint8)))

    async def remove(self, picture: Picture) -> Matte:
        """See Backend."""
        async with self._one_at_a_time:
            self.given_up = threading.Event()
            work = asyncio.ensure_future(asyncio.to_thread(self.matte, picture))
            try:
                return await asyncio.shield(work)
            except asyncio.CancelledError:
                # The thread cannot be killed: it is told to give up, and the next picture waits until it has.
                self.given_up.set()
                self.interrupt()
                await asyncio.wait([work])
                work.exception()
                raise


class CallsForm(Spec):
    """`calls:` of a remote backend: how its provider is called. Each replica keeps its own count of failures."""

    connect_s: PositiveFloat = Field(5.0, description="Seconds for a connection.")
    tries: int = Field(3, ge=1, le=10, description="How often a call is made in all, where repeating it is safe.")
    wait_s: PositiveFloat = Field(1.0, description="Seconds before the second try, doubled each time, plus jitter.")
    busy_wait_s: PositiveFloat = Field(2.0, description="Seconds after a 429 that names no Retry-After, plus jitter.")
    longest_wait_s: PositiveFloat = Field(15.0, description="A Retry-After beyond these seconds is not waited for.")
    failures: PositiveInt = Field(5, description="Failed pictures in a row, after which the provider is left alone.")
    rest_s: PositiveFloat = Field(30.0, description="Seconds it is left alone; then one picture tries it again.")


class RemoteOptions(Spec):
    """What `options:` of every remote backend has."""

    key_variable: str = Field(description="Environment variable that holds the provider's key.")
    limits: LimitsForm = Field(default_factory=LimitsForm, description="What the provider takes.")
    calls: CallsForm = Field(default_factory=CallsForm, description="How the provider is called.")


R = TypeVar("R", bound=RemoteOptions)


class RemoteBackend(Backend[R]):
    """A model behind somebody's HTTP API. Its key comes from the environment, is read here, and goes nowhere else.

    A kind of provider is one method, `exchange`. What surrounds it: the provider's limits (wire.py), its faults
    (provider.py), its pictures (answers.py) and its bill (money.py).
    """

    _decoder: Decoder
    """There after `open`."""

    def __init__(self, spec: ModelSpec, options: R, resources: Resources) -> None:
        super().__init__(spec, options, resources)
        self.spending = Spending()
        self._provider: Provider | None = None

    @abstractmethod
    async def exchange(self, parcel: Parcel, bill: Bill) -> bytes:
        """One picture there and back: the file of its cutout, a PNG or WebP with transparency.

        Raises:
            Refused, Unreadable, and what httpx and pydantic raise; `Provider.work` makes public errors of them.
        """

    def open(self) -> None:
        """See Backend. Nothing is called: a key that is there says no more than that it can be tried."""
        # httpx and its kin take a third of a second to import: only a replica that calls out should wait.
        from deployments.backends.call_meter import CallMeter
        from deployments.backends.provider import Provider

        key = self.key(self.options.key_variable)
        meter = CallMeter(self.resources.instruments, self.spec.provider, self.spec.id)
        spec, calls = self.spec, self.options.calls
        self._decoder = Decoder(LIMITS)
        self._provider = Provider(spec.name, key, calls, spec.timeout_s, meter, hosts=self.hosts)

    async def remove(self, picture: Picture) -> Matte:
        """See Backend. Every error carries what the picture has cost, as `details["cost_usd"]`."""
        parcel = await asyncio.to_thread(pack, picture, self.options.limits)
        with self.spending.bill(self.spec.price_usd) as bill:
            matte = await self.provider.work(lambda: self._matte(picture, parcel, bill))
        return replace(matte, cost_usd=bill.cost_usd)

    @property
    def hosts(self) -> tuple[str, ...]:
        """Hosts that may be private though a reply names them: `name` or `name:port`."""
        return ()

    @property
    def provider(self) -> "Provider":
        """The open line to the provider; valid after `open`."""
        if self._provider is None:
            raise ModelUnavailable(f"{self.spec.name} is not open")
        return self._provider

    @property
    def health(self) -> str:
        """See Provider.health; `unconfigured` before `open` has found a key."""
        return self._provider.health if self._provider else "unconfigured"

    async def close(self) -> None:
        """See Backend."""
        if self._provider:
            await self._provider.close()

    def key(self, variable: str) -> str:
        """The provider's key.

        Raises:
            ModelUnavailable: the variable is not set, or holds what cannot be a key.
        """
        value = os.environ.get(variable, "").strip()
        if not value:
            raise ModelUnavailable(f"{variable} is not set")
        if not (value.isascii() and value.isprintable() and " " not in value):
            raise ModelUnavailable(f"{variable} does not hold a key: visible ASCII characters are expected")
        return value

    def address(self, variable: str, default: str) -> str:
        """The provider's base address: the variable's, for a stand-in on this machine, or else the default."""
        return (os.environ.get(variable, "").strip() or default).rstrip("/")

    async def _matte(self, picture: Picture, parcel: Parcel, bill: Bill) -> Matte:
        reply = await self.exchange(parcel, bill)
        answer = await decoded(self._decoder, reply, parcel)
        return await asyncio.to_thread(unpack, answer, parcel, picture)
