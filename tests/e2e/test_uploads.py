"""Slides come in by folders and files, and an interrupted upload goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.stories import Story

LARGE_BYTES = 60_000_000
PIECE_BYTES = 16 * 1024 * 1024


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_slides_come_in(story: Story, shared_data: Path, tmp_path: Path) -> None:
    large = tmp_path / "large.svs"
    slide = (shared_data / "slides" / "aperio_cmu" / "CMU-1-Small-Region.svs").read_bytes()
    large.write_bytes(slide.ljust(LARGE_BYTES, b"\0"))
    seen = story("uploads", dicom=str(shared_data / "slides" / "dicom_cmu"), large=str(large))

    assert len(seen["folder"]) == 1
    assert seen["folder"][0]["filename"].endswith(".zip")
    assert "SVS, NDPI, SCN, BIF" in seen["reason"], "the reason says what can be uploaded instead"
    assert seen["wentOnAt"] >= PIECE_BYTES
    [large_slide] = [each for each in seen["slides"] if each["filename"] == "large.svs"]
    assert large_slide["sizeBytes"] == LARGE_BYTES
