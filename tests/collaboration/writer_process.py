"""Another process that writes to a slide: prints the seq of every acknowledged event."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from uuid import UUID, uuid4

sys.path.insert(0, str(Path(__file__).parents[2]))

from tortoise.context import TortoiseContext

from api.collaboration.log import EventKind, Origin, SlideTransaction, write
from api.models import MODEL_MODULES


async def main(url: str, slide_id: UUID, user_id: UUID, count: int) -> None:
    async def append_one(transaction: SlideTransaction) -> None:
        await transaction.append(EventKind.SLIDE, {})

    async with TortoiseContext() as context:
        await context.init(db_url=url, modules={"models": MODEL_MODULES})
        client_id = str(uuid4())

        async def writer(share: int) -> None:
            for _ in range(share):
                [event] = await write(slide_id, Origin(user_id, client_id, str(uuid4())), append_one)
                print(event.seq)

        await asyncio.gather(*(writer(count // 4) for _ in range(4)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], UUID(sys.argv[2]), UUID(sys.argv[3]), int(sys.argv[4])))
