"""What is measured: each work is a function from a Bench to its Findings, and needs no other work."""

from collections.abc import Callable

from benchmarks.bench import Bench
from benchmarks.findings import Findings
from benchmarks.works.alone import alone
from benchmarks.works.bodies import bodies
from benchmarks.works.clients import throughput
from benchmarks.works.cutouts import isnet, u2netp
from benchmarks.works.folder import folder
from benchmarks.works.idle import idle
from benchmarks.works.layers import layers
from benchmarks.works.memory import memory, mixed
from benchmarks.works.pipelines import process, shotgun
from benchmarks.works.upscales import growth, upscale

WORKS: dict[str, Callable[[Bench], Findings]] = {
    "idle": idle,  # before anything is asked
    "memory": memory,  # then this, and then `mixed`: before larger works have made either side grow
    "mixed": mixed,
    "bodies": bodies,
    "isnet": isnet,
    "u2netp": u2netp,
    "folder": folder,
    "upscale": upscale,
    "growth": growth,
    "process": process,
    "shotgun": shotgun,
    "layers": layers,
    "alone": alone,
    "throughput": throughput,
}
