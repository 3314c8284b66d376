"""How slides look to one person: adjustments that follow them to every browser they sign in with."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import asdict, dataclass
from uuid import UUID

from tortoise.exceptions import IntegrityError

from api.errors import InvalidInput
from api.models.look import SlideLook, Stain

LARGEST_SHIFT = 1.0
GAMMAS = (0.2, 5.0)


@dataclass(frozen=True)
class Look:
    """Adjustments of a picture; the defaults change nothing.

    Attributes:
        brightness, contrast: -1 to 1.
        gamma: exponent of the inverse, 0.2 to 5; over 1 lightens the middle.
    """

    brightness: float = 0.0
    contrast: float = 0.0
    gamma: float = 1.0
    stain: Stain = Stain.ALL


async def looks_of(user_id: UUID, slide_ids: Collection[UUID]) -> dict[UUID, Look]:
    """A person's adjustments by slide; none for slides that they left as they are."""
    rows = await SlideLook.filter(user_id=user_id, slide_id__in=list(slide_ids))
    return {row.slide_id: Look(row.brightness, row.contrast, row.gamma, row.stain) for row in rows}


async def set_look(user_id: UUID, slide_id: UUID, look: Look) -> Look:
    """Keep a person's adjustments of a slide that they may see; the last ones win.

    Raises:
        InvalidInput: a value is out of range.
    """
    _check(look)
    kept = SlideLook.filter(user_id=user_id, slide_id=slide_id)
    if look == Look():
        await kept.delete()
    elif not await kept.update(**asdict(look)):
        try:
            await SlideLook.create(user_id=user_id, slide_id=slide_id, **asdict(look))
        except IntegrityError:
            # MySQL counts a row that was so before as not updated; and another window may have been first.
            await kept.update(**asdict(look))
    return look


def _check(look: Look) -> None:
    least, most = GAMMAS
    for field, value, low, high in (
        ("brightness", look.brightness, -LARGEST_SHIFT, LARGEST_SHIFT),
        ("contrast", look.contrast, -LARGEST_SHIFT, LARGEST_SHIFT),
        ("gamma", look.gamma, least, most),
    ):
        if not (math.isfinite(value) and low <= value <= high):
            raise InvalidInput(
                f"The {field} is {value:g}; it must lie in {low:g} to {high:g}.", code="LOOK_OUT_OF_RANGE", field=field
            )
