"""How the figures vary with the cases: `python -m training.folds`.

Five networks, each trained without one fifth of the train cases and measured on that fifth; temperature, threshold and
the limit of "unsure" come from val as for the shipped network, the recipe too, but for a shorter schedule. Stopped, it
goes on where it was. Writes `folds.json` into the runs' folder and prints it.
"""

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path

import torch

from training import calibrate, train
from training.calibrate import CALIBRATION, Calibration, probabilities, results_of
from training.data import load
from training.manifest import DEFAULT_FOLDER, FOLDS, read_manifest, select
from training.metrics import ImageResult, summarise
from training.train import WEIGHTS, load_network, predict_logits

STEPS = 900
DEFAULT_FOLDER_OF_RUNS = Path("training/runs")


def measure_fold(data: Path, run: Path, fold: int) -> list[ImageResult]:
    """What a finished and calibrated run makes of the cases that it was trained without."""
    calibration = Calibration(**json.loads((run / CALIBRATION).read_text(encoding="utf-8")))
    held_out = load(select(read_manifest(data, fold), "report"))
    logits = predict_logits(load_network(run), held_out.pixels)
    return results_of(probabilities(logits, calibration.temperature), held_out, calibration.threshold)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Train and measure five folds by case.")
    parser.add_argument("--data", type=Path, default=DEFAULT_FOLDER, help="folder that holds manifest.csv")
    parser.add_argument("--runs", type=Path, default=DEFAULT_FOLDER_OF_RUNS, help="folder of the five runs")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)

    figures, pooled = {}, []
    for fold in range(FOLDS):
        run = options.runs / f"fold{fold}"
        shared = ["--data", str(options.data), "--run", str(run), "--threads", str(options.threads)]
        if not (run / WEIGHTS).is_file():
            train.main([*shared, "--fold", str(fold), "--steps", str(options.steps)])
        if not (run / CALIBRATION).is_file():
            calibrate.main(shared)
        torch.set_num_threads(options.threads)
        results = measure_fold(options.data, run, fold)
        figures[f"fold {fold}"] = summarise(results)
        pooled += results
        print(json.dumps({f"fold {fold}": figures[f"fold {fold}"]}))
    figures["all"] = summarise(pooled)
    text = json.dumps(figures, indent=1)
    (options.runs / "folds.json").write_text(text + "\n", encoding="utf-8")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
