"""One mesh, a face limit, quads, normals anew, images on disk: each alone, together, and never at the size's cost."""

from __future__ import annotations

import itertools
from collections import Counter
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from mathutils import Matrix, Vector

from neural4d_blender.prepare import main
from neural4d_blender.scene.placing import placement
from tests.support import sample_models

OPTIONS: dict[str, Any] = {"joined": True, "max_faces": 150, "recalculate_normals": True, "quads": True}


def prepare(source: Path, model_format: str = "GLB", **wanted: Any) -> dict[str, Any]:
    values = {"source": source, "format": model_format, "output": source.parent / "out.blend", "name": "bird"}
    facts = main.prepare(main.PrepareJob.from_json(values | {"size_mm": 120} | wanted))
    assert np.ptp(sample_models.world_points(), axis=0).max() * 1000 == pytest.approx(120, rel=1e-3)
    assert facts["measured_mm"] == pytest.approx(120, rel=1e-3)
    assert facts["faces"] == sum(len(item.data.polygons) for item in bpy.data.objects if item.type == "MESH")
    return facts


@pytest.fixture(scope="module")
def globe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A smooth, textured ball of 960 triangles, which GLB splits along the seam of its texture."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.mesh.primitive_uv_sphere_add()
    bpy.ops.object.shade_smooth()
    return sample_models.export("GLB", tmp_path_factory.mktemp("globe"))


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    sample_models.family()
    return sample_models.export("GLB", tmp_path_factory.mktemp("family"))


def holes() -> int:
    """Edges that belong to one face only."""
    return sum(
        1 for mesh in bpy.data.meshes for uses in Counter(key for f in mesh.polygons for key in f.edge_keys).values()
        if uses != 2
    )  # fmt: skip


def test_as_it_came_is_as_it_came(globe: Path) -> None:
    facts = prepare(globe)
    assert facts["faces"] == facts["triangles"] == 960
    assert holes()  # the seam: welding is for those who ask for something that needs it


@pytest.mark.parametrize("most", [500, 37])
def test_the_face_limit_holds_and_tears_nothing(globe: Path, most: int) -> None:
    facts = prepare(globe, max_faces=most)
    assert most * 0.9 <= facts["faces"] <= most
    assert not holes()
    (item,) = bpy.data.objects
    assert item.data.uv_layers
    assert all(face.use_smooth for face in item.data.polygons)
    center = sum((vertex.co for vertex in item.data.vertices), Vector()) / len(item.data.vertices)
    for normal, loop in zip(item.data.corner_normals, item.data.loops, strict=True):
        assert normal.vector.dot(item.data.vertices[loop.vertex_index].co - center) > 0
    assert facts["warnings"] == []


def test_a_limit_above_what_there_is_changes_nothing(globe: Path) -> None:
    assert prepare(globe, max_faces=960)["vertices"] == prepare(globe)["vertices"]


def test_a_limit_that_cannot_be_held_is_told(family: Path) -> None:
    facts = prepare(family, max_faces=4)
    assert facts["faces"] > 4
    assert any(f"{facts['faces']:,} faces" in warning for warning in facts["warnings"])


def test_quads(globe: Path) -> None:
    facts = prepare(globe, quads=True)
    sides = Counter(len(face.vertices) for mesh in bpy.data.meshes for face in mesh.polygons)
    assert sides[4] > 400
    assert facts["triangles"] == 960
    assert not holes()
    assert bpy.data.meshes[0].has_custom_normals or all(f.use_smooth for f in bpy.data.meshes[0].polygons)


