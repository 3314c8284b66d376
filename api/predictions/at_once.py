"""What the model sees in a small part of a slide, asked and answered in one request: "predict here" and the magic wand.

Nothing is queued or kept. A hostile file can do no harm: an isolated reader decodes it, and this process only passes
pixels on to the model server. Windows overlap and each answers for its middle, so that their borders hardly show.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from api.annotations.index import Region
from api.errors import TooLarge, Unavailable
from api.predictions.model_info import ModelInfo
from api.predictions.png import Tile
from api.predictions.resolution import OVERLAP_PX, downsample_for, slide_mpp
from api.predictions.triton import TritonClient
from api.settings import Settings
from api.slides.reader import ReaderPool

MAX_PATCHES = 16
"""About 1.7 x 1.7 mm for a model at 1 um: a screen at the model's own resolution."""
AT_A_TIME = 2
"""Askers whose patches are at the model server; the others wait, so that predictions that run keep going."""


@dataclass(frozen=True)
class Seen:
    """Probabilities over a part of a slide.

    Attributes:
        tile: (h, w, 4) RGBA as heatmap tiles are.
        x, y: level-0 pixels of its top left corner.
        downsample: level-0 pixels per pixel.
    """

    tile: Tile
    x: float
    y: float
    downsample: float


@dataclass(frozen=True)
class Windows:
    """The windows over a region, in model pixels.

    Attributes:
        m_left, m_top, m_width, m_height: the region.
        m_corners: (x, y) of each window's top left corner; it answers for what lies `margin_px` or more inside it.
    """

    m_left: int
    m_top: int
    m_width: int
    m_height: int
    patch_px: int
    m_corners: tuple[tuple[int, int], ...]

    @classmethod
    def over(cls, region: Region, downsample: float, patch_px: int) -> Windows:
        """The fewest windows whose middles cover the region.

        Raises:
            TooLarge: it takes more than `MAX_PATCHES`.
        """
        left, top = math.floor(region.min_x / downsample), math.floor(region.min_y / downsample)
        m_width = max(1, math.ceil(region.max_x / downsample) - left)
        m_height = max(1, math.ceil(region.max_y / downsample) - top)
        middle, margin = patch_px - OVERLAP_PX, OVERLAP_PX // 2
        columns, rows = -(-m_width // middle), -(-m_height // middle)
        if columns * rows > MAX_PATCHES:
            raise TooLarge(
                f"The region takes {columns * rows} windows of the model; at most {MAX_PATCHES} are answered at once. "
                "Zoom in, or ask for a prediction of the region.",
                code="REGION_TOO_LARGE",
                params={"limit": MAX_PATCHES},
            )
        # Windows are centred over the region, so that it has the most context on every side.
        first_x, first_y = (m_width - columns * middle) // 2, (m_height - rows * middle) // 2
        corners = tuple(
            (left + first_x + column * middle - margin, top + first_y + row * middle - margin)
            for row in range(rows)
            for column in range(columns)
        )
        return cls(left, top, m_width, m_height, patch_px, corners)

    def merged(self, answers: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """(n, P, patch_px, patch_px) to (P, m_height, m_width): the middles side by side, cut to the region."""
        margin, middle = OVERLAP_PX // 2, self.patch_px - OVERLAP_PX
        whole = np.zeros((answers.shape[1], self.m_height, self.m_width), np.uint8)
        for (m_x, m_y), answer in zip(self.m_corners, answers, strict=True):
            x, y = m_x + margin - self.m_left, m_y + margin - self.m_top
            x0, x1 = max(0, x), min(self.m_width, x + middle)
            y0, y1 = max(0, y), min(self.m_height, y + middle)
            whole[:, y0:y1, x0:x1] = answer[:, y0 - y + margin : y1 - y + margin, x0 - x + margin : x1 - x + margin]
        return whole


class AtOnce:
    """Answers such questions; an async context manager. Without a model server every question is refused."""

    def __init__(self, settings: Settings, reader: ReaderPool) -> None:
        self._reader = reader
        url = settings.triton_url
        self._client = TritonClient(url, timeout_s=settings.model_timeout_s) if url else None
        self._turns = asyncio.Semaphore(AT_A_TIME)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            await self._client.__aexit__(kind, error, trace)

    async def look(self, path: Path, model: ModelInfo, mpp: tuple[float | None, float | None], region: Region) -> Seen:
        """What a model sees in a part of a slide's file.

        Raises:
            InvalidInput: the slide's resolution does not allow it.
            TooLarge: the region takes too many windows.
            UnsupportedSlide: the file can't be read.
            Unavailable: there is no model server, or it does not answer.
        """
        if self._client is None:
            raise Unavailable(
                "There is no model server. Set COSLIDE_TRITON_URL, or use `coslide serve`, which starts one.",
                code="MODEL_SERVER_MISSING",
            )
        downsample = downsample_for(model, slide_mpp(*mpp))
        windows = Windows.over(region, downsample, model.patch_px)
        corners = [[x * downsample, y * downsample] for x, y in windows.m_corners]
        arguments = {
            "path": str(path),
            "corners": corners,
            "side": model.patch_px * downsample,
            "downsample": downsample,
        }
        async with self._turns:
            read = await self._reader.call("patches", arguments)
            shape = (-1, model.patch_px, model.patch_px, 3)
            patches = np.concatenate([np.frombuffer(blob, np.uint8).reshape(shape) for blob in read.blobs])
            step = 2  # what one of the model's processes infers at once
            parts = (patches[start : start + step] for start in range(0, len(patches), step))
            answers = await asyncio.gather(*(self._client.infer(model, part) for part in parts))
        planes = windows.merged(np.concatenate(answers))
        x, y = windows.m_left * downsample, windows.m_top * downsample
        return Seen(shown(planes, model), x, y, downsample)


def shown(planes: npt.NDArray[np.uint8], model: ModelInfo, first: int = 0) -> Tile:
    """(P, h, w) planes of a model as the (h, w, 4) RGBA of heatmap tiles, with A 255 everywhere.

    R is the positive class, G the others but the background, B how unsure the model is.

    Args:
        first: which of the model's planes the first is; those from `ModelInfo.first_kept` on are enough.
    """
    others = [index - first for index, item in enumerate(model.classes) if index > 0 and not item.positive]
    one = len(others) == 1
    other = planes[others[0]] if one else planes[others].sum(axis=0, dtype=np.uint16).clip(0, 255).astype(np.uint8)
    unsure = planes[model.unsure_index - first] if model.knows_unsure else undecided(planes)
    seen = np.full(planes.shape[1:], 255, np.uint8)
    return np.asarray(cv2.merge([planes[model.positive_index - first], other, unsure, seen]), np.uint8)


def undecided(probabilities: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """(C, h, w) to (h, w): 255 where the two best classes tie, 0 where one has all. For models that know no better."""
    best, second = probabilities[0], np.zeros_like(probabilities[0])
    for probability in probabilities[1:]:
        second = np.maximum(second, np.minimum(best, probability))
        best = np.maximum(best, probability)
    return np.asarray(255 - (best - second), np.uint8)
