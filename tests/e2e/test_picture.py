"""How a slide's picture looks to one person, compared with the arithmetic written down anew."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.e2e.stories import Story

Pixels = npt.NDArray[np.float64]
LEVELS = 3
"""Of 255: what rounding in the browser may make of a value."""


def toned(rgb: Pixels, brightness: float = 0, contrast: float = 0, gamma: float = 1) -> Pixels:
    spread = (rgb / 255 - 0.5) * np.tan((contrast + 1) * np.pi / 4) + 0.5 + brightness
    return np.asarray(255 * spread.clip(0, 1) ** (1 / gamma))


def eosin_alone(rgb: Pixels) -> Pixels:
    """Colour deconvolution as Ruifrok and Johnston published it, with the vector product as third stain."""
    haematoxylin, eosin = np.array([0.65, 0.704, 0.286]), np.array([0.072, 0.99, 0.105])
    stains = np.array([haematoxylin, eosin, np.cross(haematoxylin, eosin)])
    stains /= np.linalg.norm(stains, axis=1, keepdims=True)
    densities = -np.log10(rgb.clip(1) / 255)
    amounts = densities @ np.linalg.inv(stains)
    return np.asarray(255 * 10 ** -(amounts[:, 1:2].clip(0) * stains[1]))


def rgb_of(samples: list[list[int]]) -> Pixels:
    values = np.array(samples, float)
    assert (values[:, 3] == 255).mean() > 0.3, "the slide is in view"
    return values[values[:, 3] == 255][:, :3]


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_a_picture_is_adjusted_live_kept_for_one_person_and_reset(story: Story) -> None:
    seen: dict[str, Any] = story("picture")

    for told in (seen["looks"]["en"], seen["looks"]["ko"]):
        plain = rgb_of(told["plain"])
        assert np.ptp(plain, axis=0).min() > 30, "there is tissue and glass"
        assert np.abs(rgb_of(told["bright"]) - toned(plain, brightness=0.1)).max() <= LEVELS
        look = told["toned"]["look"]
        assert look == {
            "brightness": pytest.approx(0.1),
            "contrast": pytest.approx(0.2),
            "gamma": pytest.approx(0.725, abs=0.002),
            "stain": "ALL",
        }
        expected = toned(plain, look["brightness"], look["contrast"], look["gamma"])
        assert np.abs(rgb_of(told["toned"]["pixels"]) - expected).max() <= LEVELS
        assert told["eosin"]["look"] == {"brightness": 0, "contrast": 0, "gamma": 1, "stain": "EOSIN"}
        assert np.abs(rgb_of(told["eosin"]["pixels"]) - eosin_alone(plain)).max() <= LEVELS
        assert told["reloaded"] == told["eosin"]["pixels"]
        assert told["others"] == {"brightness": 0, "contrast": 0, "gamma": 1, "stain": "ALL"}
        assert told["reset"] == told["plain"]
        assert told["outlineAfter"] == told["outline"], "annotations keep their colours"
