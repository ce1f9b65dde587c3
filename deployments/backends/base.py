"""The Backend interface, which every kind of model implements.

A new kind of model is a module beside this one, with its `Options` and a subclass of LocalBackend or RemoteBackend, and
a line in `BACKENDS`.
"""

import asyncio
import os
import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Generic, TypeVar

import numpy as np

from cutout.limits import LimitsSpec
from cutout.models.spec import ModelSpec
from cutout.models.status import EngineReport
from cutout.pixels.picture import Picture
from cutout.pixels.types import Matte
from cutout.spec import Spec
from cutout.telemetry.metrics import NO_INSTRUMENTS, Instruments

O = TypeVar("O", bound=Spec)


@dataclass(frozen=True, slots=True)
class Resources:
    """What a backend may use of its replica, and what the operator allows it."""

    cpus: float = 1.0
    gpus: float = 0.0
    """Assigned by Ray, from the replica's entry in serve_config.yaml."""
    cache: Path | None = None
    """Folder for compiled models; None: they are compiled at each start."""
    instruments: Instruments = NO_INSTRUMENTS
    limits: LimitsSpec = field(default_factory=LimitsSpec)
    """`limits` of service.yaml, for pictures that come from outside."""

    @property
    def threads(self) -> int:
        """Threads an engine may use: one for each CPU of the replica, at least one, at most the machine's."""
        return max(1, min(round(self.cpus), len(os.sched_getaffinity(0))))


class Backend(ABC, Generic[O]):
    """One model in one replica. `open` is called first; `remove` may be called concurrently."""

    Options: ClassVar[type[Spec]]
    """The fields of `options:` in the registry file."""

    def __init__(self, spec: ModelSpec, options: O, resources: Resources) -> None:
        self.spec = spec
        self.options = options
        self.resources = resources

    def prepare(self) -> None:
        """Find what `open` needs and no replica has: weights, which may be downloaded, or a key; blocking.

        Raises:
            ModelUnavailable: it is missing; the message is the reason, as that of `open`.
        """

    @abstractmethod
    def open(self) -> None:
        """Prepare for work; called in a thread, and again after each failure.

        Raises:
            ModelUnavailable: weights, key or provider are missing; the message is the reason.
        """

    @abstractmethod
    async def remove(self, picture: Picture) -> Matte:
        """The matte of a picture, of the picture's size.

        Raises:
            ModelError: the model failed; the message is public.
        """

    @abstractmethod
    def report(self) -> EngineReport:
        """The engine actually in use; valid after `open`."""

    @property
    def health(self) -> str:
        """The status in the contract's /health of a model that is ready."""
        return "loaded"

    async def close(self) -> None:
        """Release what `open` acquired."""


class LocalBackend(Backend[O]):
    """A model that runs in this process: one picture at a time, in a thread; interrupted when the call is cancelled."""

    def __init__(self, spec: ModelSpec, options: O, resources: Resources) -> None:
        super().__init__(spec, options, resources)
        self._one_at_a_time = asyncio.Lock()
        self.given_up = threading.Event()
        """Set when the call for the current picture was cancelled; a new event for each picture."""

    @abstractmethod
    def load(self) -> None:
        """Find the weights and build the engine; raises ModelUnavailable with the reason if that fails."""

    @abstractmethod
    def matte(self, picture: Picture) -> Matte:
        """The matte of a picture; blocking, called for one picture at a time."""

    def interrupt(self) -> None:
        """Interrupt `matte`, if possible; called from another thread after `given_up` is set."""

    def open(self) -> None:
        """See Backend. Runs the model once, so that the first caller does not wait for one-time initialisation."""
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
                # A thread cannot be killed: it is told to stop, and the next picture waits until it has.
                self.given_up.set()
                self.interrupt()
                await asyncio.wait([work])
                work.exception()
                raise
