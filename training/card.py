"""The measured part of the model card, written by the export and by nobody else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from training.classes import CLASSES
from training.metrics import Figures
from training.repository import Facts

if TYPE_CHECKING:  # it imports torch, which a reader of the card does not need
    from training.calibrate import Calibration

BEGIN, END = "<!-- figures: written by training.export -->", "<!-- end of figures -->"

ROWS = (
    ("cases", "Cases"),
    ("images", "Images"),
    ("dice_carcinoma", "Carcinoma Dice"),
    ("dice_carcinoma_low95", "Carcinoma Dice, lower end of the 95 % interval by case"),
    ("dice_carcinoma_high95", "Carcinoma Dice, upper end"),
    ("dice_noncancer_epithelium", "Non-cancer epithelium Dice"),
    ("image_auc", "Image AUC"),
    ("image_sensitivity", "Image sensitivity"),
    ("image_specificity", "Image specificity"),
    ("ece", "Expected calibration error"),
    ("highgrade_called_carcinoma", "High-grade images called carcinoma"),
    ("carcinoma_marked_unsure", "Carcinoma marked unsure"),
)


@dataclass(frozen=True)
class Measured:
    """Everything an export measured."""

    facts: Facts
    calibration: Calibration
    on_val: dict[str, Figures]
    """Figures of val by precision: fp32, bf16, int8."""
    confusion: NDArray[np.int64]
    """(C, C) pixels of the report cases, row = truth, column = called."""
    by_case: dict[str, float]
    """Carcinoma Dice of each report case that has some."""
    changed: dict[str, Figures]
    """Figures of the report cases by the change done to their images first."""


def write_figures(card: Path, measured: Measured) -> None:
    """Replace what stands between the card's two markers.

    Raises:
        ValueError: if the card has no such markers.
    """
    text = card.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise ValueError(f"{card} lacks the lines {BEGIN!r} and {END!r}, between which the figures go. Add them.")
    head, tail = text.split(BEGIN)[0], text.split(END)[1]
    sections = (_main, _thresholds, _confusion, _cases, _changes)
    figures = "\n\n".join(section(measured) for section in sections)
    card.write_text(f"{head}{BEGIN}\n\n{figures}\n\n{END}{tail}", encoding="utf-8")


def _table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join('–' if cell is None else str(cell) for cell in cells)} |" for cells in lines)


def _main(measured: Measured) -> str:
    facts, calibration = measured.facts, measured.calibration
    rows = [(title, *(figures[key] for figures in (facts.figures, *measured.on_val.values()))) for key, title in ROWS]
    return (
        f"Version {facts.version}, threshold {facts.threshold}, temperature {calibration.temperature} "
        f"(calibration error on val {calibration.ece_before} before, {calibration.ece_after} after). "
        f"The CPU serves {facts.precision} weights.\n\n"
    ) + _table(("", "report cases, as served", *(f"val, {precision}" for precision in measured.on_val)), rows)


def _thresholds(measured: Measured) -> str:
    curve = measured.calibration.dice_by_threshold
    return "Carcinoma Dice on val by threshold:\n\n" + _table(list(curve), [list(curve.values())])


def _confusion(measured: Measured) -> str:
    names = [tissue.name for tissue in CLASSES]
    share = measured.confusion / measured.confusion.sum(axis=1, keepdims=True).clip(min=1)
    rows = [(name, *(f"{value:.1%}" for value in row)) for name, row in zip(names, share, strict=True)]
    return "What the pixels of the report cases were called, by what they are:\n\n" + _table(("", *names), rows)


def _cases(measured: Measured) -> str:
    ordered = sorted(measured.by_case.values())
    return "Carcinoma Dice of each report case that has carcinoma, from worst to best: " + ", ".join(
        f"{value:.2f}" for value in ordered
    )


def _changes(measured: Measured) -> str:
    figures = {"none": measured.facts.figures, **measured.changed}
    keys = ("dice_carcinoma", "image_sensitivity", "image_specificity", "ece")
    rows = [(name, *(one[key] for key in keys)) for name, one in figures.items()]
    head = ("", "Carcinoma Dice", "Image sensitivity", "Image specificity", "ECE")
    return "The report cases with every image changed first (`training/perturb.py`):\n\n" + _table(head, rows)
