"""What HAProxy answers by itself, when no ingress replica can: in the contract's form, as 503 with Retry-After.

Ray 2.60 writes HAProxy's error page beside its configuration, in a folder of the node's id: a plain "500 Internal
Server Error" for 502, 503 and 504 alike. HAProxy reads it at each reload, of which one comes when the first ingress
replica is there.
"""

from pathlib import Path

from cutout.errors import ServiceUnavailable
from serve_app.responses import error_response

PAGE = "500.http"


def write_error_page(folder: Path) -> None:
    """Put our page in the place of Ray's, of each node whose HAProxy has its files in `folder`, once that is there."""
    for file in folder.glob(f"*/{PAGE}"):
        file.write_bytes(_page())


def _page() -> bytes:
    answer = error_response(ServiceUnavailable("The service is being started or replaced; send the request again"))
    headers = b"".join(name + b": " + value + b"\r\n" for name, value in answer.raw_headers)
    return b"HTTP/1.1 503 Service Unavailable\r\n" + headers + b"\r\n" + bytes(answer.body)
