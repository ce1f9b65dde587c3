"""The ZIP of a batch: its best cutouts, named after their pictures, and `batch.json`, which lists every item."""

import json
from collections.abc import AsyncIterator
from pathlib import PurePosixPath
from typing import Any, Final

from cutout.errors import NotFound
from serve_app.jobs.batches.batch import BatchState
from serve_app.storage.pictures import PictureStore

MANIFEST: Final = "batch.json"
ENDINGS: Final = {"jpeg": "jpg"}
"""Of formats whose files are not called as the format is."""


async def batch_files(state: BatchState, store: PictureStore) -> AsyncIterator[tuple[str, bytes]]:
    """Names and contents, one cutout after the other; `batch.json` comes last, since a picture may be gone by then."""
    order, entries = state.order, list[dict[str, Any]]()
    ending = ENDINGS.get(order.output_format, order.output_format)
    stems = unique_stems([item.name for item in order.items])
    for item, known, stem in zip(order.items, state.items, stems, strict=True):
        entry = {"name": item.name, "job_id": item.job_id, "status": known.phase, "cost_usd": known.cost_usd}
        files: dict[str, str] = {}
        try:
            for kind, stored in order.files(known).items():
                name = f"{stem}.{ending}" if kind == "image" else f"{stem}.mask.png"
                data = await store.get(item.job_id, stored)
                files["file" if kind == "image" else "mask_file"] = name
                yield name, data
        except NotFound as gone:
            entry |= {"error": gone.message, "error_type": gone.type}
        entries.append({**entry, "selected_model_id": known.model_id, **files, **known.reason})
    whole = {"batch_id": order.batch_id, "status": state.phase, "items": entries}
    yield MANIFEST, json.dumps(whole, indent=1, ensure_ascii=False).encode()


def unique_stems(names: list[str]) -> list[str]:
    """Each name without its ending; one that another has already, whatever its case, gets a number."""
    taken, stems = {MANIFEST.removesuffix(".json")}, []
    for name in names:
        bare = str(PurePosixPath(name).with_suffix(""))
        stem, number = bare, 1
        while stem.lower() in taken:
            number += 1
            stem = f"{bare}-{number}"
        taken.add(stem.lower())
        stems.append(stem)
    return stems
