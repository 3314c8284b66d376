"""Write the model's folder from a calibrated run: `python -m training.export [--run FOLDER]`.

Exports the serving graph to ONNX (weights stored as float16, computed in float32) and OpenVINO, quantises the
latter to int8 with train images, keeps int8 only if Dice on val stays within `DICE_ALLOWED`, measures the
report cases with the very file that will be served, and writes the figures into both configurations and the
model card.
"""

import argparse
import json
import os
import tempfile
import warnings
from collections.abc import Sequence
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
from training.calibrate import CALIBRATION, Calibration
from training.card import Measured, write_figures
from training.manifest import DEFAULT_FOLDER, Sample, read_manifest, select
from training.metrics import ImageResult, measure_image, pooled_confusion, summarise
from training.negatives import glass, paint
from training.network import ServingNetwork
from training.perturb import NAMES, perturb
from training.train import DEFAULT_RUN, load_network
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
    """int8 weights and activations; what comes after the last convolution stays in float."""
    return nncf.quantize(
        model,
        nncf.Dataset(windows),
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(windows),
        fast_bias_correction=True,
    )


def measure(
    model: openvino.Model, samples: list[Sample], threshold: float, threads: int, change: str | None = None
) -> list[ImageResult]:
    """What a model in this process makes of some samples, each changed first by one of `training.perturb.NAMES`."""
    options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads}
    request = openvino.Core().compile_model(model, "CPU", options).create_infer_request()
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

    # 1. One float graph; ONNX ships it, OpenVINO starts from it.
    network = ServingNetwork(load_network(options.run), calibration.temperature)
    export_onnx(network, weights / "model.onnx")
    full = openvino.convert_model(weights / "model.onnx")
    store_as_float16(weights / "model.onnx")

    # 2. int8 where val allows it.
    int8 = quantise(full, calibration_windows(select(samples, "train")))
    of_full = summarise(measure(full, validation, threshold, threads))
    of_int8 = summarise(measure(int8, validation, threshold, threads))
    lost = (of_full["dice_carcinoma"] or 0) - (of_int8["dice_carcinoma"] or 0)
    precision, chosen = ("int8", int8) if lost <= DICE_ALLOWED else ("fp32", full)
    openvino.save_model(chosen, weights / "model.xml", compress_to_fp16=True)

    # 3. Figures of the cases that chose nothing, by the file that is served.
    served = openvino.Core().read_model(weights / "model.xml")
    results = measure(served, report, threshold, threads)
    changed = {name: summarise(measure(served, report, threshold, threads, name)) for name in NAMES}
    facts = repository.Facts(repository.VERSION, threshold, precision, summarise(results))
    repository.write_configs(folder, facts)
    measured = Measured(facts, calibration, of_full, of_int8, pooled_confusion(results), changed)
    write_figures(options.card, measured)
    print(json.dumps({"precision": precision, "val_fp32": of_full, "val_int8": of_int8, "report": facts.figures}))


if __name__ == "__main__":
    main()
