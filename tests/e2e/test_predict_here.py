"""What the model sees in a view at once: painted where the server's picture says, and stored nowhere."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.e2e.conftest import Running
from tests.e2e.stories import tell
from tests.e2e.test_story import make_tissue


@pytest.mark.browser
@pytest.mark.triton
@pytest.mark.timeout(600)
def test_the_view_is_predicted_at_once_and_nothing_is_stored(
    running: Running, node: str, chromium_path: Path, shared_data: Path, tmp_path: Path
) -> None:
    unscaled = next((shared_data / "slides" / "aperio_tcga").glob("*.svs"))
    tissue = str(make_tissue(shared_data, tmp_path))
    seen = tell("predict_here", running.url, chromium_path, tissue=tissue, unscaled=str(unscaled))

    for told in (seen["looks"]["en"], seen["looks"]["ko"]):
        assert told["status"] == 200
        picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(told["png"]))))
        positive = (picture[..., 0] >= round(float(told["thresholdOfModel"]) * 255)).mean()
        assert positive > 0.05, "the model sees cancer in cancer"
        # The slide's 896 x 896 micrometres are fitted into about 800 screen pixels: what is painted is a share of that.
        screen = told["painted"] / positive
        assert 500**2 < screen < 900**2
        assert told["atOne"]["now"] < told["painted"] / 2
        assert told["after"] == "nothing"
        assert told["stored"] == {"predictions": {"nodes": []}, "annotations": {"nodes": []}}
    assert sorted(seen["looks"]) == ["en", "ko"]
