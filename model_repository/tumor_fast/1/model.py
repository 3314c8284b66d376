"""OpenVINO in Triton's Python backend: one thread an instance, as many instances as `configs/cpu.pbtxt` asks for."""

from pathlib import Path

import numpy as np
import openvino
import triton_python_backend_utils as pb_utils

SMALL_BATCH = 2
"""Images inferred at once: a CPU core gains nothing from more, and the memory stays flat."""


class TritonPythonModel:
    def initialize(self, args: dict[str, str]) -> None:
        if int(np.__version__.split(".")[0]) >= 2:
            raise pb_utils.TritonModelException(
                f"numpy {np.__version__} makes this Triton return empty tensors. Install 'numpy<2' in its environment."
            )
        graph = Path(args["model_repository"]) / args["model_version"] / "model.xml"
        options = {
            "INFERENCE_PRECISION_HINT": "f32",
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": 1,
            # Two instances pinned to the same first core would halve each other.
            "ENABLE_CPU_PINNING": False,
        }
        compiled = openvino.Core().compile_model(graph, "CPU", options)
        self.request = compiled.create_infer_request()
        shape = [1, *(dimension.get_length() for dimension in list(compiled.input(0).partial_shape)[1:])]
        self.request.infer([np.zeros(shape, np.uint8)])

    def execute(self, requests: list) -> list:
        images = [pb_utils.get_input_tensor_by_name(request, "image").as_numpy() for request in requests]
        batch = np.concatenate(images)
        found = []
        for start in range(0, len(batch), SMALL_BATCH):
            answer = self.request.infer([batch[start : start + SMALL_BATCH]])
            found.append(answer[0].copy())
        probability = np.concatenate(found)
        ends = np.cumsum([len(one) for one in images])[:-1]
        return [
            pb_utils.InferenceResponse([pb_utils.Tensor("prob", np.ascontiguousarray(part))])
            for part in np.split(probability, ends)
        ]
