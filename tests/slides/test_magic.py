"""The first bytes of what can be a slide, and of what can't."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import UnsupportedSlide
from api.slides.magic import HEAD_BYTES, require_possible


@pytest.mark.parametrize(
    "head",
    [
        b"II*\0" + b"\0" * 20,
        b"MM\0+" + b"\0" * 20,
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0",
        b"PK\x03\x04",
        b"ZISRAWFILE\0\0",
        b"SQLite format 3\0",
        b"\xef\xbb\xbf[GENERAL]\r\nSLIDE_VERSION",
        b"[Virtual Microscope Specimen]\r\n",
        b"\0" * 128 + b"DICM",
    ],
)
def test_possible(head: bytes) -> None:
    require_possible(head)


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (b"", "SLIDE_EMPTY"),
        (b"%PDF-1.7", "NOT_A_SLIDE"),
        (b"\0\0\0\x20ftypisom", "NOT_A_SLIDE"),
        (b"\x1f\x8b\x08", "NOT_A_SLIDE"),
        (b"<html>", "NOT_A_SLIDE"),
        (b"\0" * 128 + b"DICM\x02\x00\x02\x00UI\x1a\x001.2.840.10008.5.1.4.1.1.2\0", "DICOM_NOT_A_SLIDE"),
    ],
)
def test_impossible(head: bytes, code: str) -> None:
    with pytest.raises(UnsupportedSlide) as caught:
        require_possible(head)
    assert caught.value.code == code


@given(st.binary(max_size=200))
def test_any_bytes_are_possible_or_refused(data: bytes) -> None:
    for head in (data, b"\0" * 128 + b"DICM" + data, b"\0" * 128 + b"DICM\x02\x00\x02\x00UI" + data):
        try:
            require_possible(head)
        except UnsupportedSlide as error:
            assert error.code in {"SLIDE_EMPTY", "NOT_A_SLIDE", "DICOM_NOT_A_SLIDE"}


def test_real_slides_are_possible(shared_data: Path) -> None:
    names = ("aperio_cmu", "aperio_tcga", "dicom_cmu")
    files = [file for name in names for file in (shared_data / "slides" / name).iterdir()]
    assert len(files) == 6
    for file in files:
        require_possible(file.read_bytes()[:HEAD_BYTES])
