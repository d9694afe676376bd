"""Properties of a stranger's file that are called like ours: they say nothing, ask nobody, and cost nothing."""

from __future__ import annotations

import json
from typing import Any

import bpy
import pytest

from neural4d_blender.scene.placing import provenance
from neural4d_blender.ui.panels import about_model

NESTED = "[" * 100_000
ODD: list[Any] = [
    float("inf"),
    float("nan"),
    -1e300,
    2**31 - 1,
    True,
    "",
    "x" * 200_000,
    NESTED,
    "\\\\server\\share\\x.png",
    "file:///etc/passwd",
    b"\xff\0",
    [1.0, 2.0],
    {"a": {"b": {"c": 1}}},
]
OPTIONS = [
    NESTED,
    '{"variants": "many", "size_mm": {}, "max_faces": 1e999, "pbr": 3, "axis": [], "options": 7}',
    '{"variants": 1e400, "texture_folder": "//server/share", "images": ["/etc/passwd"]}',
    json.dumps({f"key {number}": "x" * 900 for number in range(90)}),
    "null",
]


@pytest.fixture
def root(empty_file: bpy.types.Scene) -> bpy.types.Object:
    item = bpy.data.objects.new("Chair", None)
    empty_file.collection.objects.link(item)
    item[provenance.JOB] = "0"
    return item


def look(root: bpy.types.Object) -> provenance.Provenance:
    """What the panel does at each redraw."""
    assert provenance.root_of(root) in (root, None)
    said = provenance.read(root)
    about_model._in_short(said)
    for name, value in about_model._details(said):
        assert len(name) + len(value) < 500
    assert provenance.request_of(said) is None or said.prompt
    return said


@pytest.mark.parametrize("value", ODD, ids=range(len(ODD)))
def test_odd_values_of_each(root: bpy.types.Object, value: Any) -> None:
    for name in provenance.Provenance.__dataclass_fields__:
        root[f"neural4d_{name}"] = value
        look(root)
    assert len(look(root).prompt) <= provenance._LONGEST


@pytest.mark.parametrize("options", OPTIONS, ids=range(len(OPTIONS)))
def test_odd_options(root: bpy.types.Object, options: str) -> None:
    root["neural4d_options"], root["neural4d_prompt"], root["neural4d_service"] = options, "a chair", "unknown"
    request = provenance.request_of(look(root))
    assert request is not None
    assert (request.prompt, request.variants, request.size_mm, request.images) == ("a chair", 1, None, [])
    assert request.texture_folder == ""


def test_a_text_of_megabytes_is_read_once(root: bpy.types.Object) -> None:
    root["neural4d_prompt"] = "x" * 60_000_000
    look(root)
    read: list[str] = []

    class Watched:
        session_uid = root.session_uid

        def get(self, name: str) -> Any:
            read.append(name)
            return None

    provenance.read(Watched())
    assert "neural4d_options" in read
    assert "neural4d_prompt" not in read
