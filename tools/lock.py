"""Makes locks/*.txt from locks/*.in: every package pinned, every file's SHA-256, for Python 3.11 to 3.13 on Linux.

    python3 -m tools.lock [NAME ...]

Needs `uv` on PATH, for this alone: the set-up installs with pip. The result names no index address.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

LOCKS = Path(__file__).resolve().parents[1] / "locks"
# Of these the package alone is wanted, not what it asks for.
ALONE = frozenset({"triton-server", "samples"})
# torch comes in builds for processors and for graphics cards with one version but different files, so its file
# can't be pinned by a hash; train-torch.txt installs it, and with it the libraries of the build that is chosen.
UNHASHED = re.compile(r"(torch|triton|cuda-[a-z-]+|nvidia-[a-z0-9-]+)==")
ADDRESS = re.compile(r"\w+://|--(extra-)?index-url|--find-links")
COMPILE = (
    *("uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"),
    *("--no-emit-index-url", "--no-header", "--no-annotate"),
)


def make_lock(name: str) -> None:
    """Write locks/NAME.txt from locks/NAME.in.

    Raises:
        subprocess.CalledProcessError: uv found no versions that fit together; it has printed why.
        ValueError: the result names an address.
    """
    alone = ["--no-deps"] if name in ALONE else []
    target = LOCKS / f"{name}.txt"
    # uv keeps the versions of an older result where they still fit.
    kept = target.read_text(encoding="utf-8") if target.exists() else ""
    answer = subprocess.run([*COMPILE, *alone, "--output-file", target.name, f"{name}.in"], cwd=LOCKS, check=False)
    if answer.returncode != 0:
        target.write_text(kept, encoding="utf-8")
        answer.check_returncode()
    text = target.read_text(encoding="utf-8")
    if name == "train":
        text = without(UNHASHED, text)
    if found := ADDRESS.search(text):
        raise ValueError(f"locks/{name}.txt would name an address: {found[0]}")
    target.write_text(text, encoding="utf-8")


def without(pattern: re.Pattern[str], lock: str) -> str:
    """A lock's text without the packages whose requirement `pattern` matches from its start."""
    return "".join(entry for entry in entries(lock.splitlines(keepends=True)) if not pattern.match(entry))


def entries(lines: Iterable[str]) -> Iterator[str]:
    """The lock's requirements, each with the lines of its hashes."""
    entry = ""
    for line in lines:
        if entry and not line.startswith((" ", "\t")):
            yield entry
            entry = ""
        entry += line
    if entry:
        yield entry


def main(names: list[str]) -> int:
    if shutil.which("uv") is None:
        print("tools.lock needs uv, which makes the locks. Type: python3 -m pip install uv", file=sys.stderr)
        return 1
    # test.in is constrained by serve.txt, so serve comes first.
    for name in names or sorted((path.stem for path in LOCKS.glob("*.in")), key=lambda name: name != "serve"):
        print(f"locks/{name}.txt", flush=True)
        make_lock(name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
