"""The card's measured part: between its markers, complete, and nothing else touched."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from training.card import BEGIN, END, ROWS, Measured, write_figures
from training.perturb import NAMES
from training.repository import Facts

FIGURES: dict[str, float | int | None] = {key: 0.5 for key, _ in ROWS}
CALIBRATION = SimpleNamespace(
    temperature=1.1, threshold=0.6, ece_before=0.02, ece_after=0.01, dice_by_threshold={"0.50": 0.9, "0.60": 0.89}
)
MEASURED = Measured(
    Facts("1.2.3", 0.6, "int8", FIGURES | {"cases": 34}),
    CALIBRATION,  # type: ignore[arg-type]  the real one's module imports torch
    {"fp32": FIGURES, "bf16": FIGURES, "int8": FIGURES | {"dice_carcinoma": 0.4}},
    np.array([[90, 5, 5], [0, 10, 0], [1, 0, 3]]),
    {"case a": 0.91, "case b": 0.5},
    {"blur": FIGURES | {"ece": None}},
)


def test_figures_replace_what_stood_between_the_markers(tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    card.write_text(f"# Before\n{BEGIN}\nstale figures\n{END}\nafter\n", encoding="utf-8")
    write_figures(card, MEASURED)
    write_figures(card, MEASURED)
    text = card.read_text(encoding="utf-8")
    assert text.startswith(f"# Before\n{BEGIN}\n\nVersion 1.2.3, threshold 0.6, temperature 1.1 ")
    assert text.endswith(f"\n\n{END}\nafter\n")
    assert "stale figures" not in text
    assert "| Cases | 34 | 0.5 | 0.5 | 0.5 |" in text
    assert "| Carcinoma Dice | 0.5 | 0.5 | 0.5 | 0.4 |" in text
    assert "| 0.50 | 0.60 |\n| --- | --- |\n| 0.9 | 0.89 |" in text
    assert "| carcinoma | 25.0% | 0.0% | 75.0% |" in text
    assert "from worst to best: 0.50, 0.91" in text
    assert "| blur | 0.5 | 0.5 | 0.5 | – |" in text


def test_a_card_without_markers_is_refused_and_left_alone(tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    card.write_text("# No markers\n", encoding="utf-8")
    with pytest.raises(ValueError, match="lacks the lines"):
        write_figures(card, MEASURED)
    assert card.read_text(encoding="utf-8") == "# No markers\n"


def test_the_shipped_card_was_written_by_an_export() -> None:
    text = (Path(__file__).parents[2] / "docs" / "model-card.md").read_text(encoding="utf-8")
    figures = text.split(BEGIN)[1].split(END)[0]
    assert all(f"\n| {title} | " in figures for _, title in ROWS)
    assert all(f"\n| {name} | 0." in figures for name in NAMES)
