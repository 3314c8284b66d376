"""The locks: whole, without addresses, and torch left to the machine's own build."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.lock import ADDRESS, ALONE, LOCKS, UNHASHED, entries, without

LOCK = """\
numpy==2.4.6 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
nvidia-cublas==13.1 ; sys_platform == 'linux' \\
    --hash=sha256:cc
torch==2.13.0 \\
    --hash=sha256:dd
tqdm==4.70.1 \\
    --hash=sha256:ee
"""


def test_a_lock_is_its_entries() -> None:
    assert "".join(entries(LOCK.splitlines(keepends=True))) == LOCK
    assert len(list(entries(LOCK.splitlines(keepends=True)))) == 4


def test_torch_and_its_libraries_are_left_to_the_machine() -> None:
    kept = without(UNHASHED, LOCK)
    assert re.findall(r"^[a-z]+", kept, re.MULTILINE) == ["numpy", "tqdm"]
    assert "cc" not in kept
    assert "dd" not in kept


@pytest.mark.parametrize("path", sorted(LOCKS.iterdir()), ids=lambda path: path.name)
def test_no_lock_names_an_address(path: Path) -> None:
    assert ADDRESS.search(path.read_text(encoding="utf-8")) is None


@pytest.mark.parametrize("source", sorted(LOCKS.glob("*.in")), ids=lambda path: path.stem)
def test_every_direct_dependency_is_in_the_lock_with_hashes(source: Path) -> None:
    lock = source.with_suffix(".txt").read_text(encoding="utf-8")
    pinned = {
        (found[1].lower(), found[2])
        for entry in entries(lock.splitlines(keepends=True))
        if (found := re.match(r"([A-Za-z0-9._-]+)==(\S+)", entry)) and "--hash=sha256:" in entry
    }
    wanted = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==(\S+)", source.read_text(encoding="utf-8"), re.MULTILINE)
    assert wanted
    assert [
        (name, version) for name, version in wanted if (name.lower(), version) not in pinned and name != "torch"
    ] == []


def test_a_sample_or_the_model_server_brings_nothing_else() -> None:
    for name in ALONE:
        lock = (LOCKS / f"{name}.txt").read_text(encoding="utf-8")
        source = (LOCKS / f"{name}.in").read_text(encoding="utf-8")
        assert re.findall(r"^\S+==\S+", lock, re.MULTILINE) == re.findall(r"^\S+==\S+", source, re.MULTILINE)
