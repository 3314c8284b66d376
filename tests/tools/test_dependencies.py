"""What the code imports is what the locks install: nothing comes along by accident, nothing is installed for nobody."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = {"api", "schema", "workers", "training", "tools", "tests", "benchmarks"}
# Installed for others to find: drivers, event loop, image codecs, the C library of OpenSlide, the build's backend.
FOUND_BY_OTHERS = {
    "aiomysql",  # Tortoise's driver for MySQL
    "aiosqlite",  # Tortoise's driver for SQLite
    "cryptography",  # aiomysql's, for MySQL 8's passwords
    "httptools",  # uvicorn's parser
    "openslide-bin",  # openslide-python's library
    "pyvips-binary",  # pyvips's library
    "pymysql",  # aiomysql's, held below the version that breaks it
    "python-dateutil",  # Strawberry's, held below what botocore, which the tests' S3 server stands on, refuses
    "setuptools",  # installs this project
    "uvicorn",  # run by its name
    "uvloop",  # uvicorn's event loop
    "websockets",  # uvicorn's
}


def imports(folders: Iterable[str]) -> Iterator[str]:
    """Top-level names of the modules that the Python files of some folders import."""
    for folder in folders:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    yield from (alias.name.partition(".")[0] for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    yield node.module.partition(".")[0]


def distributions(names: Iterable[str]) -> set[str]:
    """The packages that hold modules, as their index spells them in lower case."""
    known = packages_distributions()
    foreign = set(names) - set(sys.stdlib_module_names) - OURS
    return {known.get(name, [name])[0].lower().replace("_", "-") for name in foreign}


def direct(lock: str) -> set[str]:
    """The packages that locks/NAME.in names."""
    text = (ROOT / "locks" / f"{lock}.in").read_text(encoding="utf-8")
    return {name.lower() for name in re.findall(r"^([A-Za-z][A-Za-z0-9._-]*)", text, re.MULTILINE)}


def test_the_platform_imports_what_serve_names() -> None:
    imported = distributions(imports(["api", "schema", "workers"]))
    assert imported - direct("serve") == set()
    assert direct("serve") - imported - FOUND_BY_OTHERS == set()


def test_the_tests_and_benchmarks_import_what_serve_and_test_name() -> None:
    # One benchmark is run by the model server's Python, which has OpenVINO.
    imported = distributions(imports(["tests", "benchmarks"])) - {"openvino"}
    assert imported - direct("serve") - direct("test") == set()


def test_the_set_up_imports_the_standard_library_alone() -> None:
    assert distributions(imports(["tools"])) == set()
