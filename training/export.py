"""Write the model's folder from a calibrated run: `python -m training.export [--run FOLDER]`.

Exports the serving graph to ONNX (weights stored as float16; computed in float32, or in bf16 by OpenVINO), quantises
it to int8 for OpenVINO with train images, serves int8 only if Dice on val stays within `DICE_ALLOWED`, else bf16,
measures the report cases as they will be served, and writes the figures into the configurations and the model card.
"""

import argparse
import json
import os
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nncf
import numpy as np
import onnx
import onnxruntime
import openvino
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from tqdm import tqdm

from training import repository
from training.calibrate import CALIBRATION, UNSURE, Calibration
from training.card import Measured, write_figures
from training.manifest import DEFAULT_FOLDER, Sample, read_manifest, select
from training.metrics import ImageResult, dice_by_case, measure_image, pooled_confusion, summarise
from training.negatives import glass, paint
from training.network import ServingNetwork
from training.perturb import NAMES, perturb
from training.train import DEFAULT_RUN, load_network
from training.unsure import load_unsure
from training.windows import WINDOW_PX, WindowGrid

DICE_ALLOWED = 0.005
CALIBRATION_IMAGES = 200
FLOAT16_FROM = 256
"""Constants of at least this many values are stored as float16."""


def export_onnx(network: ServingNetwork, path: Path) -> None:
    """The serving graph as plain ONNX, constants folded, batch size free."""
    example = torch.zeros(2, WINDOW_PX, WINDOW_PX, 3, dtype=torch.uint8)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # The tracer warns about the encoder's fixed padding, which is fixed on purpose.
        warnings.simplefilter("ignore")
        traced = str(Path(folder) / "traced.onnx")
        axes = {"image": {0: "batch"}, "prob": {0: "batch"}}
        torch.onnx.export(
            network.eval(),
            (example,),
            traced,
            dynamo=False,
            opset_version=17,
            input_names=["image"],
            output_names=["prob"],
            dynamic_axes=axes,
        )
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(path)
        onnxruntime.InferenceSession(traced, options, providers=["CPUExecutionProvider"])
    onnx.checker.check_model(str(path), full_check=True)


