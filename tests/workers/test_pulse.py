"""A worker's pulse is there while it beats, and gone after."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from api.settings import Settings
from workers import pulse


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(pulse, "get_settings", lambda: Settings(data=tmp_path))
    return tmp_path


async def test_it_beats_until_it_is_cancelled(data: Path) -> None:
    assert pulse.main() == 1
    file = pulse.pulse_file(data)
    beating = asyncio.create_task(pulse.beat(file))
    while not file.exists():
        await asyncio.sleep(0)
    assert pulse.main() == 0
    beating.cancel()
    with pytest.raises(asyncio.CancelledError):
        await beating
    assert not file.exists()
    assert pulse.newest_age_s(data) is None


def test_an_old_pulse_is_no_life(data: Path) -> None:
    file = pulse.pulse_file(data)
    file.parent.mkdir()
    file.touch()
    long_ago = time.time() - pulse.LOST_S - 1
    os.utime(file, (long_ago, long_ago))
    assert pulse.main() == 1
