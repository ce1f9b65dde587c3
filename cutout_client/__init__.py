"""The Python client, sync and async, and the command `cutout`.

Names are imported on first use, so that the command starts quickly.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cutout_client.batches import Batch, BatchItem
    from cutout_client.blocking import Client
    from cutout_client.client import AsyncClient
    from cutout_client.results import CutoutResult, Estimate, JobResult, ModelInfo, UpscaleResult
else:
    from importlib import import_module

    _OTHERS = {
        "AsyncClient": "cutout_client.client",
        "Batch": "cutout_client.batches",
        "BatchItem": "cutout_client.batches",
        "Client": "cutout_client.blocking",
    }

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"cutout_client has no {name}")
        return getattr(import_module(_OTHERS.get(name, "cutout_client.results")), name)


__all__ = [
    "AsyncClient",
    "Batch",
    "BatchItem",
    "Client",
    "CutoutResult",
    "Estimate",
    "JobResult",
    "ModelInfo",
    "UpscaleResult",
]
