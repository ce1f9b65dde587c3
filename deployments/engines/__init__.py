"""Engines that run an ONNX file: onnxruntime and OpenVINO, behind one interface."""

from typing import Literal, TypeAlias

from deployments.engines.base import Engine, Plan

EngineName: TypeAlias = Literal["auto", "onnxruntime", "openvino"]


def build_engine(name: EngineName, plan: Plan) -> Engine:
    """The engine that a registry file names; `auto`: OpenVINO on processors, onnxruntime on a GPU.

    On a processor with bf16, OpenVINO takes less than half of onnxruntime's time for ISNet. In f32, on an AMD EPYC with
    AVX2, its calls take a tenth to a quarter less processor time, and its process 0.6 GB instead of 2.2 with ISNet, 0.4
    instead of 1.1 with U2-Net (docs/performance.md).
    """
    # Each takes a second to import: import only the one that is used.
    if name == "openvino" or (name == "auto" and not plan.gpu):
        from deployments.engines.open_vino import OpenVino

        return OpenVino(plan)
    from deployments.engines.onnx_runtime import OnnxRuntime

    return OnnxRuntime(plan)
