"""Engines that run an ONNX file: onnxruntime and OpenVINO, behind one interface."""

from typing import Literal, TypeAlias

from deployments.engines.base import Engine, Plan

EngineName: TypeAlias = Literal["auto", "onnxruntime", "openvino"]


def build_engine(name: EngineName, plan: Plan) -> Engine:
    """The engine that a registry file names; `auto`: the fastest on this machine that the model allows.

    On a processor with bf16, OpenVINO halves ISNet's time, and saves a quarter of u2netp's; in f32 the two are equally
    fast, and onnxruntime supports GPUs (docs/performance.md).
    """
    # Each takes a second to import: import only the one that is used.
    allows_bf16 = plan.precision != "f32" or plan.bf16_layers
    if name == "openvino" or (name == "auto" and not plan.gpu and allows_bf16):
        from deployments.engines.open_vino import OpenVino, has_bf16

        if name == "openvino" or has_bf16():
            return OpenVino(plan)
    from deployments.engines.onnx_runtime import OnnxRuntime

    return OnnxRuntime(plan)
