"""The file with an asset library's catalogs: ids that stay, and whatever else stands in it."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from neural4d_blender.engine.blenders.asset_catalogs import FILE, catalog_id, clean_path


def test_a_catalog_keeps_its_id(tmp_path: Path) -> None:
    first = catalog_id(tmp_path, "Props/Birds")
    written = (tmp_path / FILE).read_bytes()
    above = catalog_id(tmp_path, "Props")
    assert first != above
    assert (tmp_path / FILE).read_bytes() == written  # a catalog comes with those above it
    assert (catalog_id(tmp_path, "Props/Birds"), catalog_id(tmp_path, " Props / Birds/")) == (first, first)
    uuid.UUID(first)
    lines = (tmp_path / FILE).read_text().splitlines()
    assert lines.count("VERSION 1") == 1
    assert lines[-2:] == [f"{above}:Props:Props", f"{first}:Props/Birds:Props-Birds"]
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert catalog_id(elsewhere, "Props/Birds") == first


def test_what_others_wrote_stays(tmp_path: Path) -> None:
    theirs = str(uuid.uuid4())
    text = f"# mine\nVERSION 1\n\n{theirs}:Neural4D:Old Name\nbroken:Props:Props"
    (tmp_path / FILE).write_text(text)
    assert catalog_id(tmp_path, "Neural4D") == theirs
    assert (tmp_path / FILE).read_text() == text
    added = catalog_id(tmp_path, "Props")
    assert (tmp_path / FILE).read_text() == f"{text}\n{added}:Props:Props\n"


@pytest.mark.parametrize(
    ("path", "cleaned"),
    [("", ""), ("/", ""), ("a:b", "a-b"), ("a\nb/ c ", "a b/c"), ("a\\b", "a/b"), ("//x//", "x")],
)
def test_paths_are_made_fit(tmp_path: Path, path: str, cleaned: str) -> None:
    assert clean_path(path) == cleaned
    assert bool(catalog_id(tmp_path, path)) == bool(cleaned)
