"""The address of a service and the key that it is asked with, checked before anything is sent."""

import re

import httpx

from cutout.errors import ValidationError

SHOWN = 200
"""So many characters of a wrong address are shown."""
MOST_PORT = 65_535


def service_url(given: str) -> str:
    """A service's address without the last slashes.

    Raises:
        ValidationError: it is not one; the message says what was expected.
    """
    if not re.fullmatch(r"https?://[^\s?#]+", given, re.IGNORECASE) or not _is_url(given):
        expected = "http://HOST or https://HOST expected, with a port and a path at most"
        raise ValidationError(f"The service's address: {expected}, not {without_password(given)[:SHOWN]!r}")
    return given.rstrip("/")


def without_password(url: str) -> str:
    """An address as messages and log lines show it: without the name and the password that it may have."""
    return re.sub(r"//[^/]*@", "//", url)


def authorization(api_key: str | None) -> dict[str, str]:
    """The header that carries an API key, without the blanks around it; none without a key.

    Raises:
        ValidationError: a header cannot carry it. The message does not show it.
    """
    if not api_key:
        return {}
    key = api_key.strip()
    if not re.fullmatch(r"[!-~]+", key):
        raise ValidationError("The API key: ASCII characters without spaces expected")
    return {"Authorization": f"Bearer {key}"}


def _is_url(text: str) -> bool:
    try:
        url = httpx.URL(text)
        return bool(url.host) and (url.port or 0) <= MOST_PORT
    except (httpx.InvalidURL, ValueError):  # ValueError: a host that IDNA cannot express
        return False
