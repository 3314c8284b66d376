"""ENTRY: mutants of real slides against the real readers (`make fuzz-slides`).

Each mutant is checked as an upload is, then shown: thumbnail, tiles, label. What may come of it is a picture or a
refusal with a code; all else ends the run. The last line is JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import PIL.Image

from api.errors import NotFound, PlatformError, UnsupportedSlide
from api.slides.checking import Checked
from api.slides.ingest import Ingest
from api.slides.pyramid import TIFF_TILE_STEP, TileAddress
from api.slides.reader import ReaderPool
from api.slides.storage import Storage
from tests.components import SHARED_DATA
from tests.fuzz.mutants import mutate
from tests.slides.made import Storing, make_slide
from tests.slides.vendors import write_ndpi, write_philips, write_vms

TIMEOUT_S = 10.0
MEMORY_MB = 1024
LARGE_EVERY = 10
"""One mutant in so many is of a large file."""
VENDORS: dict[str, Callable[[Path], None]] = {
    "a.ndpi": write_ndpi,
    "philips.tiff": partial(write_philips, in_xml=True),
    "vms.zip": write_vms,
}
TRANSCODED_PX = 1_000_000
LARGE_BYTES = 500_000
SETTLED_AT = 0.2
"""Share of the run after which memory is compared with its end."""


async def seeds(pool: ReaderPool, folder: Path) -> list[Path]:
    """Real slides that open, and generated ones for the layouts and pictures that the real ones lack."""
    made = [
        make_slide(folder / f"{storing.value}.tiff", width=300, height=200, storing=storing, downsamples=(1, 2)).path
        for storing in Storing
    ]
    picture = PIL.Image.effect_noise((300, 200), 40).convert("RGB")
    for ending in ("png", "jpeg", "tiff"):
        picture.save(folder / f"flat.{ending}")
        made.append(folder / f"flat.{ending}")
    for name, write in VENDORS.items():
        write(folder / name)
        made.append(folder / name)
    real = []
    for path in sorted(path for path in (SHARED_DATA / "slides").rglob("*") if path.is_file()):
        try:
            await pool.describe(path)
            real.append(path)
        except UnsupportedSlide:
            continue
    return made + real


async def show(pool: ReaderPool, path: Path, checked: Checked, chance: random.Random) -> None:
    """Ask for pictures of a mutant that was let in; refusals are as good as pictures."""
    index = path.with_name("index")
    index.write_bytes(checked.index.to_bytes())
    pyramid = checked.facts.pyramid
    asked: list[tuple[str, dict[str, Any]]] = [
        ("thumbnail", {"path": str(path), "max_px": 128}),
        ("associated", {"path": str(path), "name": chance.choice(("LABEL", "MACRO", "THUMBNAIL"))}),
    ]
    for level in pyramid.levels:
        address = TileAddress(level.index, chance.randrange(level.columns), chance.randrange(level.rows))
        x, y, width, height = pyramid.tile_extent(address)
        if level.native is None:
            continue
        files, size = {"path": str(path), "index": str(index)}, {"width": width, "height": height}
        if level.native in checked.index.levels and checked.index.levels[level.native].tile_size == pyramid.tile_size:
            place = {"native": level.native, "column": address.column, "row": address.row}
            asked.append(("crop", {**files, **place, **size}))
        else:
            asked.append(("tile", {"path": str(path), "level": level.native, "x": x, "y": y, **size}))
    levels = [(level.width, level.height) for level in pyramid.levels]
    if levels[0][0] * levels[0][1] <= TRANSCODED_PX and pyramid.tile_size % TIFF_TILE_STEP == 0:
        target, progress = str(path.with_name("transcoded")), str(path.with_name("progress"))
        work = {"path": str(path), "target": target, "progress": progress, "mpp": None}
        asked.append(("transcode", {**work, "level_sizes": levels, "tile_size": pyramid.tile_size}))
    # Whatever the vendor: a row may have been changed, and the file says what it likes.
    vendor = chance.choice(("aperio", "hamamatsu", "philips", "dicom"))
    asked.append(("redact", {"path": str(path), "target": str(path.with_name("redacted")), "vendor": vendor}))
    for operation, arguments in chance.sample(asked, min(3, len(asked))):
        try:
            await pool.call(operation, arguments)
        except (UnsupportedSlide, NotFound):
            continue


class Run:
    """A number of mutants, one after the other in each of a few lanes."""

    def __init__(self, pool: ReaderPool, folder: Path, files: Sequence[Path], mutants: int, seed: int) -> None:
        self._pool = pool
        self._ingest = Ingest(Storage(folder / "data"), pool, max_bytes=10**9, at_a_time=8)
        self._folder = folder
        self._contents = {file: file.read_bytes() for file in files}
        self._small = [file for file in files if len(self._contents[file]) < LARGE_BYTES]
        self._large = [file for file in files if len(self._contents[file]) >= LARGE_BYTES]
        self._mutants = mutants
        self._seed = seed
        self._next = 0
        self.outcomes: Counter[str] = Counter()
        self.longest_s = 0.0
        self.settled_mb = 0.0

    async def lane(self) -> None:
        while self._next < self._mutants:
            number, self._next = self._next, self._next + 1
            if number == int(self._mutants * SETTLED_AT):
                self.settled_mb = resident_mb()
            if number % 2000 == 0:
                sys.stdout.write(f"{number} mutants: {dict(self.outcomes.most_common())}\n")
                sys.stdout.flush()
            await self.one(number)

    async def one(self, number: int) -> None:
        chance = random.Random(self._seed * 1_000_003 + number)
        source = chance.choice(self._large if self._large and number % LARGE_EVERY == 0 else self._small)
        folder = self._folder / str(number)
        folder.mkdir()
        path = folder / "slide"
        path.write_bytes(mutate(self._contents[source], chance))
        started = time.monotonic()
        try:
            checked = await self._ingest.checker.check(path)
            await show(self._pool, checked.pixels or path, checked, chance)
            self.outcomes["opened"] += 1
        except UnsupportedSlide as error:
            if not error.message.endswith("."):
                raise SystemExit(f"mutant {number} of {source.name} was refused without a sentence: {error}") from error
            self.outcomes[error.code] += 1
        except PlatformError as error:
            raise SystemExit(f"mutant {number} of {source.name} was no refusal: {error!r}") from error
        took_s = time.monotonic() - started
        self.longest_s = max(self.longest_s, took_s)
        shutil.rmtree(folder)


def resident_mb() -> float:
    """This process's own memory: the server's side."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def fuzz(mutants: int, lanes: int, seed: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="coslide-fuzz-") as name:
        folder = Path(name)
        async with ReaderPool(processes=lanes, memory_mb=MEMORY_MB, timeout_s=TIMEOUT_S) as pool:
            files = await seeds(pool, folder)
            run = Run(pool, folder, files, mutants, seed)
            before = open_files()
            started = time.monotonic()
            async with asyncio.TaskGroup() as group:
                for _ in range(lanes):
                    group.create_task(run.lane())
            facts, _ = await pool.describe(files[0])
            if (facts.width, facts.height) != (300, 200):
                raise SystemExit("after the mutants a good slide is described wrongly")
            left = sorted(path.name for path in folder.iterdir() if path.is_dir() and path.name != "data")
            return {
                "mutants": sum(run.outcomes.values()),
                "server_crashes": 0,
                "reader_crashes": run.outcomes["SLIDE_CRASHES_READER"],
                "stopped_at_the_limit": run.outcomes["SLIDE_TOO_SLOW"],
                "longest_mutant_s": round(run.longest_s, 1),
                "open_files_growth": open_files() - before,
                "memory_growth_mb": round(resident_mb() - run.settled_mb, 1),
                "folders_left": len(left),
                "seeds": len(files),
                "outcomes": dict(run.outcomes.most_common()),
                "seconds": round(time.monotonic() - started),
            }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=100_000)
    parser.add_argument("--lanes", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    # Each refusal would be logged with its stack.
    logging.getLogger("coslide").setLevel(logging.ERROR)
    figures = asyncio.run(fuzz(arguments.mutants, arguments.lanes, arguments.seed))
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
