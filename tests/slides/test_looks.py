"""How a slide looks to one person: kept for them alone, and only within bounds."""

from __future__ import annotations

import asyncio

import pytest
from tortoise.context import TortoiseContext

from api.errors import InvalidInput
from api.models.look import SlideLook, Stain
from api.slides.looks import Look, looks_of, set_look
from tests.factories import make_project, make_slide_row, make_user


async def test_each_person_has_their_own_look_of_each_slide(database: TortoiseContext) -> None:
    ann, ben = await make_user("Ann"), await make_user("Ben")
    project = await make_project(ann)
    one, two = await make_slide_row(project), await make_slide_row(project)
    dark, stained = Look(brightness=-0.5), Look(contrast=0.25, gamma=2.0, stain=Stain.EOSIN)
    await set_look(ann.id, one.id, dark)
    await set_look(ann.id, two.id, stained)
    await set_look(ben.id, one.id, stained)
    assert await looks_of(ann.id, [one.id, two.id]) == {one.id: dark, two.id: stained}
    assert await looks_of(ben.id, [one.id, two.id]) == {one.id: stained}

    await set_look(ann.id, one.id, stained)
    await set_look(ann.id, one.id, stained)
    assert await looks_of(ann.id, [one.id]) == {one.id: stained}
    await set_look(ann.id, one.id, Look())
    assert await looks_of(ann.id, [one.id]) == {}
    assert await SlideLook.all().count() == 2


async def test_windows_that_adjust_at_once_leave_one_look(database: TortoiseContext) -> None:
    ann = await make_user("Ann")
    slide = await make_slide_row(await make_project(ann))
    looks = [Look(brightness=step / 10) for step in range(1, 7)]
    await asyncio.gather(*(set_look(ann.id, slide.id, look) for look in looks))
    [kept] = (await looks_of(ann.id, [slide.id])).values()
    assert kept in looks


@pytest.mark.parametrize(
    ("look", "message"),
    [
        (Look(brightness=1.5), "The brightness is 1.5; it must lie in -1 to 1."),
        (Look(contrast=float("nan")), "The contrast is nan; it must lie in -1 to 1."),
        (Look(gamma=0), "The gamma is 0; it must lie in 0.2 to 5."),
    ],
)
async def test_a_look_out_of_range_is_refused(database: TortoiseContext, look: Look, message: str) -> None:
    ann = await make_user("Ann")
    slide = await make_slide_row(await make_project(ann))
    with pytest.raises(InvalidInput) as refused:
        await set_look(ann.id, slide.id, look)
    assert (refused.value.message, refused.value.code) == (message, "LOOK_OUT_OF_RANGE")
    assert await SlideLook.all().count() == 0
