"""A service of the page with the models that come with it, and a browser."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from cutout.models.registry import load_registry
from tests.page import chromium
from tests.page.service import Service
from tests.support.in_process import model

CONFIGS = Path("configs")
MODELS = ("local_isnet", "local_u2netp", "runware_rmbg2")
"""Two that run here, and one that nobody has an account for."""
DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@contextmanager
def real_page() -> Iterator[tuple[Service, Browser]]:
    """The service and the browser; beside the real models one that fails. Run from the repository's root."""
    registry = load_registry(CONFIGS)
    failing = model("broken", name="Dry Pen", options={"error": "The ink ran out"})
    with (
        tempfile.TemporaryDirectory() as folder,
        Service(
            Path(folder), *(registry.models[name] for name in MODELS), failing, presets=registry.presets
        ) as service,
        chromium.launched() as browser,
    ):
        service.wait_for(ready=3)
        yield service, browser
