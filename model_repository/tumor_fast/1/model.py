"""OpenVINO in Triton's Python backend: one thread an instance, as many instances as the configuration asks for.

The parameter `cpu_precision` chooses: int8 is `model.xml`; bf16 and fp32 are `model.onnx` computed so.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import openvino
import triton_python_backend_utils as pb_utils

SMALL_BATCH = 2
"""Images inferred at once: a CPU core gains nothing from more, and the memory stays flat."""

IS_NUMPY_1 = np.__version__.startswith("1.")
"""This Triton knows the layout of numpy 1's arrays; it takes numpy 2's for empty ones, without an error. Python 3.13
has only numpy 2, whose arrays are handed over by DLPack, which in turn crashes with numpy 1."""


def array_of(tensor: pb_utils.Tensor) -> np.ndarray:
    return tensor.as_numpy() if IS_NUMPY_1 else np.from_dlpack(tensor)


def tensor_of(name: str, values: np.ndarray) -> pb_utils.Tensor:
    return pb_utils.Tensor(name, values) if IS_NUMPY_1 else pb_utils.Tensor.from_dlpack(name, values)


class TritonPythonModel:
    def initialize(self, args: dict[str, str]) -> None:
        precision = json.loads(args["model_config"])["parameters"]["cpu_precision"]["string_value"]
        folder = Path(args["model_repository"]) / args["model_version"]
        graph = folder / ("model.xml" if precision == "int8" else "model.onnx")
        options = {
            "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32",
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
        images = [array_of(pb_utils.get_input_tensor_by_name(request, "image")) for request in requests]
        batch = np.concatenate(images)
        found = []
        for start in range(0, len(batch), SMALL_BATCH):
            answer = self.request.infer([batch[start : start + SMALL_BATCH]])
            found.append(answer[0].copy())
        probability = np.concatenate(found)
        ends = np.cumsum([len(one) for one in images])[:-1]
        return [
            pb_utils.InferenceResponse([tensor_of("prob", np.ascontiguousarray(part))])
            for part in np.split(probability, ends)
        ]
