"""Pictures of a run: loss and Dice over steps, and how far a probability can be believed."""

from pathlib import Path

import matplotlib
import numpy as np
from numpy.typing import NDArray

matplotlib.use("Agg")
from matplotlib import pyplot as plt


def plot_curves(history: list[dict[str, float]], path: Path) -> None:
    """Training loss (left axis) and pooled carcinoma Dice on val (right axis)."""
    figure, left = plt.subplots(figsize=(7, 4), layout="constrained")
    left.plot([point["step"] for point in history], [point["loss"] for point in history], color="tab:gray")
    left.set_xlabel("step")
    left.set_ylabel("training loss, mean of 25 steps")
    measured = [point for point in history if "dice" in point]
    right = left.twinx()
    right.plot([p["step"] for p in measured], [p["dice"] for p in measured], color="tab:red", marker="o")
    right.set_ylabel("carcinoma Dice on val, averaged weights")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def plot_reliability(before: NDArray[np.float64], after: NDArray[np.float64], path: Path) -> None:
    """Mean confidence against share of right pixels, one point a bin, before and after the temperature.

    Args:
        before, after: (3, bins), as `training.metrics.ImageResult.reliability`.
    """
    figure, axes = plt.subplots(figsize=(4.5, 4.5), layout="constrained")
    axes.plot([0.3, 1], [0.3, 1], color="black", linewidth=0.8)
    for (count, confidence, right), colour, label in (
        (before, "tab:gray", "before"),
        (after, "tab:red", "after"),
    ):
        used = count > 0
        axes.plot(confidence[used] / count[used], right[used] / count[used], marker="o", color=colour, label=label)
    axes.set_xlabel("confidence of the most probable class")
    axes.set_ylabel("share of pixels that are right")
    axes.legend()
    figure.savefig(path, dpi=110)
    plt.close(figure)
