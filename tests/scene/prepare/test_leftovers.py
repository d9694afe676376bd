"""What is no part of the model is gone from the file, and what of it could be seen is told once, in one line."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import bpy
import pytest

from neural4d_blender.prepare.importing import blend_head
from tests.support import looks, sample_models
from tests.support.glb_files import BINARY, glb, triangle


def test_variants_and_unused_materials_are_gone(tmp_path: Path) -> None:
    document = triangle()
    document["materials"] = [{"name": name} for name in ("Shown", "Variant", "Unused")]
    primitive = document["meshes"][0]["primitives"][0]
    mapping = [{"material": 0, "variants": [0]}, {"material": 1, "variants": [1]}]
    primitive |= {"material": 0, "extensions": {"KHR_materials_variants": {"mappings": mapping}}}
    document["meshes"][0]["primitives"][0] = primitive
    document["extensionsUsed"] = ["KHR_materials_variants"]
    document["extensions"] = {"KHR_materials_variants": {"variants": [{"name": "Day"}, {"name": "Night"}]}}
    (tmp_path / "model.glb").write_bytes(glb(document))
    facts = looks.prepare(tmp_path / "model.glb", "GLB", tmp_path / "out.blend")
    assert [material.name for material in bpy.data.materials] == ["bird"]
    assert facts["materials"] == 1
    (mesh,) = bpy.data.meshes
    assert not [*mesh.keys(), *system_properties(mesh)]


def system_properties(holder: Any) -> list[str]:
    kept = holder.bl_system_properties_get() if hasattr(holder, "bl_system_properties_get") else None
    return list(kept.keys()) if kept else []


@pytest.mark.skipif(bpy.app.version < (5, 0, 0), reason="there are none before 5.0")
def test_what_addons_keep_with_a_datablock_is_gone(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    sample_models.single()
    item = bpy.data.objects["Wedge"]
    material = bpy.data.materials.new("Skin")
    hidden = bpy.data.materials.new("Hidden")
    item.data.materials.append(material)
    for holder in (item, item.data, material, material.node_tree, material.node_tree.nodes[0]):
        kept = holder.bl_system_properties_get(do_create=True)
        kept["note"], kept["other"] = "/home/me", hidden
    looks.prepare(sample_models.export("BLEND", tmp_path), "BLEND", tmp_path / "out.blend")
    (material,), (item,) = bpy.data.materials, bpy.data.objects
    holders = (item, item.data, material, material.node_tree, *material.node_tree.nodes)
    assert not [name for holder in holders for name in system_properties(holder) if name in ("note", "other")]


def test_slots_that_no_face_has_are_gone(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    sample_models.single()
    mesh = bpy.data.objects["Wedge"].data
    for name in ("First", "Second", "Third", "Fourth"):
        mesh.materials.append(bpy.data.materials.new(name))
    mesh.polygons.foreach_set("material_index", [1 + 2 * (index % 2) for index in range(len(mesh.polygons))])
    facts = looks.prepare(sample_models.export("BLEND", tmp_path), "BLEND", tmp_path / "out.blend")
    mesh = bpy.data.meshes[0]
    assert [material.name for material in mesh.materials] == ["bird Second", "bird Fourth"]
    assert sorted(material.name for material in bpy.data.materials) == ["bird Fourth", "bird Second"]
    assert [polygon.material_index for polygon in mesh.polygons] == [i % 2 for i in range(len(mesh.polygons))]
    assert facts["materials"] == 2


def test_images_that_nothing_shows_are_gone(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    sample_models.single()
    (tmp_path / "tex.png").write_bytes(looks.png())
    for number in range(2):
        image = bpy.data.images.load(str(tmp_path / "tex.png"))
        material = sample_models.paint(bpy.data.objects["Wedge"], image)  # takes the place of the one before
        image.use_fake_user = True
        image.name = f"tex.png.00{number}"
    assert len([node for node in material.node_tree.nodes if node.bl_idname == "ShaderNodeTexImage"]) == 2
    facts = looks.prepare(sample_models.export("BLEND", tmp_path), "BLEND", tmp_path / "out.blend")
    assert (facts["images"], facts["warnings"]) == (1, [])
    assert [image.name for image in bpy.data.images] == ["bird tex.001"]


def test_what_is_left_out_is_told_once(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    sample_models.single()
    for number in range(2):
        lines = bpy.data.meshes.new("Lines")
        lines.from_pydata([(0, 0, 0), (1, 0, 0)], [(0, 1)], [])
        empty_file.collection.objects.link(bpy.data.objects.new(f"Lines {number}", lines))
    points = bpy.data.meshes.new("Points")
    points.from_pydata([(0, 0, 0)], [], [])
    for data in (points, bpy.data.cameras.new("Camera"), bpy.data.lights.new("Lamp", "POINT"), None):
        empty_file.collection.objects.link(bpy.data.objects.new("Extra", data))
    facts = looks.prepare(sample_models.export("BLEND", tmp_path), "BLEND", tmp_path / "out.blend")
    assert facts["warnings"] == ["Left out: 1 camera, 1 light, 3 parts of lines or points."]
    assert facts["objects"] == 1


def test_modifiers_that_simulate_are_told(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    sample_models.single()
    (item,) = empty_file.objects
    for kind in ("CLOTH", "COLLISION", "PARTICLE_SYSTEM", "OCEAN"):
        item.modifiers.new("Any", kind).show_viewport = kind != "OCEAN"
    facts = looks.prepare(sample_models.export("BLEND", tmp_path), "BLEND", tmp_path / "out.blend")
    assert facts["warnings"] == ["Left out: Cloth, Particle System."]


def test_lines_beside_triangles_are_told(tmp_path: Path) -> None:
    document = triangle()
    (primitive,) = document["meshes"][0]["primitives"]
    document["meshes"].append({"primitives": [primitive | {"mode": 3}]})
    document["nodes"].append({"mesh": 1})
    document["scenes"] = [{"nodes": [0, 1]}]
    (tmp_path / "model.glb").write_bytes(glb(document, BINARY))
    facts = looks.prepare(tmp_path / "model.glb", "GLB", tmp_path / "out.blend")
    assert facts["warnings"] == ["Left out: 1 part of lines or points."]


def test_other_models_of_an_archive_are_told(tmp_path: Path) -> None:
    source = looks.obj(tmp_path / "it" / "source" / "body.obj", b"")
    looks.obj(tmp_path / "it" / "hat.obj", b"")
    facts = looks.prepare(source, "OBJ", tmp_path / "out.blend", download=tmp_path / "it")
    assert facts["warnings"] == ["Left out: 1 other model beside this one (hat.obj)."]
    assert looks.prepare(source, "OBJ", tmp_path / "out.blend", download=source)["warnings"] == []


def header(version: tuple[int, ...]) -> bytes:
    return f"BLENDER17-01v{version[0]:02}{version[1]:02}".encode()


@pytest.mark.parametrize("packed", [False, True])
def test_a_blend_of_a_newer_blender_is_called_that(tmp_path: Path, packed: bool) -> None:
    newer = bpy.app.version[0] + 1
    content = header((newer, 1)) + b"REND" + bytes(200)
    (tmp_path / "model.blend").write_bytes(gzip.compress(content) if packed else content)
    facts = looks.prepare(tmp_path / "model.blend", "BLEND", tmp_path / "out.blend")
    assert facts["code"] == "UnsupportedFeature"
    assert f"Blender {newer}.1, which is newer" in facts["what"]


@pytest.mark.skipif(bpy.app.version < (5, 0, 0), reason="cannot read any header of a newer one")
def test_a_blend_of_a_newer_blender_that_can_be_read_comes_with_a_word(
    empty_file: bpy.types.Scene, tmp_path: Path
) -> None:
    sample_models.single()
    source = tmp_path / "model.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(source), copy=True, compress=False)
    content = source.read_bytes()
    newer = (bpy.app.version[0], bpy.app.version[1] + 1)
    source.write_bytes(content.replace(header(bpy.app.version), header(newer), 1))
    facts = looks.prepare(source, "BLEND", tmp_path / "out.blend")
    assert facts["ok"]
    assert f"Blender {newer[0]}.{newer[1]}, which is newer" in facts["warnings"][0]


def test_the_head_of_a_compressed_blend(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    for compress in (False, True):
        path = tmp_path / f"{compress}.blend"
        bpy.ops.wm.save_as_mainfile(filepath=str(path), compress=compress, copy=True)
        assert blend_head.version(path) == bpy.app.version[:2]
    (tmp_path / "none.blend").write_bytes(b"\x28\xb5\x2f\xfdnothing")
    assert blend_head.version(tmp_path / "none.blend") == (0, 0)
