"""How many calls a deployment takes at once: what its replicas work on, and what waits for them."""

from typing import Any

from ray.serve._private.router import CurrentLoopRouter, SingletonThreadRouter


def room(handle: Any) -> int | None:
    """Calls of this process that the running replicas and its queue for them hold together; None: any number.

    Read from the router of a Serve handle at each call, so that it follows the configuration and the replicas. Ray 2.60
    has no public way to ask. Its own limit may let a few more in: a call that was sent to a replica counts as queued no
    more, also while it is not known whether the replica takes it, and one that comes back is queued without a check
    (`wrap_request_assignment` and `wrap_queued_request` in ray/serve/_private/router.py).
    """
    router = getattr(handle, "_router", None)
    if not isinstance(router, CurrentLoopRouter | SingletonThreadRouter):
        return None  # a handle that was not called yet, or one of Serve's local testing mode
    inner = router._asyncio_router
    config, replicas = inner._metrics_manager._deployment_config, inner.request_router
    if config is None or replicas is None or config.max_queued_requests < 0:
        return None
    working = sum(replica.max_ongoing_requests for replica in replicas.curr_replicas.values())
    return int(config.max_queued_requests + working)
