"""The service without Ray: real removers of the model without weights, the real upscaler."""

from cutout.outcome import Cutout, Failure, ModelStatus, OutputFormat
from cutout.spec import EncodeSpec, LicenceSpec, LimitsSpec, ModelSpec, Registry, ServiceSpec
from deployments.backends.base import Resources
from deployments.remover import Remover
from deployments.upscaler import Upscaler
from serve_app.shotgun import Shotgun


def model(model_id: str, **fields: object) -> ModelSpec:
    """A model without weights, that leaves colours as they are."""
    licence = LicenceSpec(name="MIT", commercial=True)
    given = {"name": model_id.title(), "backend": "luminance", "licence": licence, "decontaminate": False}
    return ModelSpec.model_validate({"id": model_id, **given, **fields})


def registry(*models: ModelSpec, **limits: int) -> Registry:
    """A registry of them."""
    service = ServiceSpec(limits=LimitsSpec.model_validate(limits))
    return Registry(service=service, models={spec.id: spec for spec in models})


class InProcess(Remover):
    """A Remover called directly; it opens at its first call."""

    async def remove(self, picture: object, output_format: OutputFormat | None) -> Cutout | Failure:
        if self._opening is None:
            await self.start()
        return await super().remove(picture, output_format)  # type: ignore[arg-type]

    async def status(self) -> ModelStatus:  # type: ignore[override]
        if self._opening is None:
            await self.start()
        return super().status()


def shotgun(reg: Registry) -> Shotgun:
    """A shotgun whose models live in this process."""
    models = {spec.id: InProcess(spec, Resources(), EncodeSpec(), 60) for spec in reg.models.values()}
    return Shotgun(reg, models, Upscaler(EncodeSpec()))  # type: ignore[arg-type]
