"""OpenVINO on the CPU; in bf16 if the processor supports it and the model allows it."""

import ctypes
import mmap
import sys
import threading
from pathlib import Path

import openvino as ov

from deployments.engines import mixed
from deployments.engines.base import Engine, Plan, Tensor
from deployments.engines.freed_memory import return_memory

_LIBC = ctypes.CDLL(None)
_LIBC.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
COMPILING = threading.Lock()
"""OpenVINO compiles in the C locale and then restores the process's. Two threads at a time could leave the C locale, in
which Python's open() reads ASCII (openvino 2026.4)."""


def has_bf16() -> bool:
    """Whether this processor supports bf16 (avx512_bf16 or AMX); otherwise bf16 is slower than f32."""
    return "BF16" in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def first_output(network: ov.Model) -> ov.Model:
    """The network without its other outputs, which only its training needs.

    ISNet has eleven, of 120 MB together: without them it takes 60 % of the processor time (2 cores with AMX).
    """
    return ov.Model([network.output(0)], network.get_parameters())


class OpenVino(Engine):
    """One compiled model with one infer request."""

    name = "openvino"

    def __init__(self, plan: Plan) -> None:
        precision = "bf16" if plan.precision != "f32" and has_bf16() else "f32"
        layers = plan.bf16_layers if precision == "f32" and has_bf16() else ()
        config: dict[str, object] = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": plan.threads}
        # By default, the threads of every engine are pinned to the same first cores, and the other cores stay idle.
        config["ENABLE_CPU_PINNING"] = False
        config |= mixed.CONFIG if layers else {"INFERENCE_PRECISION_HINT": precision}
        if plan.cache:
            config["CACHE_DIR"] = str(plan.cache)
        self._request = _compiled(plan.model, layers, config).create_infer_request()
        _forget_file(plan.cache)
        return_memory()
        self.device = f"CPU {precision}" + (f", {len(layers)} layers bf16" if layers else "")

    def run(self, tensor: Tensor) -> Tensor:
        """See Engine."""
        self._request.infer([tensor], share_inputs=True)
        output: Tensor = self._request.get_output_tensor(0).data
        return output

    def interrupt(self) -> None:
        """See Engine."""
        self._request.cancel()


def _compiled(model: Path, bf16_layers: tuple[str, ...], config: dict[str, object]) -> ov.CompiledModel:
    with COMPILING:
        compiled = _compile(model, bf16_layers, config)
        if "CACHE_DIR" in config and not compiled.get_property("LOADED_FROM_CACHE"):
            # Compiling leaves more memory behind than the model takes: with ISNet 170 MB.
            del compiled
            return_memory()
            compiled = _compile(model, bf16_layers, config)
        return compiled


def _compile(model: Path, bf16_layers: tuple[str, ...], config: dict[str, object]) -> ov.CompiledModel:
    core = ov.Core()
    network = first_output(core.read_model(str(model)))
    if bf16_layers:
        mixed.round_layers(network, bf16_layers)
    return core.compile_model(network, "CPU", config)


def _forget_file(cache: Path | None) -> None:
    """Release the memory of the compiled models' files that are mapped from `cache`; on Linux, where it is known how.

    The engine has copied the weights into the form that it computes with. The file stays mapped: a page of it that is
    read all the same comes back (madvise(2), MADV_DONTNEED on a file). With ISNet this is 170 MB.
    """
    if cache is None or sys.platform != "linux":
        return
    for line in Path("/proc/self/maps").read_text().splitlines():
        addresses, *_, name = line.split(maxsplit=5)
        if Path(name).parent == cache:
            start, end = (int(address, 16) for address in addresses.split("-"))
            _LIBC.madvise(start, end - start, mmap.MADV_DONTNEED)
