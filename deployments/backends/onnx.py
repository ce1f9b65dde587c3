"""A salient-object network in an ONNX file, such as U2-Net, IS-Net and BiRefNet, on the fast engines.

Pre- and postprocessing are rembg's (sessions/base.py and the modules of the models in 2.0.86), so that the same weights
give the same alpha, to a level: Lanczos to the network's square input, divided by the brightest value, normalised by
mean and standard deviation; the first output stretched to 0..1, rounded where rembg truncates, and resized by Lanczos.
"""

from typing import Literal

import numpy as np
from PIL import Image
from pydantic import Field, PositiveInt

from cutout.errors import ModelError
from cutout.models.spec import WeightsSpec
from cutout.models.status import EngineReport
from cutout.models.weights import fetch
from cutout.pixels.composite import normalised
from cutout.pixels.ground import shown
from cutout.pixels.picture import Picture
from cutout.pixels.resizing.resize import resize_alpha
from cutout.pixels.types import Matte, Rgb
from cutout.spec import Spec
from deployments.backends.base import LocalBackend
from deployments.engines import EngineName, build_engine
from deployments.engines.base import GpuProvider, Plan, Precision, Tensor


class OnnxOptions(Spec):
    """`options:` of backend `onnx`."""

    weights: WeightsSpec = Field(description="Where the ONNX file comes from.")
    size_px: PositiveInt = Field(description="Side of the network's square input.")
    mean: tuple[float, float, float] = Field(description="Subtracted from each channel, in 0..1.")
    std: tuple[float, float, float] = Field(description="Each channel is divided by it.")
    activation: Literal["none", "sigmoid"] = Field("none", description="Applied to the first output.")
    engine: EngineName = Field("auto", description="The engine; `auto`: the fastest that the model allows.")
    gpu: GpuProvider = Field("cuda", description="How the replica uses its GPU.")
    precision: Precision = Field("f32", description="`auto` or `bf16` only where the alpha error of bf16 was checked.")
    bf16_layers: tuple[str, ...] = Field(
        (), description="Convolutions, by their names in the file, that may run in bf16 though `precision` is `f32`."
    )


class OnnxBackend(LocalBackend[OnnxOptions]):
    """See the module."""

    Options = OnnxOptions

    def prepare(self) -> None:
        """See Backend."""
        fetch(self.options.weights)

    def load(self) -> None:
        """See LocalBackend."""
        weights = fetch(self.options.weights)
        resources = self.resources
        gpu = self.options.gpu if resources.gpus > 0 else None
        options = self.options
        plan = Plan(weights.path, resources.threads, options.precision, options.bf16_layers, gpu, resources.cache)
        self._engine = build_engine(self.options.engine, plan)
        warning = None
        if gpu and self._engine.device.startswith("CPU"):
            warning = f"a GPU was given, but {self._engine.name} runs on {self._engine.device}: install the gpu extra"
        self._report = EngineReport(self._engine.name, self._engine.device, weights.checksum, warning)

    def report(self) -> EngineReport:
        """See Backend."""
        return self._report

    def matte(self, picture: Picture) -> Matte:
        """See LocalBackend. Transparent input is put on a ground; see cutout/pixels/ground.py."""
        square = (self.options.size_px, self.options.size_px)
        # Pillow's Lanczos, not our faster one: small networks are sensitive to it (u2netp's alpha changes by 0.3 %).
        seen = np.asarray(Image.fromarray(shown(picture)).resize(square, Image.Resampling.LANCZOS))
        tensor = network_input(seen, self.options.mean, self.options.std)
        if self.given_up.is_set():  # a run that has not begun cannot be interrupted
            raise ModelError("Given up: nobody waits for this picture")
        output = self._engine.run(tensor)[0, 0]
        if self.options.activation == "sigmoid":
            output = 0.5 + 0.5 * np.tanh(output / 2)  # the sigmoid, in a form that cannot overflow
        return Matte(resize_alpha(normalised(output), picture.size))

    def interrupt(self) -> None:
        """See LocalBackend."""
        self._engine.interrupt()


def network_input(rgb: Rgb, mean: tuple[float, ...], std: tuple[float, ...]) -> Tensor:
    """(1, 3, S, S) float32 of an (S, S, 3) picture, equal to rembg's to the last bit.

    For each channel, the results of all 256 values are computed in float64, as in rembg, and looked up.
    """
    values = np.arange(256) / max(int(rgb.max()), 1e-6)
    tensor = np.empty((1, 3, *rgb.shape[:2]), np.float32)
    for channel in range(3):
        table = ((values - mean[channel]) / std[channel]).astype(np.float32)
        np.take(table, rgb[..., channel], out=tensor[0, channel], mode="clip")
    return tensor
