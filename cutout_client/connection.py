"""Requests that survive a busy service, a dead replica and a cut line, as far as they can be repeated.

Every request of this client may be repeated: those with work carry an Idempotency-Key, the others change nothing the
second time.
"""

from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

import httpx
import stamina

from cutout.errors import ServiceUnavailable, ValidationError
from cutout_client.refusals import LONGEST_WAIT_S, Refused

CONNECT_S = 5.0
FIRST_WAIT_S = 0.25
USER_AGENT = f"cutout-client/{version('cutout-shotgun')}"


class Connection:
    """The line to one service."""

    def __init__(self, url: str, api_key: str | None, timeout_s: float, tries: int) -> None:
        """`timeout_s` is the longest silence of the service; a request is made `tries` times at most.

        Raises:
            ValidationError: the address is none.
        """
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
            raise ValidationError(f"The service's address is expected as http://… or https://…, not {url[:200]!r}")
        self.tries = tries
        self._url = url.rstrip("/")
        headers = {"User-Agent": USER_AGENT} | ({"Authorization": f"Bearer {api_key}"} if api_key else {})
        timeout = httpx.Timeout(timeout_s, connect=CONNECT_S)
        self._http = httpx.AsyncClient(base_url=self._url, headers=headers, timeout=timeout)
        self._retry = stamina.AsyncRetryingCaller(
            attempts=tries, timeout=None, wait_initial=FIRST_WAIT_S, wait_max=LONGEST_WAIT_S, wait_jitter=FIRST_WAIT_S
        )

    async def send(self, method: str, path: str, *, stream: bool = False, **content: Any) -> httpx.Response:
        """A successful answer, read to its end unless it is a `stream`; `content` is for httpx.

        Raises:
            CutoutError: the service refused, in the class that it named; ServiceUnavailable when it is not there.
        """

        async def once() -> httpx.Response:
            request = self._http.build_request(method, path, **content)
            if request.url.host != self._http.base_url.host:
                request.headers.pop("Authorization", None)  # a result's address is signed, and may be elsewhere
            response = await self._http.send(request, stream=stream)
            if response.is_success:
                return response
            await response.aread()
            raise Refused(response)

        try:
            return await self._retry(_again, once)
        except Refused as refused:
            raise refused.error from None
        except httpx.TransportError as lost:
            raise self.lost(lost) from lost

    def lost(self, fault: httpx.TransportError) -> ServiceUnavailable:
        """The public error of a line that could not be had or held."""
        match fault:
            case httpx.ConnectError() | httpx.ConnectTimeout():
                return ServiceUnavailable(f"{self._url} could not be reached")
            case httpx.TimeoutException():
                return ServiceUnavailable(f"{self._url} did not answer in time")
        return ServiceUnavailable(f"{self._url} hung up before it had answered")

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()


async def lines(response: httpx.Response) -> AsyncIterator[bytes]:
    """The lines of a streamed answer as they come, however long; empty ones, which are heartbeats, are left out."""
    begun = bytearray()
    async for chunk in response.aiter_bytes():
        *whole, rest = chunk.split(b"\n")
        for line in whole:
            begun += line
            if begun:
                yield bytes(begun)
            begun.clear()
        begun += rest


def _again(fault: Exception) -> bool | float:
    """Whether a request is repeated after a fault; a number is the wait in seconds."""
    if isinstance(fault, Refused):
        return fault.again
    return isinstance(fault, httpx.TransportError) and not isinstance(fault, httpx.ReadTimeout)
