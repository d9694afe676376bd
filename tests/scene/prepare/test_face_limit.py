"""The face limit: never one over, shared out by what the parts need, nothing loose left, and told as it is."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from neural4d_blender.prepare import main
from tests.support import sample_models


def prepare(source: Path, **wanted: Any) -> dict[str, Any]:
    values = {"source": source, "format": "BLEND", "output": source.parent / "out.blend", "name": "bird"}
    facts = main.prepare(main.PrepareJob.from_json(values | {"size_mm": 120} | wanted))
    assert facts["measured_mm"] == pytest.approx(120, rel=1e-3)
    for item in meshes().values():
        faces = {index for face in item.data.polygons for index in face.vertices}
        assert faces == set(range(len(item.data.vertices)))  # no loose vertices
        assert {key for face in item.data.polygons for key in face.edge_keys} == set(item.data.edge_keys)
    return facts


def meshes() -> dict[str, bpy.types.Object]:
    return {item.name: item for item in bpy.data.objects if item.type == "MESH"}


@pytest.fixture(scope="module")
def still_life(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A floor and a wall of many faces that need two each, a ball that needs them, and a box that has few."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.mesh.primitive_grid_add(x_subdivisions=40, y_subdivisions=40, size=6)
    bpy.context.object.name = "Floor"
    bpy.ops.mesh.primitive_uv_sphere_add(segments=48, ring_count=24, location=(0, 0, 1))
    bpy.context.object.name = "Ball"
    bpy.ops.mesh.primitive_cube_add(size=0.5, location=(2, 2, 0.25))
    bpy.context.object.name = "Box"
    bpy.context.object.shape_key_add(name="Basis")
    bpy.context.object.shape_key_add(name="Other").value = 0
    return sample_models.export("BLEND", tmp_path_factory.mktemp("still life"))


@pytest.mark.parametrize("most", [1000, 501, 77])
def test_faces_go_where_they_are_needed(still_life: Path, most: int) -> None:
    facts = prepare(still_life, max_faces=most)
    parts = {name: len(item.data.polygons) for name, item in meshes().items()}
    assert most * 0.9 <= facts["faces"] <= most
    assert parts["Floor"] < 20 < parts["Ball"]
    if most > 100:  # the box has nothing to give then
        assert parts["Box"] == 6
        assert facts["warnings"] == []
        assert list(meshes()["Box"].data.shape_keys.key_blocks.keys()) == ["Basis", "Other"]


@pytest.mark.parametrize("seed", range(3))
def test_never_one_face_over(empty_file: bpy.types.Scene, tmp_path: Path, seed: int) -> None:
    """Many parts of all kinds, some of them shown several times, open, flat, or of several shells."""
    chosen = random.Random(seed)
    for number in range(30):
        where = [chosen.uniform(-9, 9) for _ in range(3)]
        match number % 5:
            case 0:
                bpy.ops.mesh.primitive_uv_sphere_add(segments=chosen.randint(4, 24), location=where)
            case 1:
                bpy.ops.mesh.primitive_grid_add(x_subdivisions=chosen.randint(1, 20), location=where)
            case 2:
                bpy.ops.mesh.primitive_torus_add(location=where, major_segments=chosen.randint(3, 30))
            case 3:
                bpy.ops.mesh.primitive_circle_add(vertices=chosen.randint(3, 90), fill_type="NGON", location=where)
            case _:
                bpy.ops.object.duplicate(linked=True)
                bpy.context.object.location = where
    source = sample_models.export("BLEND", tmp_path)
    for most in (chosen.randint(300, 5000) for _ in range(3)):
        facts = prepare(source, max_faces=most)
        assert facts["faces"] <= most
        assert len(meshes()) == 30
        assert facts["warnings"] == []


def test_a_limit_below_what_the_parts_need_is_told_as_it_is(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    for x in range(30):
        bpy.ops.mesh.primitive_cube_add(location=(x * 3, 0, 0))
    facts = prepare(sample_models.export("BLEND", tmp_path), max_faces=50)
    assert 50 < facts["faces"] <= 30 * 4
    (warning,) = facts["warnings"]
    assert f"keeps {facts['faces']:,} faces" in warning
    assert len(meshes()) == 30


def test_loose_vertices_and_edges_do_not_count(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    bpy.ops.mesh.primitive_uv_sphere_add()
    mesh = bpy.context.object.data
    corner = len(mesh.vertices)
    mesh.vertices.add(3)
    mesh.edges.add(2)
    for index, place in enumerate([(50, 0, 0), (0, 60, 0), (0, 0, 70)]):
        mesh.vertices[corner + index].co = place
    for index, ends in enumerate([(corner, corner + 1), (0, 5)]):
        mesh.edges[len(mesh.edges) - 2 + index].vertices = ends
    bpy.context.object.shape_key_add(name="Basis")
    key = bpy.context.object.shape_key_add(name="Far")
    key.data[corner + 2].co.z = 900
    key.value = 1
    source = sample_models.export("BLEND", tmp_path)
    for wanted in ({}, {"max_faces": 100}):
        facts = prepare(source, **wanted)
        assert np.array(facts["dimensions_mm"]) == pytest.approx([120] * 3, rel=0.1)


def test_a_shape_key_that_is_kept_is_not_said_to_be_lost(still_life: Path) -> None:
    facts = prepare(still_life, max_faces=12)
    lost = [warning for warning in facts["warnings"] if "shape keys of 'Box'" in warning]
    assert bool(lost) == (meshes()["Box"].data.shape_keys is None)
