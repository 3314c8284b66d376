"""Puts overlapping patches together without seams. PURE.

Weights are whole numbers that fall linearly over the overlap and add up to the same everywhere, and sums are whole
numbers too: a result depends on which patches there are, never on the order in which they came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt

from workers.patches import Cell

Probabilities = npt.NDArray[np.uint8]
"""(P, h, w) uint8, planes of a model's answer."""
AROUND = tuple((dx, dy) for dy in (-1, 0, 1) for dx in (-1, 0, 1))
"""Offsets (column, row) of a cell and its eight neighbours, in reading order."""


def window(patch_px: int, overlap_px: int) -> npt.NDArray[np.uint32]:
    """Weights (patch_px,) along one side: 1, 2, … overlap, a plateau of overlap + 1, and down again."""
    up = np.arange(1, overlap_px + 1, dtype=np.uint32)
    plateau = np.full(patch_px - 2 * overlap_px, overlap_px + 1, np.uint32)
    return np.concatenate([up, plateau, up[::-1]])


class Stitcher:
    """Blends a cell's patch with the margins of its neighbours'.

    Args:
        patch_px, overlap_px: as `PatchGrid`; the overlap is even, at most half a patch and at most 256.
    """

    def __init__(self, patch_px: int, overlap_px: int) -> None:
        self._cell_px = patch_px - overlap_px
        self._margin_px = overlap_px // 2
        along = window(patch_px, overlap_px)
        self._weights = along[:, None] * along[None, :]
        self._up = along[self._margin_px : overlap_px].astype(np.uint16)  # of a patch, on its way into its cell

    def blend(self, patches: Mapping[Cell, Probabilities]) -> Probabilities:
        """The cell's planes, (P, cell_px, cell_px) uint8: weighted means of the patches that reach a pixel.

        Args:
            patches: by offset (column, row) from the cell; (0, 0) is its own and must be there, others may be absent.
        """
        cell, margin = self._cell_px, self._margin_px
        blended = self.middle(patches[0, 0]).copy()
        inner = slice(margin, cell - margin)
        # Only a frame of one margin is reached by neighbours: along a side by one, in a corner by three.
        if (0, -1) in patches:
            strip = patches[0, -1][:, cell + margin : cell + 2 * margin, 2 * margin : cell]
            self._mix(blended[:, :margin, inner], strip, self._up[:, None])
        if (0, 1) in patches:
            strip = patches[0, 1][:, :margin, 2 * margin : cell]
            self._mix(blended[:, cell - margin :, inner], strip, self._up[::-1, None])
        if (-1, 0) in patches:
            strip = patches[-1, 0][:, 2 * margin : cell, cell + margin : cell + 2 * margin]
            self._mix(blended[:, inner, :margin], strip, self._up)
        if (1, 0) in patches:
            strip = patches[1, 0][:, 2 * margin : cell, :margin]
            self._mix(blended[:, inner, cell - margin :], strip, self._up[::-1])
        if len(patches) > 1:
            low, high = slice(0, margin), slice(cell - margin, cell)
            for rows, columns in ((low, low), (low, high), (high, low), (high, high)):
                blended[:, rows, columns] = self._weighted_mean(patches, rows, columns)
        return blended

    def _mix(self, own: Probabilities, other: Probabilities, weights: npt.NDArray[np.uint16]) -> None:
        """Blend a neighbour's strip into the cell's own: the mean of the two by weights that add up to overlap + 1.

        Args:
            weights: of `own`, to be broadcast.
        """
        whole = np.uint16(2 * self._margin_px + 1)
        summed = own * weights + other * (whole - weights)
        own[...] = (summed + whole // 2) // whole

    def middle(self, patch: Probabilities) -> Probabilities:
        """(P, cell_px, cell_px): the cell in its own patch."""
        inner = slice(self._margin_px, self._margin_px + self._cell_px)
        return patch[:, inner, inner]

    def _weighted_mean(self, patches: Mapping[Cell, Probabilities], rows: slice, columns: slice) -> Probabilities:
        height, width = rows.stop - rows.start, columns.stop - columns.start
        total = np.zeros((height, width), np.uint32)
        summed = np.zeros((len(patches[0, 0]), height, width), np.uint32)
        for (dx, dy), patch in patches.items():
            # The strip in the neighbour's patch, cut to what that patch covers.
            top = rows.start + self._margin_px - dy * self._cell_px
            left = columns.start + self._margin_px - dx * self._cell_px
            y0, y1 = max(0, top), min(patch.shape[1], top + height)
            x0, x1 = max(0, left), min(patch.shape[2], left + width)
            if y0 >= y1 or x0 >= x1:
                continue
            here = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
            weights = self._weights[y0:y1, x0:x1]
            total[here] += weights
            summed[(slice(None), *here)] += patch[:, y0:y1, x0:x1] * weights
        return np.asarray((summed + total // 2) // total, np.uint8)


class CellTracker:
    """Tells when a cell's blend is final: its own patch and those of all its neighbours that are planned have come."""

    def __init__(self, planned: Iterable[Cell]) -> None:
        self._planned = frozenset(planned)
        self._waiting = {cell: sum(other in self._planned for other in around(cell)) for cell in self._planned}
        self._done: set[Cell] = set()

    @property
    def done(self) -> int:
        """How many cells have their own patch."""
        return len(self._done)

    def has(self, cell: Cell) -> bool:
        return cell in self._done

    def not_final(self) -> list[Cell]:
        """Cells whose patch has come, but not those of all their neighbours, in reading order."""
        return sorted((cell for cell in self._done if self._waiting[cell]), key=lambda cell: (cell[1], cell[0]))

    def finish(self, cell: Cell) -> list[Cell]:
        """Note that a cell's patch has come; returns the cells that are final by it. A second time changes nothing."""
        if cell in self._done or cell not in self._planned:
            return []
        self._done.add(cell)
        final = []
        for other in around(cell):
            if other in self._waiting:
                self._waiting[other] -= 1
                if self._waiting[other] == 0:
                    final.append(other)
        return final


def around(cell: Cell) -> list[Cell]:
    """The cell and its eight neighbours, in reading order."""
    return [(cell[0] + dx, cell[1] + dy) for dx, dy in AROUND]
