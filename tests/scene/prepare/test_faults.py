"""Broken, empty and mislabelled models: each gets a sentence and a remedy, never a traceback."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import bpy
import pytest

from neural4d_blender.prepare import main
from tests.scene.prepare.test_safety import edit_glb
from tests.support import sample_models

HTML = b"<!DOCTYPE html><html><body>v 0 0 0\nf 1 1 1\n<h1>403 Forbidden</h1></body></html>"


def run(source: Path, model_format: str, **wanted: Any) -> dict[str, Any]:
    output = source.parent / "out.blend"
    facts = main.run(
        {"source": source, "format": model_format, "output": output, "name": "bird", "size_mm": 50, **wanted}
    )
    if not facts["ok"]:
        assert not output.exists()
        assert not any("Traceback" in str(value) or "/neural4d_blender/" in str(value) for value in facts.values())
        assert facts["remedy"]
    return facts


@pytest.mark.parametrize("model_format", sample_models.FORMATS)
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "empty"),
        (HTML, "web page"),
        (b'{"statusCode": -1}', "JSON"),
        (b"\x00\x01\x02garbage" * 40, "something else"),
    ],
    ids=["empty", "html", "json", "garbage"],
)
def test_a_file_of_another_kind(tmp_path: Path, model_format: str, content: bytes, told: str) -> None:
    source = tmp_path / "model"
    source.write_bytes(content)
    facts = run(source, model_format)
    assert facts["code"] == "BrokenModel"
    assert told in facts["what"]


@pytest.mark.parametrize(("vertices", "faces"), [("4000000000", "1"), ("3", "4000000000"), ("-1", "1"), ("x", "1")])
def test_a_ply_that_claims_more_than_is_in_it(tmp_path: Path, vertices: str, faces: str) -> None:
    """In the importer such a one ends the whole process."""
    header = f"element vertex {vertices}\nproperty float x\nproperty float y\nproperty float z\nelement face {faces}\n"
    head = f"ply\nformat binary_little_endian 1.0\n{header}property list uchar int vertex_indices\nend_header\n"
    (tmp_path / "scan.ply").write_bytes(head.encode() + bytes(64))
    facts = run(tmp_path / "scan.ply", "PLY")
    assert facts["code"] == "BrokenModel"
    assert "bytes long" in facts["what"]


@pytest.mark.one_blender
def test_a_ply_whose_header_has_no_end(tmp_path: Path) -> None:
    """What stands behind so many bytes was not looked at."""
    head = f"ply\nformat ascii 1.0\ncomment {'x' * 70_000}\nelement vertex 2000000000\nproperty float x\nend_header\n"
    (tmp_path / "scan.ply").write_text(head)
    facts = run(tmp_path / "scan.ply", "PLY")
    assert (facts["code"], "no end of its header" in facts["what"]) == ("BrokenModel", True)


@pytest.mark.parametrize("model_format", sample_models.FORMATS)
def test_a_missing_file(tmp_path: Path, model_format: str) -> None:
    assert run(tmp_path / "none", model_format)["code"] == "BrokenModel"


@pytest.mark.parametrize("model_format", ["GLB", "BLEND", "FBX", "USDZ"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_a_file_that_was_cut_short(
    empty_file: bpy.types.Scene, tmp_path: Path, model_format: str, share: float
) -> None:
    sample_models.family()
    source = sample_models.export(model_format, tmp_path)
    data = source.read_bytes()
    source.write_bytes(data[: int(len(data) * share)])
    facts = run(source, model_format)
    if facts["ok"]:  # the end of an FBX is an index that importers can do without: the whole model is there
        assert (model_format, share, facts["objects"]) == ("FBX", 0.95, 3)
    else:
        assert facts["code"] == "BrokenModel"


def test_a_zip_instead_of_a_model_is_called_a_zip(tmp_path: Path) -> None:
    source = tmp_path / "model.fbx"
    source.write_bytes(b"PK\x03\x04" + bytes(200))
    assert "ZIP" in run(source, "FBX")["what"]


def test_an_stl_that_claims_more_triangles_than_it_holds(tmp_path: Path) -> None:
    source = tmp_path / "model.stl"
    source.write_bytes(bytes(80) + struct.pack("<I", 2**31 - 1) + bytes(500))
    assert run(source, "STL")["code"] == "BrokenModel"


@pytest.mark.parametrize(
    "text",
    ["# nothing\n", "v 0 0 0\nv 1 0 0\nl 1 2\n", "v 0 0 0\nf 1 2 3\n", "v 0 0 0\nv 0 0 0\nv 0 0 0\nf 1 2 3\n"],
    ids=["comment", "line", "missing vertices", "one point"],
)
def test_an_obj_without_a_usable_face(tmp_path: Path, text: str) -> None:
    source = tmp_path / "model.obj"
    source.write_text(text)
    assert run(source, "OBJ")["code"] == "BrokenModel"


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_coordinates_that_are_no_numbers(empty_file: bpy.types.Scene, tmp_path: Path, value: str) -> None:
    sample_models.single()
    bpy.data.meshes[0].vertices[3].co.y = float(value)
    facts = run(sample_models.export("BLEND", tmp_path), "BLEND")
    assert facts["code"] == "BrokenModel"
    assert "not numbers" in facts["what"]


def test_a_flat_model_is_refused_along_the_axis_it_is_flat_along(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    bpy.ops.mesh.primitive_plane_add()
    source = sample_models.export("GLB", tmp_path)
    facts = run(source, "GLB", axis="Z")
    assert facts["code"] == "BrokenModel"
    assert "LONGEST" in facts["remedy"]
    assert run(source, "GLB", axis="X")["measured_mm"] == pytest.approx(50, rel=1e-3)
    assert run(source, "GLB", axis="LONGEST")["measured_mm"] == pytest.approx(50, rel=1e-3)


def test_an_extension_that_blender_cannot_read(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    sample_models.single()
    source = sample_models.export("GLB", tmp_path)
    names = ["EXT_of_tomorrow"]
    edit_glb(source, lambda document: document.update(extensionsUsed=names, extensionsRequired=names))
    facts = run(source, "GLB")
    assert facts["code"] == "UnsupportedFeature"
    assert names[0] in facts["what"]


@pytest.mark.parametrize(
    "wanted",
    [{"size_mm": 0}, {"size_mm": -5}, {"size_mm": "tall"}, {"size_mm": float("inf")}, {"axis": "W"}, {"origin": "TOP"}],
    ids=str,
)
def test_a_malformed_job(tmp_path: Path, wanted: dict[str, Any]) -> None:
    assert run(tmp_path / "none", "GLB", **wanted)["code"] == "InvalidInput"


def test_a_format_nobody_knows(tmp_path: Path) -> None:
    assert run(tmp_path / "none", "3DS")["code"] == "UnsupportedFeature"


def test_an_output_folder_that_is_not_there(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    sample_models.single()
    source = sample_models.export("STL", tmp_path)
    facts = run(source, "STL", output=tmp_path / "none" / "out.blend")
    assert facts["code"] == "PreparerFailed"
    assert facts["remedy"]
