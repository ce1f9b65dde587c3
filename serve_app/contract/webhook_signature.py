"""How a webhook is signed: the contract's `signature`, and Standard Webhooks."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import rfc8785
from standardwebhooks import Webhook

from cutout.errors import ValidationError

FIELD = "webhook_url"
SECRET_FIELD = "webhook_secret"  # noqa: S105 - a field's name
SECRET_CHARS = 256
KEY_BYTES = 24
"""Shortest key: 192 bits, as Standard Webhooks requires."""
PREFIX = "whsec_"


def canonical(payload: Mapping[str, Any]) -> bytes:
    """The bytes that `signature` signs: the payload without `signature`, as RFC 8785 writes JSON.

    That is keys sorted, no spaces, UTF-8, and numbers as JavaScript writes them, so that receivers in any language
    get the same bytes. Text that is not valid Unicode, such as half a surrogate pair, is sent as question marks.
    """
    signed = {name: value for name, value in payload.items() if name != "signature"}
    return rfc8785.dumps(json.loads(json.dumps(signed, ensure_ascii=False).encode(errors="replace")))


def signature(payload: Mapping[str, Any], secret: str) -> str:
    """The contract's `signature`: HMAC-SHA256 of the canonical form in hex; the key is the secret's text in UTF-8."""
    return hmac.digest(secret.encode(), canonical(payload), hashlib.sha256).hex()


def standard(secret: str) -> Webhook:
    """The secret as a signer of the Standard Webhooks library, whose keys are `whsec_` and base64.

    A secret of that form is used as it is. For any other text the key is its UTF-8, so that a receiver writes
    `Webhook(base64.b64encode(secret.encode()).decode())`.
    """
    return Webhook(secret if secret.startswith(PREFIX) else secret.encode())


def check_secret(secret: str) -> None:
    """Raise ValidationError for a secret that cannot sign, or that is short enough to be guessed."""
    try:
        text = secret.removeprefix(PREFIX).rstrip("=") + "=="
        key = base64.b64decode(text, validate=True) if secret.startswith(PREFIX) else secret.encode()
    except ValueError:  # not valid Unicode, or not base64
        key = b""
    if len(key) < KEY_BYTES or len(secret) > SECRET_CHARS:
        expected = f"at least {KEY_BYTES} bytes expected, as text or, after `{PREFIX}`, in base64"
        message = f"{SECRET_FIELD}: {expected}; and at most {SECRET_CHARS} characters"
        raise ValidationError.of_field(SECRET_FIELD, message)
