"""What Serve's processes leave out of memory.

Ray Serve imports pandas in each of its processes, and goes on where there is none (ray 2.60). It uses it to send
tables, which this service does not have: 30 MB and half a second of a processor in each process.
"""

import sys

HOOK = "serve_app.process.lean.import_serve"
"""`import_serve` as Ray's `worker_process_setup_hook`, which each of its worker processes calls first."""


def import_serve() -> None:
    """Import Ray Serve without pandas, which can be imported afterwards by whoever needs it."""
    if sys.modules.keys() & {"ray.serve", "pandas"}:
        return
    sys.modules["pandas"] = None  # type: ignore[assignment]  # what `import` takes as absent
    try:
        import ray.serve  # noqa: F401
    finally:
        del sys.modules["pandas"]
