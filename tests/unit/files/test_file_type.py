"""A model file is what its bytes say, whatever it is called."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import pytest

from neural4d_blender.engine.files.file_type import file_type

STL = b"\0" * 80 + struct.pack("<I", 1) + b"\0" * 50


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"glTF\x02\0\0\0", "GLB"),
        (b"BLENDER-v402", "BLEND"),
        (b"BLENDER17-01v0500", "BLEND"),
        (b"\x28\xb5\x2f\xfd rest", "BLEND"),
        (b"Kaydara FBX Binary  \0\x1a\0", "FBX"),
        (b"ply\nformat ascii 1.0\n", "PLY"),
        (STL, "STL"),
        (b"solid " + STL[6:], "STL"),
        (b"\xef\xbb\xbfsolid a\n facet normal 0 0 1\n", "STL"),
        (b"# made by hand\nmtllib a.mtl\nv 0 0 0\n", "OBJ"),
        (b"\n\nv 1 2 3\n", "OBJ"),
        (b"<!DOCTYPE html><html>", ""),
        (b"", ""),
        (b"PK\x03\x04 and no archive", ""),
    ],
)
def test_by_its_first_bytes(tmp_path: Path, content: bytes, kind: str) -> None:
    path = tmp_path / "model.obj"
    path.write_bytes(content)
    assert file_type(path) == kind


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["source/chair.fbx", "textures/a.png"], "FBX"),
        (["chair.mtl", "chair.OBJ"], "OBJ"),
        (["chair.usdc", "0/a.png"], "USDZ"),
        (["read.me"], ""),
    ],
)
def test_of_an_archive_what_is_in_it(tmp_path: Path, names: list[str], kind: str) -> None:
    path = tmp_path / "model.glb"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    assert file_type(path) == kind
