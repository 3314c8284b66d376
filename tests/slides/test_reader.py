"""Isolation: whatever a file does to a reader, the server and every other request go on."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from api.errors import NotFound, Unavailable, UnsupportedSlide
from api.slides.reader import ReaderPool
from tests.slides.made import Code, Storing, make_slide

FAULTY = "tests.slides.faulty_operations"


@pytest.fixture
async def pool() -> AsyncIterator[ReaderPool]:
    async with ReaderPool(processes=1, memory_mb=1024, timeout_s=20, operations=FAULTY) as opened:
        yield opened


async def file_with_content(path: Path) -> str:
    """Wait until another process has written the file."""
    async with asyncio.timeout(30):
        while not (path.exists() and path.read_text()):
            await asyncio.sleep(0.01)
    return path.read_text()


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_facts_of_a_made_slide(pool: ReaderPool, tmp_path: Path) -> None:
    slide = make_slide(tmp_path / "a.tiff", mpp=0.5)
    facts, index = await pool.describe(slide.path)
    assert (facts.vendor, facts.width, facts.height) == ("generic-tiff", 1000, 700)
    assert facts.level_sizes == ((1000, 700), (500, 350), (250, 175))
    assert (facts.tile_size, facts.mpp_x, facts.mpp_y, facts.objective_power) == (256, 0.5, 0.5, None)
    assert facts.associated == ()
    assert sorted(index.levels) == [0, 1, 2]


async def test_a_printers_resolution_is_no_scale(pool: ReaderPool, tmp_path: Path) -> None:
    """72 dpi is what programs write when they don't know: 353 um per pixel is no microscope."""
    slide = make_slide(tmp_path / "a.tiff", mpp=25400 / 72)
    facts, _ = await pool.describe(slide.path)
    assert (facts.mpp_x, facts.mpp_y) == (None, None)


async def test_pixels_come_back_exactly(pool: ReaderPool, tmp_path: Path) -> None:
    slide = make_slide(tmp_path / "a.tiff", storing=Storing.DEFLATE, code=Code.EXACT, downsamples=(1, 2))
    pixels = await pool.read_region(slide.path, 1, 250, 100, 300, 260)
    assert np.array_equal(pixels[:250, :250], slide.expected(250, 100, 250, 250, 2))
    assert (pixels[250:] == 255).all()
    assert (pixels[:, 250:] == 255).all()


async def test_a_crash_costs_only_its_own_request(pool: ReaderPool, tmp_path: Path) -> None:
    slide = make_slide(tmp_path / "a.tiff", downsamples=(1,))
    before = (await pool.call("echo", {})).body["pid"]
    crash, good = await asyncio.gather(
        pool.call("crash", {}), pool.read_region(slide.path, 0, 0, 0, 10, 10), return_exceptions=True
    )
    assert isinstance(crash, UnsupportedSlide)
    assert crash.code == "SLIDE_CRASHES_READER"
    assert isinstance(good, np.ndarray)
    assert (await pool.call("echo", {})).body["pid"] != before


async def test_a_reader_killed_in_the_middle_of_a_read(pool: ReaderPool, tmp_path: Path) -> None:
    """As the system's memory killer would."""
    reading = asyncio.ensure_future(pool.call("hang", {"started": str(tmp_path / "pid")}))
    os.kill(int(await file_with_content(tmp_path / "pid")), signal.SIGKILL)
    with pytest.raises(UnsupportedSlide) as caught:
        await reading
    assert caught.value.code == "SLIDE_CRASHES_READER"
    assert (await pool.call("echo", {}, [b"still here"])).blobs == [b"still here"]


async def test_a_reader_killed_while_idle_is_replaced(pool: ReaderPool) -> None:
    for _ in range(5):
        pid = (await pool.call("echo", {})).body["pid"]
        os.kill(pid, signal.SIGKILL)
        # Not awaited: the event loop has not yet heard of the death when the next request comes.
        deadline = time.monotonic() + 10
        while is_running(pid) and time.monotonic() < deadline:
            time.sleep(0.001)
        assert (await pool.call("echo", {})).body["pid"] != pid


async def test_a_hang_is_stopped_at_the_limit(pool: ReaderPool, tmp_path: Path) -> None:
    await pool.call("echo", {})
    with pytest.raises(UnsupportedSlide) as caught:
        await pool.call("hang", {"started": str(tmp_path / "pid")}, timeout_s=0.3)
    assert caught.value.code == "SLIDE_TOO_SLOW"
    assert caught.value.params == {"timeout_s": 0.3}
    assert not is_running(int((tmp_path / "pid").read_text()))
    assert (await pool.call("echo", {}, [b"x"])).blobs == [b"x"]


