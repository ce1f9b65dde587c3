"""Call the service from Python through its Serve handle.

RAY_ADDRESS=… python docs/examples/by_handle.py PHOTO, with the variables that the service names when it is ready.
"""

import sys
from pathlib import Path

import ray
from ray import serve

from cutout.results import CutoutFile, Result

ray.init(namespace="serve", logging_level="ERROR")
cutout = serve.get_app_handle("cutout")

result: Result[CutoutFile] = cutout.process.remote(Path(sys.argv[1]).read_bytes(), ["local_u2netp"], factor=2).result()

for one in result.results:
    if isinstance(one.outcome, CutoutFile):
        print(one.model_id, one.outcome.size, f"{one.wall_ms:.0f} ms", f"{len(one.outcome.encoded)} bytes")
    else:
        print(one.model_id, one.outcome.message)
