"""The Backend interface: what a kind of model must be able to do, and nothing else.

A new kind of model is one file beside this one, with an `Options` form and a class of these methods, and one line
in `BACKENDS`.
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
