"""What a larger network gives and costs: `python -m training.sizes RUN ...`.

Each run is exported as if it were shipped, in a folder that is thrown away, and its Dice on val and its speed on one
core are measured in float32, bf16 and int8. One line a run and precision; the last line printed is one JSON object.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import openvino
import torch
from torch.utils.flop_counter import FlopCounterMode

from training.calibrate import CALIBRATION, UNSURE, Calibration
from training.export import Engine, calibration_windows, export_onnx, measure, quantise
from training.manifest import DEFAULT_FOLDER, Sample, read_manifest, select
from training.metrics import summarise
from training.network import SegmentationNetwork, ServingNetwork
from training.train import load_network, load_recipe
from training.unsure import load_unsure
from training.windows import WINDOW_PX

ROUNDS = 20


def gflop(network: SegmentationNetwork) -> float:
    """Billions of operations for one window."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.zeros(1, 3, WINDOW_PX, WINDOW_PX))
    return float(counter.get_total_flops()) / 1e9


def mp_per_cpu_s(engine: Engine) -> float:
    """Megapixels of input a second of one core's time."""
    request = engine.request(1)
    window = np.random.default_rng(0).integers(0, 256, (1, WINDOW_PX, WINDOW_PX, 3), np.uint8)
    request.infer([window])
    start = time.process_time()
    for _ in range(ROUNDS):
        request.infer([window])
    return ROUNDS * WINDOW_PX**2 / 1e6 / (time.process_time() - start)


def measure_run(run: Path, samples: list[Sample], threads: int) -> list[dict[str, float | str]]:
    """One row a precision."""
    calibration = Calibration(**json.loads((run / CALIBRATION).read_text(encoding="utf-8")))
    network = load_network(run)
    unsure = load_unsure(torch.load(run / UNSURE, weights_only=True))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        export_onnx(ServingNetwork(network, calibration.temperature, unsure), path)
        full = openvino.convert_model(path)
    int8 = quantise(full, calibration_windows(select(samples, "train")))
    rows = []
    for precision, graph in (("fp32", full), ("bf16", full), ("int8", int8)):
        engine = Engine(graph, precision)
        figures = summarise(measure(engine, select(samples, "val"), calibration.threshold, threads))
        rows.append(
            {
                "run": run.name,
                "size": load_recipe(run).size,
                "gflop": round(gflop(network), 1),
                "precision": precision,
                "dice_carcinoma": figures["dice_carcinoma"] or 0.0,
                "dice_noncancer_epithelium": figures["dice_noncancer_epithelium"] or 0.0,
                "mp_per_cpu_s": round(mp_per_cpu_s(engine), 2),
            }
        )
        print(json.dumps(rows[-1]), flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare networks of several sizes.")
    parser.add_argument("runs", type=Path, nargs="+", help="folders of calibrated runs")
    parser.add_argument("--data", type=Path, default=DEFAULT_FOLDER, help="folder that holds manifest.csv")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    samples = read_manifest(options.data)
    print(json.dumps([row for run in options.runs for row in measure_run(run, samples, options.threads)]))


if __name__ == "__main__":
    main()
