"""What is told to who asks for too large an enlargement."""

import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.serve_app.test_routes import error, png, text


@pytest.mark.parametrize(("path", "field"), [("/upscale", "scale_factor"), ("/process", "upscale_factor")])
def test_the_largest_factor_that_fits_is_named(client: TestClient, path: str, field: str) -> None:
    """Of the default 4, a picture that 2 would fit is told so; the limit here is 4,000,000 pixels."""
    picture = text(png(np.zeros((700, 1000, 3), np.uint8)))

    found = error(client.post(path, json={"image": picture}), 413)

    assert found["details"]["field"] == field
    assert found["message"].endswith(f"{field}: 2 is the largest that fits")
