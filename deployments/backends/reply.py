"""What a provider answered, read to its end, and its no. Without the library that calls: every backend is imported."""

from collections.abc import Mapping
from dataclasses import dataclass

from cutout.retry_after import retry_after_s


class Refused(Exception):
    """The provider's no: `code` is the HTTP status or its like, `text` the provider's own reason."""

    def __init__(self, code: int, text: str, retry_after_s: float | None = None) -> None:
        super().__init__(code, text)
        self.code, self.text, self.retry_after_s = code, text, retry_after_s


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    """Their names in any case."""
    body: bytes

    def refused(self, text: str, code: int | None = None) -> Refused:
        """The refusal that this reply is; `code` where the body knows better than the status."""
        return Refused(code or self.status, text, retry_after_s(self.headers.get("Retry-After")))
