"""The client's stream, model by model."""

from pathlib import Path

from cutout_client import Client
from tests.support.durable_jobs import picture
from tests.support.in_process import model, registry
from tests.support.loopback_service import running


def test_a_fast_model_is_told_before_a_slow_one_ends(tmp_path: Path) -> None:
    """The first result is in the caller's hands while another model still works."""
    slow = model("slow", options={"delay_s": 60})
    with running(tmp_path, registry(slow, model("fast"))) as service, Client(service.url) as client:
        result = next(iter(client.stream(picture())))
        ran = service.runs
        job = client.cancel(result.job_id or "")

    assert result.model_id == "fast"
    assert ran == ["fast"]
    assert job.status == "cancelled"
