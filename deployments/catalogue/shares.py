"""How many processes each stage has, on how many CPUs and GPUs."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, Field, ValidationError

from cutout.errors import ConfigurationError
from cutout.models.spec import ModelSpec
from cutout.spec import explain

READING, DETAILING, FINISHING = "reading", "detailing", "finishing"
"""Stages beside those of the models, which are named by their ids."""
FINISHING_CPU_S, FUSING_CPU_S, DETAILING_CPU_S, UNKNOWN_CPU_S = 0.06, 0.35, 15.0, 1.0
"""Processor seconds for one photograph: writing a PNG; `fused` before it; `method: detail`, between the 7 and 26
of docs/hardware.md; a model whose `cpu_s` is not known."""
DETAILING_BYTES = 2_000_000_000
"""Memory that a process for `method: detail` may need."""
CPUS_A_READER = 8
"""A process that reads and decodes keeps so many CPUs busy."""
ASIDE = 0.1
"""CPUs that Ray counts for a process that mostly waits."""


class Actors(BaseModel):
    """`ray_actor_options` of a deployment."""

    num_cpus: float = Field(1.0, ge=0)
    num_gpus: float = Field(0.0, ge=0)


class Scaling(BaseModel):
    """`autoscaling_config` of a deployment."""

    max_replicas: int = Field(1, ge=1)


class Deployment(BaseModel):
    """Of a deployment in a Serve configuration, what is read here."""

    name: str
    max_ongoing_requests: int = Field(4, ge=1)
    autoscaling_config: Scaling | None = None
    num_replicas: int | None = None
    ray_actor_options: Actors = Field(default_factory=Actors)

    @property
    def most(self) -> int:
        """Replicas at most."""
        return self.autoscaling_config.max_replicas if self.autoscaling_config else self.num_replicas or 1


class Application(BaseModel):
    """Of an application, what is read here."""

    deployments: list[Deployment] = Field(default_factory=list)


class Profile(BaseModel):
    """Of a Serve configuration, what is read here."""

    applications: list[Application] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Share:
    """What one stage has."""

    processes: int
    cpus: float
    """Of each process, and the threads of its engine."""
    gpus: float = 0.0
    at_once: int = 1
    """Pictures that each process works on at a time."""


@dataclass(frozen=True, slots=True)
class Machines:
    """What there is to share: one machine's, or a cluster's."""

    cpus: float
    gpus: float
    bytes: float = 0.0
    """Memory."""


def profile(file: Path) -> dict[str, Deployment]:
    """The deployments of a Serve configuration by their names.

    Raises:
        ConfigurationError: it is none; names the file, the field and what was expected.
    """
    try:
        content: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
        found = Profile.model_validate(content)
    except (OSError, yaml.YAMLError) as wrong:
        raise ConfigurationError(f"{file}: a Serve configuration in YAML expected: {wrong}") from wrong
    except ValidationError as wrong:
        raise ConfigurationError(explain(str(file), wrong)) from wrong
    return {one.name: one for application in found.applications for one in application.deployments}


def shares(
    specs: Sequence[ModelSpec],
    machines: Machines,
    given: Mapping[str, Deployment],
    *,
    fused: bool,
    detailed: bool = False,
) -> dict[str, Share]:
    """The share of every stage, by its name.

    A network has a process for each CPU of its share, with one thread: two of one thread do more than one of two.
    `given` are a profile's deployments, whose CPUs and GPUs each process of a model gets instead. CPUs are shared by
    processor time, so that no stage waits for another; a model that a provider runs has as many processes as the
    profile has replicas of it. `method: detail` has as many processes as there is memory for, and none where no file is
    made by it.
    """
    weights = {spec.id: spec.cpu_s or UNKNOWN_CPU_S for spec in specs if spec.local and not _gpus(spec, given)}
    weights[FINISHING] = FINISHING_CPU_S + (FUSING_CPU_S if fused else 0)
    weights[DETAILING] = DETAILING_CPU_S if detailed else 0
    total = sum(weights.values())
    found = {spec.id: _of_model(spec, machines, given, weights, total) for spec in specs}
    aside = max(1, math.ceil(machines.cpus / CPUS_A_READER))
    finishing = max(1, round(machines.cpus * weights[FINISHING] / total))
    ends = {FINISHING: Share(finishing, ASIDE)}
    if detailed:
        have_room = math.floor(machines.bytes / DETAILING_BYTES)
        ends[DETAILING] = Share(max(1, min(have_room, round(machines.cpus * weights[DETAILING] / total))), 1.0)
    return {READING: Share(aside, ASIDE), **found, **ends}


def _of_model(
    spec: ModelSpec, machines: Machines, given: Mapping[str, Deployment], weights: Mapping[str, float], total: float
) -> Share:
    entry = given.get(spec.id)
    if not spec.local:
        return Share(entry.most if entry else 1, ASIDE, at_once=entry.max_ongoing_requests if entry else 4)
    actor = entry.ray_actor_options if entry else Actors()
    if gpus := _gpus(spec, given):
        return Share(max(1, math.floor(machines.gpus / gpus)), actor.num_cpus, gpus)
    processes = machines.cpus * weights[spec.id] / total / max(actor.num_cpus, ASIDE)
    return Share(max(1, round(processes)), actor.num_cpus)


def _gpus(spec: ModelSpec, given: Mapping[str, Deployment]) -> float:
    return given[spec.id].ray_actor_options.num_gpus if spec.id in given else 0.0
