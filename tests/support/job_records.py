"""Jobs and picks as callers make them."""

import time
import uuid

from cutout.picks.job_record import JobRecord, ModelRecord
from cutout.picks.pick import Pick


def job(*offered: str) -> JobRecord:
    """A shotgun in which these models succeeded, one failed and one was left out."""
    results = (
        *(ModelRecord(model_id, "success", 812.5, 0.0006) for model_id in offered),
        ModelRecord("broken", "error", 30000.0, 0.0, "API timeout after 30s"),
        ModelRecord("absent", "skipped", 0.0, 0.0, "no weights"),
    )
    asked = {"models": ["all"], "output_format": "png"}
    return JobRecord(str(uuid.uuid4()), "remove", time.time(), "key-1", asked, 31000.25, "partial", results)


def pick(
    job_id: str, model_id: str, category: str | None = None, notes: str | None = None, shown: tuple[str, ...] = ()
) -> Pick:
    """A pick of now."""
    return Pick(job_id, model_id, category, notes, time.time(), shown=shown)
