"""Cut an image of any size into the model's windows, and put the answers together. Pure numpy."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WINDOW_PX = 512
OVERLAP_PX = 128


@dataclass(frozen=True)
class WindowGrid:
    """The windows that cover one image; a short side is mirrored up to `WINDOW_PX`, image in the middle."""

    height: int
    width: int

    @property
    def margins(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Pixels mirrored (above, below) and (left, right)."""
        down, right = (max(0, WINDOW_PX - side) for side in (self.height, self.width))
        return (down // 2, down - down // 2), (right // 2, right - right // 2)

    @property
    def corners(self) -> list[tuple[int, int]]:
        """(row, column) of each window in the mirrored image, the last ones flush with its end."""
        return [(row, column) for row in starts(self.height) for column in starts(self.width)]

    def cut(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(height, width, 3) to (windows, 512, 512, 3)."""
        rows, columns = self.margins
        whole = np.pad(image, (rows, columns, (0, 0)), mode="symmetric")
        return np.stack([whole[r : r + WINDOW_PX, c : c + WINDOW_PX] for r, c in self.corners])

    def join(self, probability: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """(windows, C, 512, 512) to (C, height, width), averaged where windows overlap, centres counting
        more.
        """
        (above, below), (left, right) = self.margins
        size = (self.height + above + below, self.width + left + right)
        total = np.zeros((probability.shape[1], *size), np.float32)
        weight = np.zeros(size, np.float32)
        ramp = np.minimum(np.arange(1, WINDOW_PX + 1), np.arange(WINDOW_PX, 0, -1)).clip(max=OVERLAP_PX)
        share = (ramp[:, None] * ramp[None, :]).astype(np.float32)
        for answer, (row, column) in zip(probability, self.corners, strict=True):
            rows, columns = slice(row, row + WINDOW_PX), slice(column, column + WINDOW_PX)
            total[:, rows, columns] += answer * share
            weight[rows, columns] += share
        joined = (total / weight + 0.5).astype(np.uint8)
        return joined[:, above : above + self.height, left : left + self.width]


def starts(side: int, overlap_px: int = OVERLAP_PX) -> list[int]:
    """Where windows begin along a side; the last is flush with its end."""
    if side <= WINDOW_PX:
        return [0]
    step = WINDOW_PX - overlap_px
    return [*range(0, side - WINDOW_PX, step), side - WINDOW_PX]
