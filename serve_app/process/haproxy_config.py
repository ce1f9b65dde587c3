"""What is changed in the configuration that Ray 2.60 writes for HAProxy, line by line.

Ray has no setting for any of it. Little is imported, as in haproxy.py.
"""

import re
from typing import Final

HEAD_S: Final = 10
"""Seconds for the head of a request. Who sends half of one otherwise keeps one of HAProxy's connections for ever, and
4,096 of those keep everybody out."""
STILL_S: Final = 60
"""Seconds in which a caller who sends or reads must get on; not counted while the service works. The least rate is the
replica's matter (transfers.py)."""
LOG_FORMAT: Final = (
    '"%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs '
    '%{+Q}HM %{+Q}HPO %{+Q}HV"'
)
"""HAProxy's own (`option httplog`) with the path alone: queries have signatures and webhooks' secrets."""
NO_APPLICATION: Final = "http-request return status 503 default-errorfiles"

RULES: Final = (
    # The socket commands HAProxy: who may write to it redirects all requests, and reads the keys in them.
    (r"(stats socket \S+) mode \d+", r"\1 mode 600"),
    # Neither its metrics nor its statistics ask for a password.
    (r"^( *bind) :(\d+)$", r"\1 127.0.0.1:\2"),
    (r"^( *bind) \*:(\d+)$", r"\1 127.0.0.1:\2"),
    (r"^( *)timeout client \S+$", rf"\1timeout client {STILL_S}s\n\1timeout http-request {HEAD_S}s"),
    (r"^( *)option httplog$", rf"\1log-format {LOG_FORMAT}"),
    # Ray's replica sends the id once more, behind ours (ray 2.60), and as it came, good or not.
    (
        r"^(frontend http_frontend\n( *)bind .*)$",
        r"\1\n\2http-response set-header X-Request-Id %[res.fhdr(x-request-id,1)] "
        r"if { res.fhdr_cnt(x-request-id) gt 1 }",
    ),
)


class UnknownConfiguration(Exception):
    """Ray's configuration is not as it was in ray 2.60: the message names the line that was expected."""


def hardened(text: str) -> str:
    """Ray's configuration with what is missing in it.

    Until Ray has told HAProxy of the application, as just after a restart, a request is told to come again (503) rather
    than that there is no such path (404), which callers do not repeat.

    Raises:
        UnknownConfiguration: a line that a rule changes is not there.
    """
    for pattern, replacement in RULES:
        text, found = re.subn(pattern, replacement, text, flags=re.MULTILINE)
        if not found:
            raise UnknownConfiguration(f"HAProxy's configuration by Ray: a line like {pattern!r} is expected")
    if "\n    use_backend " not in text:
        text = re.sub(r"http-request return status 404 .*", NO_APPLICATION, text)
    return text