def store_as_float16(path: Path) -> None:
    """Halve a file: large float32 constants become float16 with a Cast behind, which every runtime folds
    away.
    """
    model = onnx.load(str(path))
    casts, kept = [], []
    for constant in model.graph.initializer:
        values = numpy_helper.to_array(constant)
        if values.dtype != np.float32 or values.size < FLOAT16_FROM:
            kept.append(constant)
            continue
        small = f"{constant.name}_float16"
        kept.append(numpy_helper.from_array(values.astype(np.float16), small))
        casts.append(helper.make_node("Cast", [small], [constant.name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(path))


def calibration_windows(samples: list[Sample], seed: int = 0) -> list[NDArray[np.uint8]]:
    """(1, 512, 512, 3) windows of train images spread over all cases, every tenth one synthetic tissue or
    glass.
    """
    torch.manual_seed(seed)
    chosen = samples[:: max(1, len(samples) // CALIBRATION_IMAGES)]
    windows = []
    for number, sample in enumerate(chosen):
        if number % 10 == 0:
            picture = paint(WINDOW_PX) if number % 20 else glass(WINDOW_PX)
            windows.append(picture.clamp(0, 255).round().byte().permute(1, 2, 0).numpy()[None])
        else:
            image = sample.read_image()
            windows.append(WindowGrid(*image.shape[:2]).cut(image)[:1])
    return windows


def quantise(model: openvino.Model, windows: list[NDArray[np.uint8]]) -> openvino.Model:
    """int8 weights and activations; what comes after the last convolution stays in float, and so does "unsure"."""
    return nncf.quantize(
        model,
        nncf.Dataset(windows),
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(windows),
        fast_bias_correction=True,
        ignored_scope=nncf.IgnoredScope(patterns=[".*/unsure/.*"]),
    )


@dataclass(frozen=True)
class Engine:
    """A graph and how it is computed."""

    graph: openvino.Model
    precision: str
    """int8, bf16 or fp32."""

    def request(self, threads: int) -> openvino.InferRequest:
        """Ready to infer on the CPU."""
        hint = "bf16" if self.precision == "bf16" else "f32"
        options = {"INFERENCE_PRECISION_HINT": hint, "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
        return openvino.Core().compile_model(self.graph, "CPU", options).create_infer_request()


def measure(
    engine: Engine, samples: list[Sample], threshold: float, threads: int, change: str | None = None
) -> list[ImageResult]:
    """What a model in this process makes of some samples, each changed first by one of `training.perturb.NAMES`."""
    request = engine.request(threads)
    results = []
    for sample in tqdm(samples, desc=f"measuring {samples[0].split} {change or ''}", unit="image"):
        image, labels = sample.read_image(), sample.read_labels()
        if change:
            image, labels = perturb(image, labels, change)
        grid = WindowGrid(*image.shape[:2])
        answers = [request.infer([window[None]])[0][0].copy() for window in grid.cut(image)]
        results.append(measure_image(grid.join(np.stack(answers)), labels, sample.case, threshold))
    return results


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Export a calibrated run to the model repository.")
    parser.add_argument("--data", type=Path, default=DEFAULT_FOLDER, help="folder that holds manifest.csv")
    parser.add_argument("--run", type=Path, default=DEFAULT_RUN, help="folder of a calibrated run")
    parser.add_argument("--repository", type=Path, default=repository.DEFAULT_FOLDER)
    parser.add_argument("--card", type=Path, default=Path("docs/model-card.md"))
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)

    torch.set_num_threads(options.threads)
    samples = read_manifest(options.data)
    validation, report = select(samples, "val"), select(samples, "report")
    calibration = Calibration(**json.loads((options.run / CALIBRATION).read_text(encoding="utf-8")))
    threshold, threads = calibration.threshold, options.threads
    folder = options.repository / repository.NAME
    weights = folder / "1"
    weights.mkdir(parents=True, exist_ok=True)

    # 1. One float graph; ONNX ships it, OpenVINO computes it in float32 or bf16.
    unsure = load_unsure(torch.load(options.run / UNSURE, weights_only=True))
    network = ServingNetwork(load_network(options.run), calibration.temperature, unsure)
    export_onnx(network, weights / "model.onnx")
    full = openvino.convert_model(weights / "model.onnx")
    store_as_float16(weights / "model.onnx")

    # 2. int8 where val allows it.
    int8 = quantise(full, calibration_windows(select(samples, "train")))
    openvino.save_model(int8, weights / "model.xml", compress_to_fp16=True)
    saved = {
        "fp32": openvino.Core().read_model(weights / "model.onnx"),
        "bf16": openvino.Core().read_model(weights / "model.onnx"),
        "int8": openvino.Core().read_model(weights / "model.xml"),
    }
    engines = {precision: Engine(graph, precision) for precision, graph in saved.items()}
    on_val = {name: summarise(measure(engine, validation, threshold, threads)) for name, engine in engines.items()}
    lost = (on_val["fp32"]["dice_carcinoma"] or 0) - (on_val["int8"]["dice_carcinoma"] or 0)
    precision = "int8" if lost <= DICE_ALLOWED else "bf16"

    # 3. Figures of the cases that chose nothing, by the file that is served.
    served = engines[precision]
    results = measure(served, report, threshold, threads)
    changed = {name: summarise(measure(served, report, threshold, threads, name)) for name in NAMES}
    facts = repository.Facts(repository.VERSION, threshold, precision, summarise(results))
    repository.write_configs(folder, facts)
    measured = Measured(facts, calibration, on_val, pooled_confusion(results), dice_by_case(results), changed)
    write_figures(options.card, measured)
    print(json.dumps({"precision": precision, "val": on_val, "report": facts.figures}))


if __name__ == "__main__":
    main()
