"""What a glTF shows: its default scene, less what is hidden there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.files.gltf.glb_check import read_parts, write_repaired
from neural4d_blender.engine.files.gltf.glb_dimensions import size_of
from neural4d_blender.engine.files.gltf.gltf_visibility import drop_hidden, hidden_nodes
from tests.support.glb_files import BINARY, glb, triangle

MESH = {"mesh": 0}
HIDES = {"extensions": {"KHR_node_visibility": {"visible": False}}}


@pytest.mark.parametrize(
    ("told", "hidden"),
    [
        ({"nodes": [MESH, MESH]}, set()),
        ({"nodes": [MESH, MESH], "scenes": [{"nodes": [0, 1]}]}, set()),
        ({"nodes": [MESH, MESH], "scenes": [{"nodes": [0]}]}, {1}),
        ({"nodes": [MESH, MESH], "scenes": [{"nodes": [0]}, {"nodes": [1]}], "scene": 1}, {0}),
        ({"nodes": [MESH, MESH], "scenes": [{"nodes": [0]}, {"nodes": [1]}], "scene": None}, {1}),
        ({"nodes": [MESH, {"children": [2]}, MESH], "scenes": [{"nodes": [0]}]}, {1, 2}),
        ({"nodes": [MESH, {"children": [2], **HIDES}, MESH], "scenes": [{"nodes": [0, 1]}]}, {1, 2}),
        ({"nodes": [MESH, {**MESH, **HIDES}]}, {1}),
        ({"nodes": [{**MESH, **HIDES}]}, set()),  # a file that would show nothing shows all
        ({"nodes": [MESH], "scenes": [{}]}, set()),
        ({"nodes": [MESH], "scenes": [{"nodes": [0]}], "scene": 7}, set()),
        ({"nodes": None, "scenes": None}, set()),
    ],
)
def test_hidden_nodes(told: dict[str, Any], hidden: set[int]) -> None:
    assert hidden_nodes(told) == hidden


def test_a_copy_without_what_is_hidden(tmp_path: Path) -> None:
    document = {**triangle(), "nodes": [MESH, {**MESH, "scale": [9, 9, 9]}], "scenes": [{"nodes": [0]}]}
    (tmp_path / "model.glb").write_bytes(glb(document))
    copy = tmp_path / "copy.glb"
    assert write_repaired(tmp_path / "model.glb", copy, drop_hidden).repaired
    changed, binary = read_parts(copy)
    assert changed["nodes"] == [MESH, {"scale": [9, 9, 9]}]
    assert binary[: len(BINARY)] == BINARY
    assert size_of(tmp_path / "model.glb") == size_of(copy) == (1, 1, 0)


def test_a_file_that_hides_nothing_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "model.glb").write_bytes(glb(triangle()))
    assert not write_repaired(tmp_path / "model.glb", tmp_path / "copy.glb", drop_hidden).repaired
    assert [path.name for path in tmp_path.iterdir()] == ["model.glb"]
