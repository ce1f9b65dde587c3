"""Changes to the configuration that Ray 2.60 writes for HAProxy, line by line.

Ray has no settings for them. It imports little, as does program.py.
"""

import re
from typing import Final

HEAD_S: Final = 10
"""Longest time for the head of a request, in seconds. Without a limit, half a head occupies a connection for ever, and
4,096 of them block every other caller."""
STILL_S: Final = 60
"""Longest pause of a caller who sends or reads, in seconds; the service's own work does not count. The replica enforces
a minimum rate (transfers.py)."""
LOG_FORMAT: Final = (
    '"%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs '
    '%{+Q}HM %{+Q}HPO %{+Q}HV"'
)
"""HAProxy's default (`option httplog`) with the path only: queries carry signatures and webhook secrets."""
NO_APPLICATION: Final = "http-request return status 503 default-errorfiles"

RULES: Final = (
    # Anybody who can write to the admin socket can redirect all requests and read the API keys in them.
    (r"(stats socket \S+) mode \d+", r"\1 mode 600"),
    # Metrics and statistics have no password. The service's own `bind` stays: `*` where http_options.host is 0.0.0.0.
    (r"^(frontend prometheus\n *bind) :(\d+)$", r"\1 127.0.0.1:\2"),
    (r"^(listen stats\n *bind) \*:(\d+)$", r"\1 127.0.0.1:\2"),
    (r"^( *)timeout client \S+$", rf"\1timeout client {STILL_S}s\n\1timeout http-request {HEAD_S}s"),
    (r"^( *)option httplog$", rf"\1log-format {LOG_FORMAT}"),
    # Ray's replica adds a second id after ours (Ray 2.60), unchecked, as the caller sent it.
    (
        r"^(frontend http_frontend\n( *)bind .*)$",
        r"\1\n\2http-response set-header X-Request-Id %[res.fhdr(x-request-id,1)] "
        r"if { res.fhdr_cnt(x-request-id) gt 1 }",
    ),
)


class UnknownConfiguration(Exception):
    """Ray's configuration differs from that of Ray 2.60; the message contains the line that was expected."""


def hardened(text: str) -> str:
    """Ray's configuration with every rule applied.

    Until Ray has told HAProxy about the application, as just after a restart, requests get 503 instead of 404: callers
    retry the first and not the second.

    Raises:
        UnknownConfiguration: no line matches one of the rules.
    """
    for pattern, replacement in RULES:
        text, found = re.subn(pattern, replacement, text, flags=re.MULTILINE)
        if not found:
            raise UnknownConfiguration(f"Ray's HAProxy configuration: a line matching {pattern!r} expected")
    if "\n    use_backend " not in text:
        text = re.sub(r"http-request return status 404 .*", NO_APPLICATION, text)
    return text
