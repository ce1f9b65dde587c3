"""Requests that succeed as they are, with a picture in them: what the page at /docs sends first."""

from typing import Any, Final

DISC: Final = (
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAABAAQMAAACQp+OdAAAABlBMVEX///+WFB54/f0KAAAAh0lEQVR42rXRMQrCQBCF4S+TgHbmCPEm8UYecY+S0jKFRYqQ"
    "tVjEFSEg6Kse//wzzfDPnBYErocCmpwTQTAUJeeFoKd78iKMNGUdtCQ0KTQwvkZR6lCTDvqafJYjHPedr8oCy76zwlyTDaaaZEhajFze7iQywcRGMLMS3LkR"
    "bEy0MJ6rX/w8D3wyHN6ni77mAAAAAElFTkSuQmCC"
)
"""A dark red disc on white, 64 pixels a side, as a PNG in base64."""
EXAMPLES: Final[dict[str, dict[str, Any]]] = {
    "/remove-background": {"image": DISC, "include_models": ["auto"], "output_format": "png"},
    "/process": {"image": DISC, "bg_models": ["auto"], "upscale_factor": 2, "output_format": "png"},
    "/upscale": {"image": DISC, "scale_factor": 2, "output_format": "png"},
    "/estimate": {"models": ["all"]},
    "/v1.0/removebg": {"image_file_b64": DISC, "size": "auto"},
}
"""A JSON body by path."""
