"""The measured part of the model card, written by the export and by nobody else."""

from pathlib import Path

from training.calibrate import Calibration
from training.repository import Facts

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
)


def write_figures(
    card: Path,
    facts: Facts,
    calibration: Calibration,
    of_full: dict[str, float | int | None],
    of_int8: dict[str, float | int | None],
) -> None:
    """Replace what stands between the card's two markers.

    Raises:
        ValueError: if the card has no such markers.
    """
    text = card.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise ValueError(f"{card} lacks the lines {BEGIN!r} and {END!r}, between which the figures go. Add them.")
    head, tail = text.split(BEGIN)[0], text.split(END)[1]
    card.write_text(head + BEGIN + _figures(facts, calibration, of_full, of_int8) + END + tail, encoding="utf-8")


def _figures(
    facts: Facts,
    calibration: Calibration,
    of_full: dict[str, float | int | None],
    of_int8: dict[str, float | int | None],
) -> str:
    lines = [
        "",
        "",
        f"Version {facts.version}, threshold {facts.threshold}, temperature {calibration.temperature} "
        f"(calibration error on val {calibration.ece_before} before, {calibration.ece_after} after). "
        f"The CPU serves {facts.precision} weights.",
        "",
        "| | report cases, as served | val, fp32 | val, int8 |",
        "|---|---|---|---|",
    ]
    for key, title in ROWS:
        cells = (str(figures.get(key, "")) for figures in (facts.figures, of_full, of_int8))
        lines.append(f"| {title} | {' | '.join(cells)} |")
    lines += ["", "Carcinoma Dice on val by threshold:", ""]
    curve = calibration.dice_by_threshold
    lines += [
        f"| {' | '.join(curve)} |",
        "|" + "---|" * len(curve),
        f"| {' | '.join(map(str, curve.values()))} |",
    ]
    return "\n".join([*lines, "", ""])
