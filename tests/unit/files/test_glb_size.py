"""How large a GLB's model is, measured without any importer."""

from __future__ import annotations

import base64
import math
import struct
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.errors import BrokenModel
from neural4d_blender.engine.files.gltf import glb_dimensions
from neural4d_blender.engine.files.gltf.glb_dimensions import size_of
from tests.support.glb_files import BINARY, glb, triangle


def size(tmp_path: Path, document: dict[str, Any], binary: bytes = BINARY) -> tuple[float, ...]:
    """Of the triangle that the document shows, as one that is 1 wide and 1 high."""
    path = tmp_path / "model.glb"
    path.write_bytes(glb(document, binary))
    return tuple(round(side, 5) for side in size_of(path))


def test_the_file_as_it_is(tmp_path: Path) -> None:
    assert size(tmp_path, triangle()) == (1, 1, 0)


def test_nodes_move_turn_and_scale_it(tmp_path: Path) -> None:
    document = triangle()
    half = math.sqrt(0.5)
    document["nodes"] = [
        {"scale": [2, 1, 1], "children": [1], "translation": [5, 5, 5]},
        {"rotation": [0, 0, half, half], "children": [2]},  # a quarter turn: what was wide is high
        {"matrix": [3, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 9, 9, 9, 1], "mesh": 0},
    ]
    assert size(tmp_path, document) == (2, 3, 0)


def test_a_mesh_that_stands_there_twice_counts_from_end_to_end(tmp_path: Path) -> None:
    document = triangle()
    document["nodes"] = [{"mesh": 0}, {"mesh": 0, "translation": [0, 0, -4]}]
    document["scenes"] = [{"nodes": [0, 1]}]
    assert size(tmp_path, document) == (1, 1, 4)


def test_positions_between_other_values(tmp_path: Path) -> None:
    document = triangle()
    corners = [(0, 0, 0), (1, 0, 0), (0, 1, 2)]
    binary = b"".join(struct.pack("<6f", *corner, 7, 7, 7) for corner in corners) + BINARY[36:]
    document["buffers"][0]["byteLength"] = len(binary)
    document["bufferViews"] = [
        {"buffer": 0, "byteLength": 72, "byteStride": 24},
        {"buffer": 0, "byteOffset": 72, "byteLength": 6},
    ]
    assert size(tmp_path, document, binary) == (1, 1, 2)


def test_what_shows_nothing_is_passed_over(tmp_path: Path) -> None:
    document = triangle()
    document["meshes"][0]["primitives"].append({"attributes": {}})
    assert size(tmp_path, document) == (1, 1, 0)


def test_what_cannot_be_measured_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = triangle()
    packed["accessors"][0]["componentType"] = 5122
    with pytest.raises(BrokenModel, match="packed"):
        size(tmp_path, packed)
    in_text = triangle()
    in_text["buffers"][0]["uri"] = "data:;base64," + base64.b64encode(BINARY).decode()
    with pytest.raises(BrokenModel, match="binary part"):
        size(tmp_path, in_text, b"")
    unseen = triangle()
    unseen["nodes"] = [{}]
    with pytest.raises(BrokenModel, match="no positions"):
        size(tmp_path, unseen)
    monkeypatch.setattr(glb_dimensions, "MAX_VERTICES", 2)
    with pytest.raises(BrokenModel, match="more than 2 vertices"):
        size(tmp_path, triangle())
