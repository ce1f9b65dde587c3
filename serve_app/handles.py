"""Serve handle -> plain async method; Ray's errors -> ours. The one seam where Ray's exceptions are caught."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, TypeVar

from ray.exceptions import RayActorError, RayError, RayTaskError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError
from ray.serve.handle import DeploymentHandle, DeploymentResponse

from cutout.errors import CutoutError, ModelBusy, ModelCrashed, ModelError, ModelUnavailable
from cutout.outcome import Cutout, Failure, ModelStatus, OutputFormat, Upscaled
from cutout.spec import ModelSpec

logger = logging.getLogger(__name__)
T = TypeVar("T")
TRIES = 3
"""How often work without side effects is sent, when the replica that has it dies."""


class ModelHandle:
    """A removal model's deployment."""

    def __init__(self, spec: ModelSpec, handle: DeploymentHandle[Any]) -> None:
        self._name = spec.name
        self._handle = handle
        # A provider may have charged for work whose answer was lost: it is not sent again.
        self._tries = TRIES if spec.local else 1

    async def remove(self, picture: Any, output_format: OutputFormat | None) -> Cutout | Failure:
        """See shotgun.Model."""
        return await _sent(lambda: self._handle.remove.remote(picture, output_format), self._name, self._tries)

    async def status(self) -> ModelStatus:
        """See shotgun.Model."""
        return await _sent(self._handle.status.remote, self._name, 1)


class UpscalerHandle:
    """The upscaler's deployment."""

    def __init__(self, handle: DeploymentHandle[Any]) -> None:
        self._handle = handle

    async def upscale(self, cutout: Cutout, factor: int, output_format: OutputFormat) -> Cutout | Failure:
        """See shotgun.Enlarger."""
        return await _sent(lambda: self._handle.upscale.remote(cutout, factor, output_format), "Upscaler", TRIES)

    async def upscale_picture(
        self, picture: Any, factor: int, output_format: OutputFormat, preserve_alpha: bool
    ) -> Upscaled:
        """See shotgun.Enlarger."""
        call = self._handle.upscale_picture
        return await _sent(lambda: call.remote(picture, factor, output_format, preserve_alpha), "Upscaler", TRIES)


async def _sent(call: Callable[[], DeploymentResponse[T]], name: str, tries: int) -> T:
    """The answer to a call, sent again to another replica when the one that had it died."""
    for _ in range(tries - 1):
        try:
            return await _answer(call(), name)
        except ModelCrashed as crash:
            logger.warning("%s; sent again", crash.message)
    return await _answer(call(), name)


async def _answer(response: DeploymentResponse[T], name: str) -> T:
    try:
        answer: T = await response
        return answer
    except asyncio.CancelledError:
        response.cancel()  # Serve does so when the caller hangs up, but not when the model's time is over.
        raise
    except BackPressureError as full:
        raise ModelBusy(f"{name} is busy: its queue is full") from full
    except DeploymentUnavailableError as down:
        raise ModelUnavailable(f"{name} is not running") from down
    except RayActorError as died:
        raise ModelCrashed(f"{name} died while it worked") from died
    except RayTaskError as failed:
        if isinstance(failed.cause, CutoutError):
            raise failed.cause from None
        logger.exception("%s failed", name)
        raise ModelError(f"{name} failed: {type(failed.cause).__name__}") from failed
    except RayError as trouble:
        logger.exception("%s could not be reached", name)
        raise ModelUnavailable(f"{name} could not be reached: {type(trouble).__name__}") from trouble