async def test_a_bomb_meets_the_memory_limit(pool: ReaderPool) -> None:
    pid = (await pool.call("echo", {})).body["pid"]
    with pytest.raises(UnsupportedSlide) as caught:
        await pool.call("bomb", {})
    assert caught.value.code == "SLIDE_TOO_LARGE"
    assert (await pool.call("echo", {})).body["pid"] == pid  # an allocation that fails harms nobody


async def test_what_a_decoder_raises_is_damage(pool: ReaderPool) -> None:
    with pytest.raises(UnsupportedSlide) as caught:
        await pool.call("raise_odd", {})
    assert (caught.value.code, caught.value.message) == (
        "SLIDE_DAMAGED",
        "The file can't be read: RuntimeError: marker 0xFF out of place. Copy it from the scanner again and upload it "
        "anew.",
    )


async def test_an_asker_that_leaves_does_not_mix_up_answers(pool: ReaderPool, tmp_path: Path) -> None:
    reading = asyncio.ensure_future(pool.call("hang", {"started": str(tmp_path / "pid")}))
    await file_with_content(tmp_path / "pid")
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert (await pool.call("echo", {}, [b"mine"])).blobs == [b"mine"]


async def test_readers_see_no_secrets(pool: ReaderPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSLIDE_SECRET", "hush")
    async with ReaderPool(processes=1, memory_mb=1024, timeout_s=20, operations=FAULTY) as fresh:
        names = (await fresh.call("environment", {})).body["names"]
    assert {"PATH", "PYTHONPATH"} <= set(names)
    assert "COSLIDE_SECRET" not in names


async def test_readers_end_with_the_pool() -> None:
    async with ReaderPool(processes=2, memory_mb=1024, timeout_s=20, operations=FAULTY) as pool:
        answers = await asyncio.gather(*(pool.call("echo", {}) for _ in range(8)))
        pids = {answer.body["pid"] for answer in answers}
        assert len(pids) == 2
    assert not any(is_running(pid) for pid in pids)


async def test_too_many_waiting_requests_and_the_oldest_is_turned_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.slides.reader.WAITING_LIMIT", 1)
    async with ReaderPool(processes=1, memory_mb=1024, timeout_s=20, operations=FAULTY) as pool:
        reading = asyncio.ensure_future(pool.call("hang", {"started": str(tmp_path / "pid")}))
        await file_with_content(tmp_path / "pid")
        waiting = asyncio.ensure_future(pool.call("echo", {}))
        await asyncio.sleep(0)
        newer = asyncio.ensure_future(pool.call("echo", {}))
        with pytest.raises(Unavailable) as caught:
            await waiting
        assert caught.value.code == "READER_BUSY"
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
        await asyncio.gather(reading, return_exceptions=True)
        assert (await newer).body["pid"]


async def test_what_an_asker_leaves_is_finished_by_the_same_process(pool: ReaderPool) -> None:
    """Tiles of a view that has moved on must not cost a new process each."""
    pid = (await pool.call("echo", {})).body["pid"]
    for _ in range(20):
        leaving = asyncio.ensure_future(pool.call("echo", {}, [b"old" * 10_000]))
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        answer = await pool.call("echo", {}, [b"new"])
        assert (answer.body["pid"], answer.blobs) == (pid, [b"new"])


async def test_an_asker_that_leaves_while_waiting_costs_nothing(pool: ReaderPool, tmp_path: Path) -> None:
    reading = asyncio.ensure_future(pool.call("hang", {"started": str(tmp_path / "pid")}))
    pid = int(await file_with_content(tmp_path / "pid"))
    waiting = asyncio.ensure_future(pool.call("echo", {"started": str(tmp_path / "never")}))
    await asyncio.sleep(0)
    waiting.cancel()
    os.kill(pid, signal.SIGKILL)
    await asyncio.gather(reading, waiting, return_exceptions=True)
    await pool.call("echo", {})
    assert not (tmp_path / "never").exists()


async def test_a_reader_that_can_not_start_says_why_in_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    async with ReaderPool(processes=1, memory_mb=1024, timeout_s=5, operations="no.such.module") as pool:
        for _ in range(2):
            with pytest.raises(Unavailable) as caught:
                await pool.call("echo", {})
            assert caught.value.code == "READER_DOWN"
    assert "No module named 'no'" in capfd.readouterr().err


async def test_an_associated_image_that_is_missing(pool: ReaderPool, tmp_path: Path) -> None:
    slide = make_slide(tmp_path / "a.tiff", downsamples=(1,))
    with pytest.raises(NotFound, match=r"The slide has no LABEL image\."):
        await pool.associated(slide.path, "LABEL")
