"""Pictures to send, of several sizes."""

from functools import cache
from io import BytesIO

import numpy as np
from PIL import Image

from tests.support.load import Shot


@cache
def picture(width: int, height: int, kind: str = "JPEG") -> bytes:
    """A file of soft shapes: neither one colour nor noise."""
    across, down = np.meshgrid(np.linspace(0, 6, width), np.linspace(0, 4, height))
    planes = [(np.sin(across + turn) * np.cos(down) + 1) * 127 for turn in (0, 1, 2)]
    out = BytesIO()
    Image.fromarray(np.stack(planes, axis=-1).astype(np.uint8)).save(out, kind)
    return out.getvalue()


def cut_by(*models: str, path: str = "/remove-background") -> Shot:
    """A small picture through these models; by /process, enlarged too."""
    field = "bg_models" if path == "/process" else "include_models"
    return Shot(f"{path}?{field}={','.join(models)}", picture(96, 64))
