"""The list of image and mask pairs, and which case belongs to which split. No pixels, no torch.

Format: a CSV with the columns `image, mask, class, case, split`; both paths are relative to the file. `split`
is `train` or `val`. A third split, `report`, is cut from the train cases here: val chooses (temperature,
threshold, precision), so a figure on val flatters the model; the report cases choose nothing.
"""

import csv
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.classes import LABEL_BY_DIAGNOSIS

SPLITS = ("train", "val", "report")
COLUMNS = {"image", "mask", "class", "case", "split"}
REPORT_SHARE = 0.15
FOLDS = 5
DEFAULT_FOLDER = Path(os.environ.get("DATA") or "../shared/data/ebhi_seg")
"""`make train DATA=folder` arrives in the environment."""


class ManifestError(ValueError):
    """The manifest cannot be used; the message says which line and what it must hold."""


@dataclass(frozen=True)
class Sample:
    """One photograph, its outline mask and what the pathologist called it."""

    image: Path
    mask: Path
    diagnosis: str
    case: str
    split: str

    @property
    def label(self) -> int:
        """The label of every outlined pixel: `BENIGN`, `CARCINOMA` or `HIGH_GRADE`."""
        return LABEL_BY_DIAGNOSIS[self.diagnosis]

    def read_image(self) -> NDArray[np.uint8]:
        """The photograph, (height, width, 3) RGB."""
        with Image.open(self.image) as image:
            return np.asarray(image.convert("RGB"))

    def read_labels(self) -> NDArray[np.uint8]:
        """(height, width) of `BACKGROUND` and this sample's label."""
        with Image.open(self.mask) as mask:
            inside = np.asarray(mask.convert("L")) > 127
        return np.where(inside, self.label, 0).astype(np.uint8)


def side_by_side(samples: list[Sample]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """(height, width, 3) pixels and (height, width) labels of samples of one size, row by row; as many as fill a
    square.
    """
    side = int(len(samples) ** 0.5)
    rows = [samples[row * side : (row + 1) * side] for row in range(side)]
    pixels = np.concatenate([np.concatenate([one.read_image() for one in row], axis=1) for row in rows])
    labels = np.concatenate([np.concatenate([one.read_labels() for one in row], axis=1) for row in rows])
    return pixels, labels


def is_report_case(case: str, fold: int | None = None) -> bool:
    """Whether a train case is held out for reporting; fixed for ever by the case's name alone.

    Args:
        fold: hold out this fifth of the train cases, 0 to 4, instead of the shipped split's.
    """
    digest = hashlib.sha256(f"report:{case}".encode()).digest()
    place = int.from_bytes(digest[:4], "big") / 2**32
    return place < REPORT_SHARE if fold is None else int(place * FOLDS) == fold


def read_manifest(path: Path, fold: int | None = None) -> list[Sample]:
    """Every sample of a manifest, `report` cases already moved out of `train`.

    Args:
        fold: as in `is_report_case`.

    Raises:
        ManifestError: if the file is missing, lacks a column, or names an unknown class or split.
    """
    if path.is_dir():
        path = path / "manifest.csv"
    if not path.is_file():
        raise ManifestError(f"{path} does not exist. Give the folder (DATA=...) that holds manifest.csv.")
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        missing = COLUMNS - set(reader.fieldnames or ())
        if missing:
            raise ManifestError(f"{path} lacks the columns {sorted(missing)}. It needs {sorted(COLUMNS)}.")
        samples = [_sample(path, number, row, fold) for number, row in enumerate(reader, start=2)]
    if not samples:
        raise ManifestError(f"{path} lists no images. Add one line for each image and mask pair.")
    return samples


def _sample(path: Path, line: int, row: dict[str, str], fold: int | None) -> Sample:
    if row["class"] not in LABEL_BY_DIAGNOSIS:
        known = ", ".join(LABEL_BY_DIAGNOSIS)
        raise ManifestError(f"{path}, line {line}: class {row['class']!r} is unknown. Use one of: {known}.")
    if row["split"] not in SPLITS:
        raise ManifestError(f"{path}, line {line}: split {row['split']!r} is unknown. Use one of: {', '.join(SPLITS)}.")
    split = "report" if row["split"] == "train" and is_report_case(row["case"], fold) else row["split"]
    return Sample(path.parent / row["image"], path.parent / row["mask"], row["class"], row["case"], split)


def select(samples: list[Sample], split: str) -> list[Sample]:
    """The samples of one split, in the manifest's order.

    Raises:
        ManifestError: if the split is empty.
    """
    chosen = [sample for sample in samples if sample.split == split]
    if not chosen:
        present = sorted({sample.split for sample in samples})
        raise ManifestError(f"No image has the split {split!r}. The manifest holds: {', '.join(present)}.")
    return chosen
