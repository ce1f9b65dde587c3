"""A provider's response, and the errors for a refusal and for a response that cannot be used.

Nothing here imports the HTTP client: the build imports every backend, and the client takes long to import.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cutout.retry_after import retry_after_s


class Refused(Exception):
    """The provider refused: `code` is the HTTP status or its equivalent, `text` the provider's own reason."""

    def __init__(self, code: int, text: str, retry_after_s: float | None = None) -> None:
        super().__init__(code, text)
        self.code, self.text, self.retry_after_s = code, text, retry_after_s


class Unreadable(Exception):
    """A response that is not what was asked for; the text says what it is. provider.py makes a public error of it."""


class Misleading(Unreadable):
    """A response that names an address which must not be fetched; asking again would not help."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP response, read to its end."""

    status: int
    headers: Mapping[str, str]
    """Looked up without regard to case."""
    body: bytes

    def refused(self, text: str, code: int | None = None) -> Refused:
        """The refusal that this response is; `code` where the body is more precise than the status."""
        return Refused(code or self.status, text, retry_after_s(self.headers.get("Retry-After")))
