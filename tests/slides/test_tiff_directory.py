"""Directories of made TIFF files, taken out one by one, and of rubbish."""

from __future__ import annotations

import io
import random
import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile

from api.slides.redact_tiff import redact_ndpi
from api.slides.tiff_directory import TiffDirectories
from tests.fuzz.mutants import mutate


def picture(number: int) -> np.ndarray:  # type: ignore[type-arg]
    return np.random.default_rng(number).integers(0, 255, (40, 50, 3), dtype=np.uint8)


def make_tiff(path: Path, *, count: int = 4, bigtiff: bool = False, byteorder: str = "<") -> bytes:
    with tifffile.TiffWriter(path, bigtiff=bigtiff, byteorder=byteorder) as tiff:  # type: ignore[arg-type]
        for number in range(count):
            tile = {"tile": (32, 32)} if number % 2 else {"rowsperstrip": 7}
            tiff.write(picture(number), photometric="rgb", description=f"picture {number}", metadata=None, **tile)  # type: ignore[arg-type]
    return path.read_bytes()


@pytest.mark.parametrize("bigtiff", [False, True])
@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("removed", [(0,), (3,), (1, 2), (0, 1, 2), (0, 2, 3), ()])
def test_what_is_kept_is_as_before_and_what_is_removed_is_gone(
    tmp_path: Path, bigtiff: bool, byteorder: str, removed: tuple[int, ...]
) -> None:
    path = tmp_path / "a.tiff"
    before = make_tiff(path, bigtiff=bigtiff, byteorder=byteorder)
    with path.open("r+b") as file:
        chain = TiffDirectories(file)
        directories = chain.read()
        assert [one.description for one in directories] == [f"picture {number}" for number in range(4)]
        kept = [one for number, one in enumerate(directories) if number not in removed]
        overwritten = chain.keep(kept, [directories[number] for number in removed])
        assert [one.description for one in chain.read()] == [one.description for one in kept]
    after = path.read_bytes()
    assert len(after) == len(before)
    assert overwritten >= 6000 * len(removed)
    with tifffile.TiffFile(path) as tiff:
        assert len(tiff.pages) == 4 - len(removed)
        for page in tiff.pages:
            number = int(page.tags["ImageDescription"].value.split()[1])
            assert np.array_equal(page.asarray(), picture(number))
    for number in removed:
        assert f"picture {number}".encode() in before
        assert f"picture {number}".encode() not in after
        assert picture(number)[:7].tobytes()[:90] not in after


def test_mutants_are_read_or_refused(tmp_path: Path) -> None:
    good = make_tiff(tmp_path / "a.tiff")
    chance = random.Random(3)
    outcomes = set()
    for _ in range(3000):
        try:
            TiffDirectories(io.BytesIO(mutate(good, chance))).read()
            outcomes.add("read")
        except ValueError:
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}


def test_a_chain_that_goes_in_circles(tmp_path: Path) -> None:
    data = bytearray(make_tiff(tmp_path / "a.tiff", count=1))
    chain = TiffDirectories(io.BytesIO(bytes(data)))
    (only,) = chain.read()
    data[only.next_link : only.next_link + 4] = only.start.to_bytes(4, "little")
    with pytest.raises(ValueError, match="in circles"):
        TiffDirectories(io.BytesIO(bytes(data))).read()


def test_an_ndpi_of_more_than_four_gigabytes(tmp_path: Path) -> None:
    """Entries keep the lower half of a place; the file is sparse, so it takes no room."""
    path = tmp_path / "a.ndpi"
    label_at, level_at, first_at, second_at = (3 << 30) + 8, (4 << 30) + 16, (4 << 30) + 400, (5 << 30) + 2
    with path.open("wb") as file:
        file.write(b"II*\0" + struct.pack("<Q", first_at))
        for at, data in ((label_at, b"Jane Doe"), (level_at, b"tissue")):
            file.seek(at)
            file.write(data)
        for at, lens, data_at, length, following in (
            (first_at, -1.0, label_at, 8, second_at),
            (second_at, 20.0, level_at, 6, 0),
        ):
            entries = [(273, 4, data_at & 0xFFFF_FFFF), (279, 4, length), (65420, 4, 1)]
            file.seek(at)
            file.write(
                struct.pack("<H", 4) + b"".join(struct.pack("<HHII", tag, kind, 1, v) for tag, kind, v in entries)
            )
            file.write(struct.pack("<HHIf", 65421, 11, 1, lens) + struct.pack("<Q", following) + bytes(16))
    redact_ndpi(path)
    with path.open("rb") as file:
        (kept,) = TiffDirectories(file).read()
        assert kept.start == second_at
        found = []
        for at, length in ((label_at, 8), (level_at, 6), (first_at, 8)):
            file.seek(at)
            found.append(file.read(length))
    assert found == [bytes(8), b"tissue", bytes(8)]


def test_nothing_is_written_beyond_the_end_of_a_file_that_claims_more(tmp_path: Path) -> None:
    path = tmp_path / "a.tiff"
    with tifffile.TiffWriter(path) as tiff:
        for number in range(2):
            tiff.write(picture(number), metadata=None)
    with tifffile.TiffFile(path) as tiff:
        count = tiff.pages[1].aspage().tags["StripByteCounts"]
        at, size = count.valueoffset, path.stat().st_size
    with path.open("r+b") as file:
        file.seek(at)
        file.write(struct.pack("<I", 0xFFFF_FFF0))
        chain = TiffDirectories(file)
        first, second = chain.read()
        assert chain.keep([first], [second]) <= size
    assert path.stat().st_size == size
