"""Stamps: a product is made again exactly when what it is made from changed."""

from __future__ import annotations

from pathlib import Path

from tools.setup import stamps


def test_the_hash_of_a_file_is_its_sha256(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    assert stamps.of_file(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_files_are_told_apart_by_content_and_by_name_but_not_by_order(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("1")
    two.write_text("2")
    before = stamps.of_files(tmp_path, [one, two])
    assert stamps.of_files(tmp_path, [two, one]) == before
    two.write_text("3")
    assert stamps.of_files(tmp_path, [one, two]) != before
    two.write_text("2")
    assert stamps.of_files(tmp_path, [one, two.rename(tmp_path / "three")]) != before


def test_what_was_made_or_fetched_is_left_out(tmp_path: Path) -> None:
    for name in ("src/a.ts", "src/gql/b.ts", "node_modules/c/d.js", "index.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = stamps.files_under(tmp_path, without=["node_modules", "gql"])
    assert sorted(path.relative_to(tmp_path).as_posix() for path in found) == ["index.html", "src/a.ts"]


def test_a_product_carries_its_stamps_and_loses_them_with_itself(tmp_path: Path) -> None:
    product = tmp_path / "dist"
    assert stamps.read(product) == []
    product.mkdir()
    assert stamps.read(product) == []
    stamps.write(product, ["python 3.11", "serve.txt abc"])
    assert stamps.read(product) == ["python 3.11", "serve.txt abc"]
