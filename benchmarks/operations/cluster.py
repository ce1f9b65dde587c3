"""Several Ray nodes on this machine, and the service of fakes on them."""

import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from serve_app.process.child_processes import end_processes
from serve_app.settings import RUN_ID, ray_environment
from tests.support.ray_service import variables

NODE = {"num_cpus": 4, "object_store_memory": 200 * 1024 * 1024}


@dataclass
class Nodes:
    """A Ray cluster whose nodes are processes of this machine."""

    ray: Any
    """Ray's own Cluster."""
    added: list[Any] = field(default_factory=list)

    @property
    def address(self) -> str:
        """For RAY_ADDRESS."""
        address: str = self.ray.address
        return address

    @property
    def dashboard(self) -> str:
        """Where `serve deploy` goes."""
        return f"http://{self.ray.webui_url}"

    def join(self, **options: Any) -> None:
        """One more node."""
        self.added.append(self.ray.add_node(**NODE | options))

    def die(self) -> None:
        """The node that joined last dies as a whole, without a word."""
        self.ray.remove_node(self.added.pop(), allow_graceful=False)


@contextmanager
def nodes(folder: Path, count: int, head: Mapping[str, Any], **worker: Any) -> Iterator[Nodes]:
    """A head with the options `head`, and `count` nodes more with the options `worker`; all ended at the end.

    `folder` is that of the service which will run on them: on a cluster its variables are set at the nodes.
    """
    run_id = uuid.uuid4().hex
    # Before Ray is imported: it reads them then, and each node's processes inherit them.
    os.environ.update({**ray_environment(run_id), RUN_ID: run_id, "RAY_AUTH_MODE": "disabled", **variables(folder)})
    from ray.cluster_utils import Cluster

    cluster = Nodes(Cluster(initialize_head=True, head_node_args={**NODE, "include_dashboard": True, **head}))
    try:
        for _ in range(count):
            cluster.join(**worker)
        yield cluster
    finally:
        cluster.ray.shutdown()
        end_processes(run_id)