def test_recalculated_normals_look_outwards_and_keep_hard_edges(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    bpy.ops.mesh.primitive_cube_add()
    mesh = bpy.context.object.data
    mesh.polygons.foreach_set("use_smooth", [True] * 6)
    mesh.polygons[2].flip()
    mesh.normals_split_custom_set([(0, 0, 1)] * len(mesh.loops))
    source = sample_models.export("GLB", tmp_path)
    prepare(source)
    assert sample_models.signed_volume(bpy.data.objects[0]) != pytest.approx(0.12**3, rel=1e-3)
    prepare(source, recalculate_normals=True)
    (item,) = bpy.data.objects
    assert sample_models.signed_volume(item) == pytest.approx(0.12**3, rel=1e-3)
    assert not item.data.has_custom_normals
    for face in item.data.polygons:
        assert face.use_smooth
        for corner in face.loop_indices:
            assert item.data.corner_normals[corner].vector.dot(face.normal) > 0.999


def test_joined(family: Path) -> None:
    apart = prepare(family)
    before = sample_models.world_points()
    facts = prepare(family, joined=True)
    assert (facts["objects"], facts["root"]) == (1, "bird")
    assert (facts["faces"], facts["vertices"]) == (apart["faces"], apart["vertices"])
    (item,) = bpy.data.objects
    assert (item.type, item.parent, item.data.name) == ("MESH", None, "bird")
    assert sample_models.same_shape(before, sample_models.world_points())
    assert len(item.data.uv_layers) == 1


def test_joined_parts_keep_their_textures(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    sample_models.family()
    for number, name in enumerate(("Plain", "Mirrored")):
        item = bpy.data.objects[name]
        item.data = item.data.copy()
        item.data.uv_layers[0].name = f"Map {number}"
        sample_models.paint(item, bpy.data.images.new(f"Picture{number}", 4, 4))
    prepare(sample_models.export("BLEND", tmp_path), "BLEND", joined=True)
    (mesh,) = bpy.data.meshes
    assert [layer.name for layer in mesh.uv_layers] == ["UVMap"]
    assert len({slot.name for slot in mesh.materials if slot}) == 2
    uvs = np.empty(len(mesh.loops) * 2, dtype=np.float32)
    mesh.uv_layers[0].data.foreach_get("uv", uvs)
    assert (np.abs(uvs.reshape(-1, 2)).sum(axis=1) > 0).mean() > 0.9


def test_a_joined_rig_still_bends(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    sample_models.rigged()
    hat = bpy.data.objects.new("Hat", bpy.data.objects["Skin"].data.copy())
    empty_file.collection.objects.link(hat)
    hat.parent, hat.parent_type, hat.parent_bone = bpy.data.objects["Rig"], "BONE", "High"
    facts = prepare(sample_models.export("BLEND", tmp_path), "BLEND", joined=True, max_faces=20, axis="LONGEST")
    assert facts["objects"] == 2
    (skin,) = (item for item in bpy.data.objects if item.type == "MESH")
    rig = bpy.data.objects["Rig"]
    assert skin.parent == rig
    before = sample_models.world_points()
    rig.pose.bones["High"].location.y = 1
    bpy.context.view_layer.update()
    assert np.abs(sample_models.world_points() - before).max() > 0.01


def test_what_hangs_together_stays_together(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    sample_models.family()
    car = bpy.data.objects["Top"]
    axle = bpy.data.objects.new("Axle", None)
    empty_file.collection.objects.link(axle)
    axle.parent = car
    for name in ("Left", "Right"):
        wheel = bpy.data.objects.new(name, bpy.data.objects["Plain"].data)
        empty_file.collection.objects.link(wheel)
        wheel.parent, wheel.location.x = axle, len(name)
    facts = prepare(sample_models.export("GLB", tmp_path), "GLB")
    root = bpy.data.objects["bird"]
    axle = bpy.data.objects["Axle"]
    assert {item.name for item in axle.children} == {"Left", "Right"}
    assert axle.parent == root
    assert {item.name for item in root.children} == {"Axle", "Plain", "Turned", "Mirrored"}
    assert facts["objects"] == 6
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.unit_settings.scale_length = 0.001
    scene = bpy.context.scene
    (placed,) = placement.place(
        tmp_path / "out.blend", name="bird", location=(0, 0, 0), collection=scene.collection, scene=scene
    )
    assert len(placed.children_recursive) == 6
    assert max(placement.measure_mm([placed], scene)) == pytest.approx(120, rel=1e-3)


@pytest.mark.parametrize("chosen", [*itertools.combinations(OPTIONS, 2), tuple(OPTIONS)], ids=" ".join)
@pytest.mark.parametrize("axis", ["X", "Z"])
def test_together_and_exact(empty_file: bpy.types.Scene, tmp_path: Path, chosen: tuple[str, ...], axis: str) -> None:
    sample_models.family()
    bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=3, location=(4, 1, 2))
    bpy.context.object.matrix_world @= Matrix.Diagonal((-1, 2, 1, 1))
    wanted = {name: OPTIONS[name] for name in chosen}
    source = sample_models.export("GLB", tmp_path)
    values = {"source": source, "format": "GLB", "output": tmp_path / "out.blend", "name": "bird", "axis": axis}
    facts = main.prepare(main.PrepareJob.from_json(values | {"size_mm": 88.8, "origin": "CENTER"} | wanted))
    points = sample_models.world_points()
    assert np.ptp(points[:, "XYZ".index(axis)]) * 1000 == pytest.approx(88.8, rel=1e-3)
    assert (points.max(axis=0) + points.min(axis=0)) / 2 == pytest.approx([0, 0, 0], abs=1e-6)
    assert facts["faces"] <= wanted.get("max_faces", 10_000)
    assert (facts["objects"] == 1) == ("joined" in chosen)
    assert {item.data.name for item in bpy.data.objects if item.data} <= {item.name for item in bpy.data.objects}
    assert not bpy.data.collections
    assert len(bpy.data.scenes) == 1
    assert len(bpy.data.meshes) == sum(item.type == "MESH" for item in bpy.data.objects)


@pytest.mark.parametrize("saved", [True, False], ids=["saved", "unsaved"])
@pytest.mark.parametrize("packed", [True, False], ids=["packed", "on disk"])
def test_images_packed_or_on_disk(empty_file: bpy.types.Scene, tmp_path: Path, saved: bool, packed: bool) -> None:
    sample_models.single()
    image = bpy.data.images.new("Paint", 8, 8)
    image.filepath_raw, image.file_format = str(tmp_path / "Paint.png"), "PNG"
    image.save()
    sample_models.paint(bpy.data.objects["Wedge"], image)
    source = sample_models.export("GLB", tmp_path)
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "jobs").mkdir()
    facts = prepare(
        source, output=tmp_path / "jobs" / "out.blend", texture_folder="" if packed else project / "textures"
    )
    assert facts["images"] == 1
    bpy.ops.wm.read_factory_settings(use_empty=True)
    if saved:
        bpy.ops.wm.save_as_mainfile(filepath=str(project / "mine.blend"))
    scene = bpy.context.scene
    for _ in range(2):
        placement.place(
            tmp_path / "jobs" / "out.blend", name="bird", location=(0, 0, 0), collection=scene.collection, scene=scene
        )
    for image in bpy.data.images:
        assert (image.packed_file is not None) == packed
        assert image.size[:] == (8, 8)
        if packed or saved:
            assert image.filepath_raw == "//textures/bird_Paint.png"
            assert all(packed.filepath == image.filepath_raw for packed in image.packed_files)
        else:
            assert image.filepath_raw == str(project / "textures" / "bird_Paint.png")
    assert (project / "textures" / "bird_Paint.png").exists() != packed


def test_images_on_disk_never_overwrite(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    sample_models.single()
    sample_models.paint(bpy.data.objects["Wedge"], bpy.data.images.new("Paint", 8, 8))
    source = sample_models.export("GLB", tmp_path)
    folder = tmp_path / "textures"
    prepare(source, texture_folder=folder)
    (first,) = folder.iterdir()
    first.write_bytes(b"painted over")
    prepare(source, texture_folder=folder)
    assert first.read_bytes() == b"painted over"
    assert len(list(folder.iterdir())) == 2
