"""Trifles in a stranger's file do not cost the model: what Blender opens is prepared, and more than that."""

from __future__ import annotations

import codecs
import json
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest

from neural4d_blender.engine.blenders.blender_pool import Preparers
from neural4d_blender.engine.blenders.job_file import run_in_blender
from neural4d_blender.prepare import main
from tests.support.glb_files import BINARY, chunk, container, glb, triangle

Change = Callable[[dict[str, Any]], object]
OBJ = "o Thing\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"
CORNERS = "vertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\n"
STL = f"solid a\nfacet normal 0 0 1\nouter loop\n{CORNERS}endloop\nendfacet\nendsolid a\n"
BINARY_STL = b"\0" * 80 + struct.pack("<I12fH", 1, 0, 0, 1, *(0, 0, 0, 1, 0, 0, 0, 1, 0), 0)


def prepare(folder: Path, name: str, data: bytes) -> dict[str, Any]:
    """What comes of a file, which is as it was afterwards, and alone."""
    source = folder / name
    source.write_bytes(data)
    values = {"source": source, "format": source.suffix[1:], "output": folder / "out.blend", "name": "Thing"}
    facts: dict[str, Any] = main.run(values)  # type: ignore[assignment]
    assert source.read_bytes() == data
    assert {path.name for path in folder.iterdir()} <= {name, "out.blend"}
    return facts


def changed(change: Change) -> bytes:
    document = triangle()
    change(document)
    return glb(document)


def node(**values: Any) -> Change:
    return lambda document: document["nodes"].append(values)


def view(**values: Any) -> Change:
    return lambda document: document["bufferViews"][0].update(values)


def empty_beside(document: dict[str, Any]) -> None:
    document["accessors"].append({"bufferView": 2, "componentType": 5126, "count": 0, "type": "VEC3"})
    document["bufferViews"].append({"buffer": 0, "byteLength": 0})
    document["meshes"].append({"primitives": [{"attributes": {"POSITION": 2}}]})
    document["nodes"].append({"mesh": 1})
    document["scenes"][0]["nodes"].append(1)


@pytest.mark.parametrize(
    "data",
    [
        changed(lambda document: document["meshes"].append({})),
        changed(lambda document: document["meshes"].append({"primitives": []})),
        changed(empty_beside),
        changed(view(byteStride=0)),
        changed(view(byteStride=None)),
        changed(view(byteLength=10**30)),
        changed(lambda document: document["buffers"][0].update(byteLength=len(BINARY) + 1)),
        changed(lambda document: document["buffers"].append({"byteLength": 9, "uri": "elsewhere.bin"})),
        changed(lambda document: document.update(images=None, animations=None, skins=None, materials=None)),
        changed(lambda document: document.update(images=[{"uri": "/etc/passwd"}])),
        changed(lambda document: document["meshes"][0]["primitives"][0].update(material=3, indices=1.0)),
        changed(lambda document: document["accessors"][0].update(count=3.0)),
        changed(node(mesh=None, children=None)),
        changed(lambda document: document["asset"].update(version="2.0.1", extras={"uri": "file:///etc/passwd"})),
        changed(lambda document: document.update(extensionsRequired=["KHR_texture_transform"])),
        container(chunk(b"JSON", codecs.BOM_UTF8 + json.dumps(triangle()).encode()), chunk(b"BIN\0", BINARY)),
        glb(triangle()) + b"and more",
        container(chunk(b"JSON", json.dumps(triangle()).encode()), chunk(b"BIN\0", BINARY), claims=0),
    ],
)
def test_a_glb_with_a_trifle(tmp_path: Path, data: bytes) -> None:
    facts = prepare(tmp_path, "v0.glb", data)
    assert (facts.get("what"), facts.get("faces"), facts.get("warnings")) == (None, 1, [])
    assert sorted(facts["dimensions_mm"]) == pytest.approx([0, 1000, 1000], abs=0.001)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("v0.obj", codecs.BOM_UTF8 + OBJ.encode()),
        ("v0.obj", OBJ.encode("utf-16")),
        ("v0.obj", (OBJ * 2).encode("utf-16-be")),
        ("v0.stl", codecs.BOM_UTF8 + STL.encode()),
        ("v0.stl", STL.upper().encode()),
        ("v0.stl", BINARY_STL + b"a note of whoever made it"),
        ("v0.stl", b"solid" + BINARY_STL[5:]),
    ],
    ids=["obj-bom", "obj-utf-16", "obj-utf-16-be", "stl-bom", "stl-capitals", "stl-more", "stl-solid"],
)
def test_a_text_in_another_encoding_and_an_stl_with_more_behind_it(tmp_path: Path, name: str, data: bytes) -> None:
    facts = prepare(tmp_path, name, data)
    assert (facts.get("what"), facts.get("warnings")) == (None, [])
    assert sorted(facts["dimensions_mm"]) == pytest.approx([0, 1000, 1000], abs=0.001)


@pytest.mark.parametrize("image", [{"uri": "beside.png"}, {"bufferView": 0}, {"bufferView": 7}, {}])
def test_a_lost_texture_is_told_and_leaves_the_colour(tmp_path: Path, image: dict[str, Any]) -> None:
    """It is missing, or none that is a picture."""

    def change(document: dict[str, Any]) -> None:
        pbr = {"baseColorFactor": [1, 0, 0, 1], "baseColorTexture": {"index": 0}}
        document.update(images=[image], textures=[{"source": 0}], materials=[{"pbrMetallicRoughness": pbr}])
        document["meshes"][0]["primitives"][0]["material"] = 0

    facts = prepare(tmp_path, "v0.glb", changed(change))
    assert facts["warnings"] == ["Textures that are missing or damaged: 1. Their materials have a plain colour."]
    (material,) = bpy.data.materials
    nodes = material.node_tree.nodes
    assert not [node for node in nodes if node.type == "TEX_IMAGE"]
    assert tuple(nodes["Principled BSDF"].inputs["Base Color"].default_value) == (1, 0, 0, 1)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda document: document["nodes"][0].update(translation=[10**400, 0, 0]), "BrokenModel"),
        (lambda document: document["nodes"].append({"children": [0, 0]}), "BrokenModel"),
        (lambda document: document["buffers"][0].update(uri="/etc/passwd"), "UnsafeModel"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, change: Change, code: str) -> None:
    assert prepare(tmp_path, "v0.glb", changed(change))["code"] == code


def test_where_the_preparer_may_only_read_the_download(tmp_path: Path) -> None:
    source = tmp_path / "v0.obj"
    source.write_bytes(OBJ.encode("utf-16"))
    preparers = Preparers()
    preparers.folder = tmp_path / "cages"
    preparers.argv = [sys.executable, "-I", str(Path(main.__file__).with_name("__main__.py"))]
    values = {"source": str(source), "format": "OBJ", "output": str(tmp_path / "v0.blend"), "name": "Thing"}
    facts = run_in_blender(preparers, {**values, "download": str(source)}, tmp_path / "v0.prepare")  # type: ignore[typeddict-item]
    assert (facts["faces"], facts["warnings"]) == (1, [])
