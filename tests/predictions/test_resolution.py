"""Model pixels on slides."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import InvalidInput
from api.predictions.resolution import downsample_for, slide_mpp
from tests.predictions.made import REDNESS


@pytest.mark.parametrize(
    ("mpp", "downsample"),
    [(0.499, 2.0), (0.5, 2.0), (0.2527, 4.0), (0.2457, 4.0), (0.25, 4.0), (1.0, 1.0), (1.04, 1.0), (2.0, 0.5)],
)
def test_scanners_resolutions_snap_to_powers_of_two(mpp: float, downsample: float) -> None:
    assert downsample_for(REDNESS, mpp) == downsample


@pytest.mark.parametrize("mpp", [0.23, 0.35, 1.5])
def test_others_stay_exact(mpp: float) -> None:
    assert downsample_for(REDNESS, mpp) == 1.0 / mpp


@given(mpp=st.floats(0.05, 1.9), model_mpp=st.floats(1.0, 8.0))
def test_the_model_never_sees_another_scale_by_more_than_five_percent(mpp: float, model_mpp: float) -> None:
    assert downsample_for(replace(REDNESS, mpp=model_mpp), mpp) * mpp == pytest.approx(model_mpp, rel=0.053)


def test_a_slide_far_too_coarse_is_refused() -> None:
    with pytest.raises(InvalidInput) as refused:
        downsample_for(REDNESS, 4.0)
    assert refused.value.code == "SLIDE_TOO_COARSE"
    assert refused.value.message == (
        "The slide has 4 um a pixel; redness works at 1 um and can't see enough above 2 um. "
        "Scan it at a higher magnification, or correct the slide's mpp if it is wrong."
    )


def test_one_number_for_two_directions() -> None:
    assert slide_mpp(0.5, 0.5) == 0.5
    assert slide_mpp(0.4, 0.9) == pytest.approx(0.6)
    for unknown in ((None, None), (0.5, None), (0.0, 0.5)):
        with pytest.raises(InvalidInput, match="how many micrometres a pixel is"):
            slide_mpp(*unknown)
