"""OpenVINO on the CPU, in bf16 where the processor has it and the model's alpha error was checked."""

import openvino as ov

from deployments.engines.base import Engine, Plan, Tensor


def has_bf16() -> bool:
    """Whether this processor computes in bf16 (avx512_bf16 or AMX); without it bf16 is slower than f32."""
    return "BF16" in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


class OpenVino(Engine):
    """One compiled model with one infer request."""

    name = "openvino"

    def __init__(self, plan: Plan) -> None:
        precision = "bf16" if plan.precision != "f32" and has_bf16() else "f32"
        config = {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": plan.threads,
            "INFERENCE_PRECISION_HINT": precision,
        }
        if plan.cache:
            config["CACHE_DIR"] = str(plan.cache)
        self._request = ov.Core().compile_model(str(plan.model), "CPU", config).create_infer_request()
        self.device = f"CPU {precision}"

    def run(self, tensor: Tensor) -> Tensor:
        """See Engine."""
        self._request.infer([tensor], share_inputs=True)
        output: Tensor = self._request.get_output_tensor(0).data
        return output

    def interrupt(self) -> None:
        """See Engine."""
        self._request.cancel()
