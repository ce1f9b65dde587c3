"""RemoteBackend: a model behind an HTTP API. A kind of provider implements one method, `exchange`."""

import asyncio
import os
from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from cutout.errors import ModelUnavailable
from cutout.models.spec import ModelSpec
from cutout.pixels.decoding.decoder import Decoder
from cutout.pixels.picture import Picture
from cutout.pixels.types import Matte
from deployments.backends.base import Backend, Resources
from deployments.backends.remote.bill import Bill, billed
from deployments.backends.remote.options import RemoteOptions
from deployments.backends.remote.parcel import Parcel, pack, unpack
from deployments.backends.remote.result import decoded, result_limits

if TYPE_CHECKING:
    from deployments.backends.remote.provider import Provider

R = TypeVar("R", bound=RemoteOptions)


class RemoteBackend(Backend[R]):
    """A model behind an HTTP API. Its key is read from the environment here, and goes nowhere but to the provider.

    What surrounds `exchange`: the provider's limits (parcel.py), calls and errors (provider.py), cost (bill.py) and the
    decoding of what comes back (result.py).
    """

    _decoder: Decoder
    """Set by `open`."""

    def __init__(self, spec: ModelSpec, options: R, resources: Resources) -> None:
        super().__init__(spec, options, resources)
        self._provider: Provider | None = None

    @abstractmethod
    async def exchange(self, parcel: Parcel, bill: Bill) -> bytes:
        """Sends one picture, and returns the file of its cutout, a PNG or WebP with transparency.

        Raises:
            Refused, Unreadable, and what httpx and pydantic raise; `Provider.work` makes public errors of them.
        """

    def prepare(self) -> None:
        """See Backend."""
        self.key(self.options.key_variable)

    def open(self) -> None:
        """See Backend. The provider is not called: that a key is set says only that it can be tried."""
        # httpx and its dependencies take a third of a second to import: only a replica that calls out should wait.
        from deployments.backends.remote.call_meter import CallMeter
        from deployments.backends.remote.provider import Provider

        key = self.key(self.options.key_variable)
        meter = CallMeter(self.resources.instruments, self.spec.provider, self.spec.id)
        self._decoder = Decoder(result_limits(self.resources.limits))
        self._provider = Provider(self.spec.name, key, self.options.calls, self.spec.timeout_s, meter, hosts=self.hosts)

    async def remove(self, picture: Picture) -> Matte:
        """See Backend. Every error carries what the picture has cost, as `details["cost_usd"]`."""
        parcel = await asyncio.to_thread(pack, picture, self.options.limits)
        with billed(self.spec.price_usd) as bill:
            matte = await self.provider.work(lambda: self._matte(picture, parcel, bill))
        return replace(matte, cost_usd=bill.cost_usd)

    @property
    def hosts(self) -> tuple[str, ...]:
        """Hosts of results that may have private addresses: `name` or `name:port`."""
        return ()

    @property
    def provider(self) -> "Provider":
        """The provider's client; valid after `open`."""
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
            ModelUnavailable: the variable is not set, or does not hold a valid key.
        """
        value = os.environ.get(variable, "").strip()
        if not value:
            raise ModelUnavailable(f"{variable} is not set")
        if not (value.isascii() and value.isprintable() and " " not in value):
            raise ModelUnavailable(f"{variable} does not hold a key: visible ASCII characters are expected")
        return value

    def address(self, variable: str, default: str) -> str:
        """The provider's base URL: the variable's value, such as a local test double's, or else the default."""
        return (os.environ.get(variable, "").strip() or default).rstrip("/")

    async def _matte(self, picture: Picture, parcel: Parcel, bill: Bill) -> Matte:
        file = await self.exchange(parcel, bill)
        result = await decoded(self._decoder, file, parcel)
        return await asyncio.to_thread(unpack, result, parcel, picture)
