"""A slide made quick, and a label taken away, through the pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.stories import tell
from tests.servers.coslide import ApiServer
from tests.slides.made import Storing, make_slide


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_a_slide_is_converted_and_a_label_taken_away(
    platform: ApiServer, chromium_path: Path, tmp_path: Path, shared_data: Path
) -> None:
    decoded = make_slide(tmp_path / "decoded.svs", width=2000, height=1500, storing=Storing.JPEG2000).path
    labelled = shared_data / "slides/aperio_cmu/CMU-1-Small-Region.svs"
    seen = tell("conversion", platform.url, chromium_path, slide=str(decoded), labelled=str(labelled))

    before, converted, kept = seen["before"], seen["converted"], seen["kept"]
    assert (before["passesThrough"], before["pyramidBytes"], before["fileJob"]) == (False, None, None)
    assert converted["fileJob"] == {"kind": "TRANSCODE", "status": "DONE", "progress": 1, "error": None}
    assert (converted["passesThrough"], converted["sha256"]) == (True, before["sha256"])
    assert converted["pyramidBytes"] > 0
    assert seen["tile"] == 200
    assert kept["fileJob"]["kind"] == "KEEP_PYRAMID"
    assert kept["fileJob"]["status"] == "DONE"
    assert (kept["vendor"], kept["associatedImages"]) == ("generic-tiff", [])
