"""Any model of rembg by its name, run by rembg's own session class: a YAML file and no code.

The models that the service ships use backend `onnx`, which is faster; this one supports all others.
"""

import numpy as np
from pydantic import Field

from cutout.errors import ModelUnavailable
from cutout.models.spec import WeightsSpec
from cutout.models.status import EngineReport
from cutout.models.weights import fetch
from cutout.pixels.ground import shown
from cutout.pixels.picture import Picture
from cutout.pixels.types import Matte
from cutout.spec import Spec
from deployments.backends.base import LocalBackend


class RembgOptions(Spec):
    """`options:` of backend `rembg_session`."""

    weights: WeightsSpec = Field(description="Where the ONNX file comes from; its name selects rembg's session.")


class RembgSession(LocalBackend[RembgOptions]):
    """See the module."""

    Options = RembgOptions

    def prepare(self) -> None:
        """See Backend."""
        fetch(self.options.weights)

    def load(self) -> None:
        """See LocalBackend."""
        # rembg takes seconds to import: only a replica that runs it should wait.
        import onnxruntime as ort

        try:
            from rembg.sessions import sessions_class
        except ModuleNotFoundError as missing:
            raise ModelUnavailable("rembg is not installed: pip install 'cutout-shotgun[service]'") from missing

        name = self.options.weights.name
        kind = next((kind for kind in sessions_class if kind.name() == name), None)
        if kind is None:
            raise ModelUnavailable(f"rembg has no model named {name}")
        weights = fetch(self.options.weights)
        settings = ort.SessionOptions()
        settings.intra_op_num_threads = self.resources.threads
        # rembg's class, with our file instead of its own download.
        ours = type(kind.__name__, (kind,), {"download_models": classmethod(lambda *_, **__: str(weights.path))})
        self._session = ours(name, settings)
        device = self._session.inner_session.get_providers()[0]
        wanted = self.resources.gpus > 0 and device == "CPUExecutionProvider"
        warning = "a GPU was given, but onnxruntime runs on the CPU: install the gpu extra" if wanted else None
        self._report = EngineReport("onnxruntime", device, weights.checksum, warning)

    def report(self) -> EngineReport:
        """See Backend."""
        return self._report

    def matte(self, picture: Picture) -> Matte:
        """See LocalBackend. Transparent input is put on a ground; see cutout/pixels/ground.py."""
        from PIL import Image

        masks = self._session.predict(Image.fromarray(shown(picture)))
        return Matte(np.asarray(masks[0].convert("L")))
