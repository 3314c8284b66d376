"""How a model's pixels lie on a slide's. PURE."""

from __future__ import annotations

import math

from api.errors import InvalidInput
from api.predictions.model_info import ModelInfo

OVERLAP_PX = 64
"""How far the windows of neighbouring patches overlap, in model pixels."""
MAX_ENLARGEMENT = 2.0
"""How many times a slide may be coarser than the model wants."""
_SNAP = 0.05
"""How far a downsample may be from a power of two and still be taken for it: a scanner's 0.499 um is 0.5."""


def slide_mpp(mpp_x: float | None, mpp_y: float | None) -> float:
    """One number for a slide's resolution: the geometric mean, in micrometres per level-0 pixel.

    Raises:
        InvalidInput: `NO_MPP`, the slide does not say.
    """
    if not mpp_x or not mpp_y:
        raise InvalidInput(
            "The slide does not say how many micrometres a pixel is, which the model needs. "
            "Set it in the slide's properties (a manager can; on the command line: --mpp 0.25).",
            code="NO_MPP",
        )
    return math.sqrt(mpp_x * mpp_y)


def downsample_for(model: ModelInfo, mpp: float) -> float:
    """Level-0 pixels per model pixel; within 5 % of a power of two it is that power, which stored tiles are read at.

    Raises:
        InvalidInput: `SLIDE_TOO_COARSE`, the slide has far less detail than the model was trained on.
    """
    if mpp > model.mpp * MAX_ENLARGEMENT:
        raise InvalidInput(
            f"The slide has {mpp:g} um a pixel; {model.name} works at {model.mpp:g} um and can't see enough "
            f"above {model.mpp * MAX_ENLARGEMENT:g} um. Scan it at a higher magnification, or correct the slide's mpp "
            "if it is wrong.",
            code="SLIDE_TOO_COARSE",
            params={"mpp": mpp, "model_mpp": model.mpp},
        )
    exact = model.mpp / mpp
    snapped = float(2.0 ** round(math.log2(exact)))
    return snapped if abs(exact / snapped - 1) <= _SNAP else exact
