"""onnxruntime: on the replica's GPU if it has one, else with a thread for each of its CPUs."""

import onnxruntime as ort

from deployments.engines.base import Engine, Plan, Tensor


class OnnxRuntime(Engine):
    """One InferenceSession."""

    name = "onnxruntime"

    def __init__(self, plan: Plan) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = plan.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # a missing GPU provider is reported by `device` and /health, not on stderr
        self._session = ort.InferenceSession(str(plan.model), options, providers=_providers(plan))
        self._input = self._session.get_inputs()[0].name
        self._output = self._session.get_outputs()[0].name
        self._run_options = ort.RunOptions()
        self.device = self._session.get_providers()[0]

    def run(self, tensor: Tensor) -> Tensor:
        """See Engine."""
        self._run_options = ort.RunOptions()
        output: Tensor = self._session.run([self._output], {self._input: tensor}, self._run_options)[0]
        return output

    def interrupt(self) -> None:
        """See Engine. onnxruntime checks the flag between nodes of the graph."""
        self._run_options.terminate = True


def _providers(plan: Plan) -> list[tuple[str, dict[str, object]]]:
    """The execution providers that are wanted and built in, best first; onnxruntime skips those it cannot load."""
    tensorrt: dict[str, object] = {}
    if plan.cache:
        tensorrt = {"trt_engine_cache_enable": True, "trt_engine_cache_path": str(plan.cache)}
    wanted: dict[str, dict[str, object]] = {"CPUExecutionProvider": {}}
    if plan.gpu:
        wanted = {"CUDAExecutionProvider": {}, **wanted}
    if plan.gpu == "tensorrt":
        wanted = {"TensorrtExecutionProvider": tensorrt, **wanted}
    built_in = ort.get_available_providers()
    return [(name, options) for name, options in wanted.items() if name in built_in]
