"""Turns probability maps into polygons with holes, in level-0 pixels. PURE.

A map may come in blocks, so that memory stays bounded: polygons are traced along pixel edges, those that end at a
block's border are joined with their continuation, and only then is the outline simplified.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import shapely

Probability = npt.NDArray[np.uint8]
"""(h, w) uint8, probability x 255 of one class; 0 where nothing was predicted."""

_SIMPLIFY_PX = 0.25
_TWO_BY_TWO = np.ones((2, 2), np.uint8)


@dataclass(frozen=True)
class Outline:
    """One predicted polygon.

    Attributes:
        shape: a valid polygon, with holes, in level-0 pixels.
        mean: mean probability of its pixels in [0, 1].
        class_index: index in the model's classes; `ModelInfo.unsure_index` for what would be positive, were it sure.
    """

    shape: shapely.Polygon
    mean: float
    class_index: int

    def area_mm2(self, mpp: float) -> float:
        """Area in mm², with `mpp` micrometres per level-0 pixel."""
        return float(self.shape.area) * (mpp / 1000) ** 2


@dataclass(frozen=True)
class _Part:
    """A polygon of one block in model pixels, before joining; `mean` in [0, 255]."""

    shape: shapely.Polygon
    mean: float


class ContourTracer:
    """Collects blocks of one class's probability, in any order, and gives polygons.

    Args:
        threshold: probability in [0, 1] from which a pixel belongs to the class.
        downsample: level-0 pixels per model pixel.
        class_index: index in the model's classes.
        min_area_px: polygons under this many model pixels are dropped, and holes under as many filled.
        l0_size: (width, height) of level 0, which no polygon leaves.
    """

    def __init__(
        self, *, threshold: float, downsample: float, class_index: int, min_area_px: float, l0_size: tuple[int, int]
    ) -> None:
        self._cut = cut_of(threshold)
        self._downsample = downsample
        self._class_index = class_index
        self._min_area_px = min_area_px
        self._l0_size = l0_size
        self._whole: dict[tuple[int, int], list[_Part]] = {}
        self._cut_off: dict[tuple[int, int], list[_Part]] = {}

    def add(self, block: Probability, m_left: int, m_top: int) -> None:
        """Trace one block, (h, w), whose first pixel is (m_left, m_top) in model pixels. Blocks must not overlap."""
        height, width = block.shape
        positive = block >= self._cut
        rows, columns = np.flatnonzero(positive.any(axis=1)), np.flatnonzero(positive.any(axis=0))
        if not len(rows):
            return
        place = (m_top, m_left)
        whole, cut_off = self._whole.setdefault(place, []), self._cut_off.setdefault(place, [])
        y, x = int(rows[0]), int(columns[0])
        inner = block[y : rows[-1] + 1, x : columns[-1] + 1]
        for part in _trace(inner, self._cut, m_left + x, m_top + y, self._min_area_px):
            x0, y0, x1, y1 = part.shape.bounds
            touches = x0 <= m_left or y0 <= m_top or x1 >= m_left + width or y1 >= m_top + height
            (cut_off if touches else whole).append(part)

    def finish(self) -> list[Outline]:
        """The polygons, joined over block borders, smooth to within a model pixel, from top to bottom."""
        parts = [*_in_order(self._whole), *_join(_in_order(self._cut_off))]
        kept = [_without_specks(part, self._min_area_px) for part in parts if part.shape.area >= self._min_area_px]
        width, height = self._l0_size
        outlines = []
        slide = shapely.box(0, 0, width, height)
        for part in _simplified(kept):
            shape = shapely.transform(part.shape, lambda m_points: m_points * self._downsample)
            x0, y0, x1, y1 = shape.bounds
            is_inside = x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height
            for on_slide in [shape] if is_inside else _polygons(shapely.intersection(shape, slide)):
                outlines.append(Outline(on_slide, part.mean / 255, self._class_index))
        outlines.sort(key=lambda outline: (outline.shape.bounds[1], outline.shape.bounds[0], outline.shape.area))
        return outlines


def _in_order(blocks: dict[tuple[int, int], list[_Part]]) -> list[_Part]:
    """The parts of all blocks, whatever the order in which these came."""
    return [part for place in sorted(blocks) for part in blocks[place]]


def cut_of(threshold: float) -> int:
    """The smallest stored probability (0 to 255) that is at or over a threshold in [0, 1]; at least 1."""
    return max(1, math.ceil(threshold * 255 - 1e-9))


def _trace(block: Probability, cut: int, m_left: int, m_top: int, min_area_px: float = 0) -> list[_Part]:
    """Polygons of the pixels at or over `cut`, in model pixels, exactly along pixel edges.

    OpenCV's outlines run through pixel centres, half a pixel too far in. So the outline is taken on the pixels'
    corners: a corner is set when one of its four pixels is. Gaps and holes one pixel wide close by that.

    What is certainly under `min_area_px` and does not touch the block's edge, behind which it may go on, is left out.
    """
    mask = (block >= cut).view(np.uint8)
    if not mask.any():
        return []
    height, width = mask.shape
    # One row and column more than pixels, for pixels and values too, so that all three are cut out alike.
    own_pixels, values = (
        np.asarray(cv2.copyMakeBorder(plane, 0, 1, 0, 1, cv2.BORDER_CONSTANT), np.uint8) for plane in (mask, block)
    )
    corners = cv2.dilate(own_pixels, _TWO_BY_TWO, anchor=(1, 1))
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(corners, connectivity=8)
    parts: list[_Part] = []
    for label in range(1, count):
        x, y, columns, rows, size = boxes[label].tolist()
        at_edge = x == 0 or y == 0 or x + columns > width or y + rows > height
        # A piece's area is at most its number of corners.
        if size < min_area_px and not at_edge:
            continue
        box = (slice(y, y + rows), slice(x, x + columns))
        piece = (labels[box] == label).view(np.uint8)
        own = (piece & own_pixels[box]).view(np.bool_)
        shapes = _outlines(piece, min_area_px)
        # A piece falls into several polygons where its pixels only touch at corners.
        means = [values[box][own].mean()] if len(shapes) == 1 else _means_inside(values[box], own, shapes)
        for shape, mean in zip(shapes, means, strict=True):
            moved = shapely.transform(shape, lambda points, x=x, y=y: points + np.array([m_left + x, m_top + y]))
            parts.append(_Part(moved, float(mean)))
    return parts


def _outlines(piece: npt.NDArray[np.uint8], min_area_px: float) -> list[shapely.Polygon]:
    """The valid polygons, with holes, along the pixel edges of one piece of set corners.

    Holes are left out that are certainly too small: a hole's area, with all that lies in it, is at most that of the box
    around it.
    """
    found, hierarchy = cv2.findContours(piece, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    links = hierarchy[0]
    kept = [
        index
        for index, ring in enumerate(found)
        if links[index][3] == -1 or _may_be_hole(np.asarray(ring, np.int32), min_area_px)
    ]
    rings = _along_edges([np.asarray(found[index][:, 0, :], np.int32) for index in kept], piece)
    outer: dict[int, npt.NDArray[np.int32]] = {}
    holes: dict[int, list[npt.NDArray[np.int32]]] = {}
    for index, ring in zip(kept, rings, strict=True):
        if len(ring) < 4:  # a line without area
            continue
        if links[index][3] == -1:
            outer[index] = ring
        else:
            holes.setdefault(int(links[index][3]), []).append(ring)
    return [
        polygon for index, ring in outer.items() for polygon in _polygons(shapely.Polygon(ring, holes.get(index, [])))
    ]


def _may_be_hole(ring: npt.NDArray[np.int32], min_area_px: float) -> bool:
    """Whether the hole that a contour goes round, on the set corners beside it, may be large enough."""
    _, _, columns, rows = cv2.boundingRect(ring)
    return (columns - 1) * (rows - 1) >= min_area_px


def _along_edges(rings: Sequence[npt.NDArray[np.int32]], corners: npt.NDArray[np.uint8]) -> list[npt.NDArray[np.int32]]:
    """The rings with each diagonal step, which cuts a pixel, replaced by the two pixel edges that it stands for.

    Args:
        rings: (n, 2) each, (x, y) of neighbouring set corners.
    """
    lengths = np.array([len(ring) for ring in rings])
    points = np.concatenate(rings)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    following = np.arange(1, len(points) + 1)
    following[starts + lengths - 1] = starts
    after = points[following]
    is_diagonal = (points != after).all(axis=1)
    # The two ways around a diagonal; the boundary takes the corner that is set. Where none is, two pixels only touch.
    one = np.stack([after[:, 0], points[:, 1]], axis=1)
    other = np.stack([points[:, 0], after[:, 1]], axis=1)
    one_is_set = corners[one[:, 1], one[:, 0]] > 0
    other_is_set = corners[other[:, 1], other[:, 0]] > 0
    extra = is_diagonal & (one_is_set != other_is_set)
    between = np.where(one_is_set[:, None], one, other)
    places = np.arange(len(points)) + np.concatenate([[0], np.cumsum(extra)[:-1]])
    whole = np.empty((len(points) + int(extra.sum()), 2), np.int32)
    whole[places] = points
    whole[places[extra] + 1] = between[extra]
    return np.split(whole, places[starts[1:]])


def _means_inside(block: Probability, mask: npt.NDArray[np.bool_], shapes: Sequence[shapely.Polygon]) -> list[float]:
    """For each polygon the mean probability of the pixels of the mask that lie in it.

    Pixels that share an edge lie in the same polygon, so one of each such group tells for all.
    """
    count, labels = cv2.connectedComponents(mask.view(np.uint8), connectivity=4, ltype=cv2.CV_32S)
    groups = labels.reshape(-1)
    sizes = np.bincount(groups, minlength=count)
    sums = np.bincount(groups, weights=block.reshape(-1), minlength=count)
    firsts = np.empty(count, np.int64)
    firsts[groups[::-1]] = np.arange(len(groups) - 1, -1, -1)  # the last assignment stays
    rows, columns = np.divmod(firsts, labels.shape[1])
    means = []
    for shape in shapes:
        inside = shapely.contains_xy(shape, columns + 0.5, rows + 0.5)
        inside[0] = False  # what is not in the mask
        size = sizes[inside].sum()
        means.append(float(sums[inside].sum() / size) if size else 0.0)
    return means


def _join(parts: Sequence[_Part]) -> list[_Part]:
    """Parts of one polygon, cut by block borders, as one; its mean is weighted by area."""
    if not parts:
        return []
    joined = _polygons(shapely.union_all([part.shape for part in parts]))
    tree = shapely.STRtree(joined)
    weights, sums = np.zeros(len(joined)), np.zeros(len(joined))
    inner = [part.shape.representative_point() for part in parts]
    for part_index, joined_index in tree.query(inner, predicate="intersects").T.tolist():
        area = parts[part_index].shape.area
        weights[joined_index] += area
        sums[joined_index] += area * parts[part_index].mean
    return [
        _Part(shape, float(sums[index] / weights[index])) for index, shape in enumerate(joined) if weights[index] > 0
    ]


def _without_specks(part: _Part, min_area_px: float) -> _Part:
    """The part without the holes that are too small to be more than noise."""
    holes = [hole for hole in part.shape.interiors if shapely.Polygon(hole).area >= min_area_px]
    return (
        part
        if len(holes) == len(part.shape.interiors)
        else _Part(shapely.Polygon(part.shape.exterior, holes), part.mean)
    )


def _simplified(parts: Sequence[_Part]) -> list[_Part]:
    smooth = [_without_stairs(part.shape) for part in parts]
    # Ring by ring: keeping the topology costs minutes for a lattice of glands, and `_polygons` mends what crosses.
    shapes = shapely.simplify(smooth, _SIMPLIFY_PX, preserve_topology=False)
    return [
        _Part(polygon, part.mean) for part, shape in zip(parts, shapes, strict=True) for polygon in _polygons(shape)
    ]


def _without_stairs(shape: shapely.Polygon) -> shapely.Polygon:
    """The polygon through the middles of its pixel edges: slanted outlines get straight, a corner loses 1/8 pixel."""

    def middles(ring: shapely.LinearRing) -> npt.NDArray[np.float64]:
        corners = shapely.get_coordinates(shapely.segmentize(ring, 1.0))
        return np.asarray((corners[:-1] + corners[1:]) / 2, np.float64)

    return shapely.Polygon(middles(shape.exterior), [middles(hole) for hole in shape.interiors])


def _polygons(shape: shapely.Geometry) -> list[shapely.Polygon]:
    """The valid polygons with area that a shape consists of."""
    # "structure": outlines minus holes. The default method would fill a hole that touches its outline.
    valid = shape if shape.is_valid else shapely.make_valid(shape, method="structure", keep_collapsed=False)
    return list(_parts_of(valid))


def _parts_of(valid: shapely.Geometry) -> Iterator[shapely.Polygon]:
    if isinstance(valid, shapely.MultiPolygon | shapely.GeometryCollection):
        for part in valid.geoms:
            yield from _parts_of(part)
    elif isinstance(valid, shapely.Polygon) and valid.area > 0:
        yield valid
