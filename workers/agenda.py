"""Which patches are next: those that people look at, then the plan's order. PURE."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence

from workers.patches import Cell, Region
from workers.plan import Plan


class Agenda:
    """What of a plan is still to be done; `look_at` changes the order at any time.

    Args:
        finished: slots that are done already.
    """

    def __init__(self, plan: Plan, finished: Collection[int] = ()) -> None:
        self._plan = plan
        done = set(finished)
        self._todo = dict.fromkeys(slot for slot in range(len(plan.cells)) if slot not in done)
        self._urgent: list[int] = []
        self._views: tuple[Region, ...] = ()

    def __len__(self) -> int:
        return len(self._todo)

    def look_at(self, views: Sequence[Region]) -> None:
        """Put first what lies in these parts of the slide, each from its middle outwards."""
        self._views = tuple(views)
        seen = [slot for slot in self._todo if self.in_view(self._cell(slot))]
        near = {slot: min(self._distance(slot, view) for view in views) for slot in seen}
        self._urgent = sorted(near, key=lambda slot: (-near[slot], -slot))  # taken from its end

    def in_view(self, cell: Cell) -> bool:
        """Whether somebody looks at a cell."""
        return any(self._plan.grid.touches(cell, view) for view in self._views)

    def first(self) -> int | None:
        """The next slot, which stays on the agenda; None when nothing is to be done."""
        while self._urgent and self._urgent[-1] not in self._todo:
            self._urgent.pop()
        return self._urgent[-1] if self._urgent else next(iter(self._todo), None)

    def take(self, count: int, group_of: Callable[[int], object] = lambda _: None) -> list[int]:
        """The next slots of one group, at most so many; they are off the agenda by it."""
        taken: list[int] = []
        while len(taken) < count and (slot := self.first()) is not None:
            if taken and group_of(slot) != group_of(taken[0]):
                break
            del self._todo[slot]
            taken.append(slot)
        return taken

    def remove(self, slots: Iterable[int]) -> None:
        """Take slots off the agenda that somebody else does."""
        for slot in slots:
            self._todo.pop(slot, None)

    def add(self, slots: Iterable[int]) -> None:
        """Put slots on the agenda again, at their places in the plan's order."""
        self._todo = dict.fromkeys(sorted({*self._todo, *slots}))
        self.look_at(self._views)

    def _cell(self, slot: int) -> Cell:
        return self._plan.cells[slot]

    def _distance(self, slot: int, view: Region) -> float:
        """Level-0 pixels between the middles of a patch and a view."""
        x, y, side = self._plan.grid.l0_patch(self._cell(slot))
        return math.hypot(x + side / 2 - view.x - view.width / 2, y + side / 2 - view.y - view.height / 2)
