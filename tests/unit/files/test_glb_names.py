"""Names of datablocks: at most 63 bytes, cut between characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neural4d_blender.engine.blenders.shared_names import MAX_NAME_BYTES, datablock_name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a cute bird", "a cute bird"),
        ("  two\nlines\tof   text\r\n", "two lines of text"),
        ("é" * 40, "é" * 31),
        ("a" + "鳥" * 30, "a" + "鳥" * 20),
        ("x" * 62 + "é", "x" * 62),
        ("", "Model"),
        ("\x00\u200b\n", "Model"),
    ],
)
def test_names(text: str, name: str) -> None:
    assert datablock_name(text) == name


@given(st.text())
def test_any_text_becomes_a_name(text: str) -> None:
    name = datablock_name(text)
    assert 0 < len(name.encode()) <= MAX_NAME_BYTES
    assert name == name.strip()
    assert datablock_name(name) == name


def test_half_characters_are_no_trouble() -> None:
    assert datablock_name("bird \ud83d") == "bird"
