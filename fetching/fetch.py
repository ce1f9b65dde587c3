"""Fetches the picture at an address that somebody names: public hosts, a few redirects, bounded in bytes and time."""

import asyncio
import ssl
from importlib.metadata import version

import httpcore
import httpx

from cutout.errors import ImageTooLarge, NotFetched
from cutout.service import FetchSpec
from cutout.telemetry.metrics import NO_INSTRUMENTS, SPAN_SECONDS, Instruments
from fetching.guard import GuardedClient, broken_connection, checked_url

FIELD = "image_url"
HEADERS = {"User-Agent": f"cutout-shotgun/{version('cutout-shotgun')}", "Accept": "*/*", "Accept-Encoding": "identity"}
CODINGS = frozenset({"gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress", "dcb", "dcz"})
"""Those that IANA lists, and that bytes really come in. What else is said is no coding: `utf-8`, `aws-chunked`."""
REDIRECTS = (301, 302, 303, 307, 308)


class Fetcher:
    """Fetches pictures of at most `max_bytes`; one for a replica. `client` is of the tests' own where given.

    Errors name `field`.
    """

    def __init__(
        self,
        rules: FetchSpec,
        max_bytes: int,
        client: GuardedClient | None = None,
        field: str = FIELD,
        instruments: Instruments = NO_INSTRUMENTS,
    ) -> None:
        self._rules = rules
        self._max_bytes = max_bytes
        self._field = field
        self._client = client or GuardedClient(field, rules)
        self._instruments = instruments

    async def fetch(self, url: str) -> bytes:
        """All bytes at an address, whatever they are.

        Raises:
            ValidationError: the address is not of the expected form, or leads to a host that is not public; the
                message says which. Nothing of what an inner host would answer is in it: none is ever connected to.
            NotFetched: it gave no picture in time.
            ImageTooLarge: more than `max_bytes`; the rest is not read.
        """
        try:
            with self._instruments.timed(SPAN_SECONDS, span="fetch"):
                async with asyncio.timeout(self._rules.total_s):
                    return await self._follow(checked_url(url, self._field))
        except TimeoutError as late:
            raise self._failed(f"it took longer than {self._rules.total_s:g} s") from late
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError) as broken:
            raise self._failed(self._reason(broken)) from broken

    async def close(self) -> None:
        """Close what is still open."""
        await self._client.close()

    async def _follow(self, url: httpx.URL) -> bytes:
        for _ in range(self._rules.max_redirects + 1):
            async with self._client.stream("GET", url, HEADERS) as answer:
                headers = httpx.Headers(answer.headers)
                if answer.status not in REDIRECTS or "location" not in headers:
                    return await self._read(answer, headers)
                url = checked_url(headers["location"], self._field, base=url)
        raise self._failed(f"it leads through more than {self._rules.max_redirects} redirects")

    async def _read(self, answer: httpcore.Response, headers: httpx.Headers) -> bytes:
        if not 200 <= answer.status <= 299:
            failed = self._failed(f"its host answered with status {answer.status}")
            failed.answered = answer.status
            raise failed
        if CODINGS.intersection(coding.strip().lower() for coding in headers.get("content-encoding", "").split(",")):
            # Never decompressed: pictures hardly shrink, and a small body could expand a thousandfold.
            raise self._failed("its host sent it compressed, which was not asked for")
        if int(headers.get("content-length", "0")) > self._max_bytes:
            raise self._too_large()
        body = bytearray()  # a list would keep an object for each of a million tiny chunks
        async for chunk in answer.aiter_stream():
            body += chunk
            if len(body) > self._max_bytes:
                raise self._too_large()
            await asyncio.sleep(0)  # one read may yield thousands of tiny chunks: other tasks run in between
        return bytes(body)

    def _too_large(self) -> ImageTooLarge:
        return ImageTooLarge.of_field(self._field, f"Image exceeds the limit of {self._max_bytes // 1024 // 1024} MB")

    def _reason(self, broken: Exception) -> str:
        match broken:
            case httpcore.ConnectTimeout():
                return f"its host did not answer within {self._rules.connect_s:g} s"
            case httpcore.TimeoutException():
                return f"its host was silent for {self._rules.read_s:g} s"
            case _:
                return broken_connection(broken)

    def _failed(self, reason: str) -> NotFetched:
        return NotFetched.of_field(self._field, f"{self._field} could not be fetched: {reason}")
