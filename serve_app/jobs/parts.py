"""The results of a durable job one by one, whether of models or of the upscaler, with their JSON and files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self, TypeAlias

from cutout.jobs import Output
from cutout.models.combination import UNKNOWN
from cutout.models.selection import FUSED
from cutout.models.spec import ModelSpec
from cutout.results import Cutout, Upscaled
from serve_app.jobs.state import UPSCALED, JobState
from serve_app.responses.bodies import model_body, score_body
from serve_app.responses.upscaled import upscale_result
from serve_app.storage.edits import EDITED, Edit, edited_name
from serve_app.storage.pictures import PictureStore
from serve_app.storage.signing import Signer

Specs: TypeAlias = Mapping[str, ModelSpec]


@dataclass(frozen=True, slots=True)
class Part:
    """One result of a job."""

    job_id: str
    name: str
    """Its model's id, or UPSCALED."""
    good: bool
    """Whether it succeeded."""
    there: bool
    """Whether its pictures are in the store: it succeeded, and they were not deleted to make room."""
    body: dict[str, Any]
    """Its object in the answer."""
    files: dict[str, str]
    """Names of its pictures in the store, by kind: `image`, and `mask` where it has one."""

    def addressed(self, signer: Signer, base_url: str) -> Self:
        """With the signed address of each picture; null where there is none."""
        paths = {f"{kind}_url": signer.path(self.job_id, name) for kind, name in self.files.items()}
        urls = {field: f"{base_url}/{path}" if self.there else None for field, path in paths.items()}
        return replace(self, body=self.body | urls)

    async def loaded(self, store: PictureStore) -> Self:
        """With its pictures, as bytes."""
        if not self.good:
            return self
        pictures = {f"{kind}_base64": await store.get(self.job_id, name) for kind, name in self.files.items()}
        return replace(self, body=self.body | pictures)


def parts(state: JobState, models: Specs, *, dropped: bool = False) -> list[Part]:
    """The results of a job so far, without pictures and addresses; `dropped`: the pictures had to make room."""
    order = state.order
    if order.enlargement and (upscaled := state.upscaled):
        body = upscale_result(order.enlargement.factor, order.size, upscaled, state.result.wall_ms)
        good = isinstance(upscaled, Upscaled)
        return [Part(order.job_id, UPSCALED, good, good and not dropped, body, {"image": order.name(UPSCALED)})]
    specs, found = known_specs(order.models, models), []
    for one in state.results:
        name, good = one.model_id, isinstance(one.outcome, Cutout)
        files = {"image": order.name(name)} | ({"mask": order.mask_name(name)} if order.masked else {})
        body = model_body(order.output, one, specs, order.size) | score_body(state.comparison, name)
        found.append(Part(order.job_id, name, good, good and not dropped, body, files))
    return found


def known_specs(asked: Iterable[str], models: Specs) -> Specs:
    """The specs of models; one that this service no longer has is named by its id, without a commercial licence."""
    gone = (name for name in asked if name != FUSED)
    known = {name: ModelSpec(id=name, name=name, backend="none", licence=UNKNOWN) for name in gone}
    return {**known, **models}


def edited_part(state: JobState, edit: Edit, models: Specs) -> Part:
    """The cutout that was mended by hand: the whole of it, without the job's finish."""
    order, specs = state.order, known_specs([edit.cutout.source_id], models)
    body = model_body(Output(factor=order.factor), edit.result, specs, order.size)
    return Part(order.job_id, EDITED, True, True, body, {"image": edited_name("")})
