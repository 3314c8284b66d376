"""Manifests: splits by case, and refusals that say what to do."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training import evaluate
from training.classes import BENIGN, CARCINOMA, HIGH_GRADE
from training.manifest import ManifestError, is_report_case, read_manifest, select

HEADER = "image,mask,class,case,split\n"


def write(folder: Path, text: str) -> Path:
    path = folder / "manifest.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_samples_keep_order_and_resolve_beside_the_manifest(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + "a.png,am.png,Adenocarcinoma,1,val\nb.png,bm.png,Polyp,2,val\n")
    first, second = read_manifest(path)
    assert (first.image, first.mask, first.label) == (tmp_path / "a.png", tmp_path / "am.png", CARCINOMA)
    assert (second.label, second.case, second.split) == (BENIGN, "2", "val")
    assert read_manifest(tmp_path) == [first, second]


def test_a_mask_becomes_the_label_of_its_image(tmp_path: Path) -> None:
    path = write(tmp_path, HEADER + "a.png,am.png,High-grade IN,1,val\n")
    Image.fromarray(np.full((2, 2, 3), 9, np.uint8)).save(tmp_path / "a.png")
    Image.fromarray(np.array([[0, 255], [127, 128]], np.uint8)).save(tmp_path / "am.png")
    (sample,) = read_manifest(path)
    assert sample.read_labels().tolist() == [[0, HIGH_GRADE], [0, HIGH_GRADE]]
    assert sample.read_image().tolist() == [[[9, 9, 9]] * 2] * 2


def test_report_cases_leave_train_whole_and_val_alone(tmp_path: Path) -> None:
    lines = [f"i{case}_{k}.png,m.png,Polyp,{case},train\n" for case in range(200) for k in range(2)]
    lines += [f"v{case}.png,m.png,Polyp,v{case},val\n" for case in range(50)]
    samples = read_manifest(write(tmp_path, HEADER + "".join(lines)))
    split_of_case: dict[str, set[str]] = {}
    for sample in samples:
        split_of_case.setdefault(sample.case, set()).add(sample.split)
    assert all(len(splits) == 1 for splits in split_of_case.values())
    assert len(select(samples, "val")) == 50
    report = {sample.case for sample in select(samples, "report")}
    assert report == {str(case) for case in range(200) if is_report_case(str(case))}
    assert len(report) == 35


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image,mask\n", "lacks the columns ['case', 'class', 'split']"),
        (HEADER, "lists no images"),
        (HEADER + "a,b,Sarcoma,1,val\n", "line 2: class 'Sarcoma' is unknown. Use one of: Normal, Polyp"),
        (HEADER + "a,b,Polyp,1,test\n", "line 2: split 'test' is unknown. Use one of: train, val, report"),
    ],
)
def test_a_bad_manifest_is_refused_with_the_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ManifestError) as caught:
        read_manifest(write(tmp_path, text))
    assert message in str(caught.value)


def test_a_missing_manifest_and_an_empty_split_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"does not exist. Give the folder"):
        read_manifest(tmp_path)
    path = write(tmp_path, HEADER + "a,b,Polyp,1,val\n")
    with pytest.raises(ManifestError, match=r"No image has the split 'train'. The manifest holds: val"):
        select(read_manifest(path), "train")


def test_what_make_was_told_reaches_evaluate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path, HEADER + "a,b,Polyp,1,val\n")
    monkeypatch.setenv("MANIFEST", str(path))
    monkeypatch.setenv("SPLIT", "report")
    monkeypatch.setattr(sys, "argv", ["evaluate"])
    assert evaluate.main() == 1
    assert capsys.readouterr().err == "error: No image has the split 'report'. The manifest holds: val.\n"
