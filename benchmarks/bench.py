"""What every work is given: how much to measure, the photographs, our service and its peers."""

from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benchmarks import limits, peers
from benchmarks.peers import Rembg, rembg_server
from benchmarks.photos import Photo, load_photos
from benchmarks.serving import Service, serving
from cutout.models.registry import load_registry


@dataclass(frozen=True, slots=True)
class Form:
    """How much is measured."""

    photos: int | None
    """How many photographs; None: all."""
    rounds: int
    """How often each, for what takes up to some seconds."""
    long_rounds: int
    """How often each, for what takes longer."""
    repeats: int
    """How often, for what is done with one picture."""
    clients: int
    client_requests: int
    """Of all clients together, each time."""
    memory_requests: int
    mixed_requests: int
    large_bodies: int
    """Large uploads, and as many large answers."""
    large_megapixels: float
    """Of the noise that is sent as a PNG."""
    idle_s: float
    """For which nobody asks anything."""
    folder_photos: int
    """In the folder that the commands are given."""
    upscale_megapixels: float
    """Input of the upscale that is compared with others."""
    output_megapixels: tuple[int, ...]
    """Outputs of the upscales that are compared with each other."""


FULL = Form(None, 2, 1, 20, 8, 16, 50, 2000, 10, 16.0, 60, 50, 1.5, (1, 4, 9, 16, 25, 36))
SMOKE = Form(1, 1, 1, 1, 2, 2, 2, 20, 2, 1.0, 1, 2, 0.2, (1, 4))


class Bench:
    """One run of the benchmark."""

    def __init__(self, form: Form, scratch: Path, stack: ExitStack) -> None:
        self.form = form
        self.scratch = scratch
        self._stack = stack
        self._models = load_registry(Path("configs")).models

    @cached_property
    def photos(self) -> list[Photo]:
        """The photographs, the smallest first."""
        return load_photos(self.form.photos)

    @cached_property
    def jpegs(self) -> dict[str, bytes]:
        """The photographs' files by their names."""
        return {photo.name: photo.jpeg for photo in self.photos}

    @cached_property
    def one_megapixel(self) -> Photo:
        """The photograph that is nearest to one megapixel."""
        return min(self.photos, key=lambda photo: abs(photo.megapixels - 1))

    @cached_property
    def service(self) -> Service:
        """Our service, started when it is first asked for."""
        print("Starting our service …", flush=True)
        return self._stack.enter_context(serving(self.scratch, self._models))

    @cached_property
    def rembg(self) -> Rembg:
        """`rembg s`, started when it is first asked for."""
        print("Starting rembg s …", flush=True)
        return self._stack.enter_context(rembg_server(self.scratch, self._models))

    @cached_property
    def rembg_home(self) -> dict[str, str]:
        """The environment of rembg's commands, with the weights of our models."""
        return peers.environment(self.scratch / "rembg", self._models)

    def engines(self, *model_ids: str) -> limits.Limit:
        """The networks alone, compiled as those of our service."""
        return limits.engines(self.service.folder / "compiled", *model_ids)

    def pillow_ms(self, png: bytes, factor: int = 4) -> float:
        """What Pillow takes, in ms, for what /upscale does."""
        return peers.enlarge("pillow", png, factor, self.scratch)

    def libvips_ms(self, png: bytes, factor: int = 4) -> float:
        """What libvips takes for it."""
        return peers.enlarge("libvips", png, factor, self.scratch)
