"""A receiver of webhooks on loopback, which answers as a test wants it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from cutout.service import WebhookSpec
from serve_app.jobs.webhooks.sender import Sender
from tests.support.loopback_web import reply
from tests.support.patience import HANG_S

Answer = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]
SPEC = WebhookSpec(allowed_hosts=("127.0.0.1",))
"""The service's own rules, but that loopback may be called."""


@dataclass(frozen=True)
class Message:
    """One request that came."""

    headers: dict[str, str]
    body: bytes


class Receiver:
    """Takes the answers in their order; the last one stays."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers) or [reply(b"", status="204 No Content")]
        self.messages: list[Message] = []
        self._came = asyncio.Condition()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()

    async def wait_for(self, count: int, timeout_s: float = HANG_S) -> list[Message]:
        """The messages, once there are so many."""
        async with asyncio.timeout(timeout_s), self._came:
            await self._came.wait_for(lambda: len(self.messages) >= count)
        return self.messages

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = (line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
            headers = {name.lower(): value for name, value in lines}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.messages.append(Message(headers, body))
            async with self._came:
                self._came.notify_all()
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the sender left
        finally:
            writer.close()


async def sent(url: str, payload: dict[str, Any], secret: str | None = None, spec: WebhookSpec = SPEC) -> Any:
    """The attempt to send one message."""
    return await Sender(spec).send(url, secret, "msg_1", payload)
