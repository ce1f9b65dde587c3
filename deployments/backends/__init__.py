"""The kinds of model: one module each, imported when a registry file names it; remote/ is what remote ones share."""

from importlib import import_module
from typing import Any

from pydantic import ValidationError

from cutout.errors import ConfigurationError
from cutout.models.spec import ModelSpec
from cutout.spec import explain
from deployments.backends.base import Backend, Resources

BACKENDS = {
    "onnx": "deployments.backends.onnx:OnnxBackend",
    "rembg_session": "deployments.backends.rembg_session:RembgSession",
    "luminance": "deployments.backends.luminance:LuminanceBackend",
    "runware": "deployments.backends.runware:RunwareBackend",
    "kie": "deployments.backends.kie:KieBackend",
    "leonardo": "deployments.backends.leonardo:LeonardoBackend",
    "http_api": "deployments.backends.http_api:HttpApiBackend",
}


def backend_class(spec: ModelSpec) -> type[Backend[Any]]:
    """The class that a registry file names.

    Raises:
        ConfigurationError: there is no such backend.
    """
    if spec.backend not in BACKENDS:
        known = ", ".join(sorted(BACKENDS))
        raise ConfigurationError(
            f"configs/models/{spec.id}.yaml: backend: one of {known} expected, not {spec.backend!r}"
        )
    module, name = BACKENDS[spec.backend].split(":")
    found: type[Backend[Any]] = getattr(import_module(module), name)
    return found


def load_backend(spec: ModelSpec, resources: Resources) -> Backend[Any]:
    """A backend with its options checked, not yet open.

    Raises:
        ConfigurationError: an option is wrong; names the file, the field and what was expected.
    """
    kind = backend_class(spec)
    try:
        options = kind.Options.model_validate(spec.options)
    except ValidationError as wrong:
        raise ConfigurationError(explain(f"configs/models/{spec.id}.yaml", wrong, "options")) from wrong
    return kind(spec, options, resources)


def prepare(spec: ModelSpec) -> None:
    """Find what a model needs before a replica can open it, in this process; blocking, see Backend.prepare.

    Raises:
        ModelUnavailable: it is missing; the message is the reason.
    """
    load_backend(spec, Resources()).prepare()
