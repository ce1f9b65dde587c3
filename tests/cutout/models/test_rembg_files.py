"""rembg's own files are looked for where rembg itself looks for them."""

from pathlib import Path

import pytest
from rembg.sessions.u2netp import U2netpSession

from cutout.models.rembg_files import cache_file, cached_files


@pytest.mark.parametrize("u2net_home", [None, "", "u2net"])
@pytest.mark.parametrize("xdg_data_home", [None, "xdg"])
@pytest.mark.parametrize("rembg_home", [None, "rembg"])
def test_the_places_are_rembgs(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rembg_home: str | None,
    xdg_data_home: str | None,
    u2net_home: str | None,
) -> None:
    """Under every setting of its variables, a file is written and found where rembg's own class does it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    settings = {"REMBG_HOME": rembg_home, "XDG_DATA_HOME": xdg_data_home, "U2NET_HOME": u2net_home}
    for variable, value in settings.items():
        if value is None:
            monkeypatch.delenv(variable, raising=False)
        else:
            monkeypatch.setenv(variable, value and str(tmp_path / value))
    present = Path(U2netpSession.model_dir(), "u2netp.onnx")
    flat = Path(U2netpSession.legacy_home(), "u2netp.onnx")

    assert cache_file("u2netp") == present
    assert cached_files("u2netp") == []
    for file in (flat, present):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        existing = U2netpSession.resolve_existing("u2netp.onnx")
        assert existing is not None
        assert cached_files("u2netp")[0] == Path(existing)
