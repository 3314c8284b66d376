"""Broken and hostile files: mutants of good slides never cost more than a clear refusal of that one file."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from api.errors import PlatformError, UnsupportedSlide
from api.slides.ingest import Ingest
from api.slides.reader import ReaderPool
from api.slides.storage import Storage
from tests.fuzz.mutants import mutate
from tests.slides.made import Storing, make_slide

MUTANTS = 150


@pytest.mark.parametrize("storing", list(Storing))
async def test_mutants(tmp_path: Path, storing: Storing) -> None:
    chance = random.Random(storing.value)
    good = make_slide(tmp_path / "good.tiff", width=600, height=400, storing=storing, downsamples=(1, 2)).path
    outcomes: Counter[str] = Counter()
    async with ReaderPool(processes=1, memory_mb=1024, timeout_s=10) as pool:
        ingest = Ingest(Storage(tmp_path / "data"), pool, max_bytes=10**9)
        for number in range(MUTANTS):
            path = tmp_path / str(number) / "slide"
            path.parent.mkdir()
            path.write_bytes(mutate(good.read_bytes(), chance))
            try:
                checked = await ingest.checker.check(path)
                await pool.thumbnail(checked.pixels or path, 128)
                outcomes["opened"] += 1
            except PlatformError as error:
                assert isinstance(error, UnsupportedSlide), error
                assert error.message.endswith(".")
                outcomes[error.code] += 1
        # The pool is as good as new.
        facts, _ = await pool.describe(good)
        assert (facts.width, facts.height) == (600, 400)
    assert sum(outcomes.values()) == MUTANTS
    assert outcomes.keys() <= {
        "opened",
        "NOT_A_SLIDE",
        "SLIDE_CRASHES_READER",
        "SLIDE_DAMAGED",
        "SLIDE_NOT_RGB",
        "SLIDE_TOO_LARGE",
        "SLIDE_TOO_SLOW",
        "SLIDE_TRUNCATED",
    }
