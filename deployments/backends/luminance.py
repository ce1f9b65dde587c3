"""A model without weights, for tests, demos and benchmarks: the darker a pixel, the more it is subject."""

import numpy as np
from pydantic import Field, NonNegativeFloat

from cutout.errors import ModelError
from cutout.models.status import EngineReport
from cutout.pixels.picture import Picture
from cutout.pixels.types import Matte
from cutout.spec import Spec
from deployments.backends.base import LocalBackend


class LuminanceOptions(Spec):
    """`options:` of backend `luminance`."""

    delay_s: NonNegativeFloat = Field(0.0, description="Seconds per picture, for load tests without load.")
    error: str | None = Field(None, description="Fail every picture with this sentence.")


class LuminanceBackend(LocalBackend[LuminanceOptions]):
    """See the module."""

    Options = LuminanceOptions

    def load(self) -> None:
        """See LocalBackend; there is nothing to load."""

    def report(self) -> EngineReport:
        """See Backend."""
        return EngineReport("numpy", "CPU")

    def open(self) -> None:
        """See Backend; there is nothing to warm up."""

    def matte(self, picture: Picture) -> Matte:
        """Alpha is 255 - luminance (ITU-R BT.601 weights)."""
        self.given_up.wait(self.options.delay_s)
        if self.options.error:
            raise ModelError(self.options.error)
        luminance = picture.on_white() @ np.array([0.299, 0.587, 0.114], np.float32)
        return Matte((255 - luminance).astype(np.uint8))
