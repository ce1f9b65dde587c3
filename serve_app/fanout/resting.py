"""Which models have scaled to zero: a call to one of them, whatever it asks, would start a replica."""

from collections.abc import Collection

import ray
from ray import serve
from ray.exceptions import RayError
from ray.serve.schema import ApplicationStatusOverview, DeploymentStatus, DeploymentStatusOverview
from ray.util import list_named_actors

from cutout.errors import ServiceUnavailable

SETTLED = (DeploymentStatus.HEALTHY, DeploymentStatus.DOWNSCALING)


class Resting:
    """Of some models of this replica's application, those that have no replica and are to have none."""

    def __init__(self, model_ids: Collection[str]) -> None:
        self._model_ids = frozenset(model_ids)
        self._found = frozenset[str]()

    def find(self) -> frozenset[str]:
        """The models at rest now; blocking. In Serve's local testing mode there are none.

        Serve's own status takes ten milliseconds a deployment (Ray 2.60): it is asked only where a replica is gone.

        Raises:
            ServiceUnavailable: Ray does not answer.
        """
        if not ray.is_initialized():
            return frozenset()
        application = serve.get_replica_context().app_name
        try:
            absent = self._model_ids - _with_replica(application)
            if not absent <= self._found:
                status = serve.status().applications[application]
                absent = frozenset(name for name in absent if _needs_none(status, name))
        except (RayError, KeyError) as trouble:
            raise ServiceUnavailable("Ray does not tell which models have a replica") from trouble
        self._found = absent
        return absent


def _with_replica(application: str) -> set[str]:
    """The deployments of which there is a replica, by the names of replicas' actors; a starting one counts."""
    names = (name.partition("::")[2].split("#") for name in list_named_actors() if name.startswith("SERVE_REPLICA::"))
    return {deployment for of, deployment, _ in names if of == application}


def _needs_none(status: ApplicationStatusOverview, name: str) -> bool:
    """Whether a deployment is to have no replica; one that cannot start has none either."""
    deployment: DeploymentStatusOverview | None = status.deployments.get(name)
    return deployment is not None and deployment.status in SETTLED
