"""The first picture of a start: a service that begins again and again pays nobody."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from serve_app.app import create_app
from serve_app.process.readiness import send_sample
from tests.support.in_process import Memory, model, registry, shotgun


def test_it_goes_through_local_models_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """A paid model is left out, and named; 1.0.0 paid .0062 USD at each start."""
    ledger = Memory()
    gun = shotgun(registry(model("here"), model("paid", provider="runware", price_usd=0.25)), ledger)

    with TestClient(create_app(gun, ledger), base_url="http://127.0.0.1") as client:
        send_sample(client)

    lines = capsys.readouterr().out.splitlines()
    print(f"the first picture: {len(ledger.reserved)} paid calls, {sum(charge.usd for charge in ledger.spent)} USD")
    assert ledger.reserved == ledger.spent == []
    assert [line.split()[:2] for line in lines if line.strip().startswith("paid")] == [["paid", "left"]]
    assert any("0.0000 USD" in line for line in lines)


def test_with_keys_none_is_sent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A service that wants keys is not asked without one, and the start says so; 1.0.0 was refused in silence."""
    monkeypatch.setenv("CUTOUT_API_KEYS_FILE", str(tmp_path))
    ledger = Memory()

    with TestClient(create_app(shotgun(registry(model("here"))), ledger)) as client:
        send_sample(client)

    assert "No sample picture is sent: requests need an API key" in capsys.readouterr().out
    assert ledger.jobs == []
