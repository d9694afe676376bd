"""What a file repeats stays repeated: linked duplicates of one mesh, as exact in size as anything else."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from mathutils import Matrix

from neural4d_blender.prepare import main
from neural4d_blender.scene.placing import append as appending
from neural4d_blender.scene.placing import placement
from tests.support import sample_models
from tests.support.glb_files import BINARY, glb, triangle

Matrices = list[Matrix]
TURNED = Matrix.Rotation(0.7, 4, (1, 2, 3))
#: How the parts that share a mesh stand; how many meshes remain, and whether all of them keep a scale of 1.
PLACES: dict[str, tuple[Matrices, int, bool]] = {
    "moved": ([Matrix.Translation((x * 4, x, 0)) for x in range(4)], 1, True),
    "turned": ([Matrix.Translation((x * 4, x, 0)) @ Matrix.Rotation(x, 4, "X") for x in range(4)], 1, True),
    "scaled alike": ([Matrix.Translation((x * 9, 0, x)) @ TURNED @ Matrix.Diagonal((1, 2, 3, 1)) for x in range(3)],
                     1, True),
    "scaled differently": ([Matrix.Translation((x * 9, 0, x)) @ TURNED @ Matrix.Scale(x + 1, 4) for x in range(3)],
                           1, False),
    "stretched differently": ([Matrix.Translation((x * 9, 0, 0)) @ Matrix.Diagonal((1, x + 1, 1, 1))
                               for x in range(3)], 1, False),
    "two of four mirrored": ([Matrix.Translation((x * 4, x, 0)) @ Matrix.Diagonal(((-1) ** x, 1, 1, 1))
                              for x in range(4)], 2, True),
    "one sheared": ([*(Matrix.Translation((x * 4, x, 0)) for x in range(2)),
                     Matrix.Translation((12, 0, 0)) @ Matrix.Diagonal((1, 3, 1, 1)) @ Matrix.Rotation(0.6, 4, "Z")],
                    2, True),
    "flattened": ([Matrix.Identity(4), Matrix.Translation((5, 0, 0)) @ Matrix.Diagonal((1, 1, 0, 1))], 2, True),
}  # fmt: skip


def prepare(source: Path, model_format: str = "BLEND", **wanted: Any) -> dict[str, Any]:
    values = {"source": source, "format": model_format, "output": source.parent / "out.blend", "name": "bird"}
    return main.prepare(main.PrepareJob.from_json(values | {"size_mm": 120} | wanted))


def repeated(places: Matrices) -> None:
    """A mesh under several matrices; a sheared one is made by two objects, of which the upper one is empty."""
    sample_models.single()
    (first,) = bpy.context.scene.objects
    for number, place in enumerate(places):
        above = bpy.data.objects.new(f"Above {number}", None)
        item = bpy.data.objects.new(f"Part {number}", first.data)
        for made in (above, item):
            bpy.context.scene.collection.objects.link(made)
        item.parent = above
        item.matrix_parent_inverse = place
    bpy.data.objects.remove(first)
    bpy.context.view_layer.update()


@pytest.mark.parametrize("case", PLACES)
def test_a_shared_mesh_stays_shared(empty_file: bpy.types.Scene, tmp_path: Path, case: str) -> None:
    places, meshes, clean = PLACES[case]
    repeated(places)
    before = sample_models.world_points()
    facts = prepare(sample_models.export("BLEND", tmp_path))
    after = sample_models.world_points()
    assert sample_models.same_shape(before, after)
    assert np.ptp(after, axis=0).max() * 1000 == pytest.approx(120, rel=1e-4)
    assert facts["dimensions_mm"] == pytest.approx(list(np.ptp(after, axis=0) * 1000), rel=1e-4)
    assert (after.max(axis=0) + after.min(axis=0))[:2] == pytest.approx([0, 0], abs=1e-6)
    assert len(bpy.data.meshes) == meshes
    assert facts["faces"] == 6 * len(places)
    parts = [item for item in bpy.data.objects if item.type == "MESH"]
    assert all((tuple(item.scale) == (1, 1, 1)) == clean for item in parts[1:] if item.data.users > 1)
    for item in parts:
        assert item.matrix_world.determinant() > 0
        if case != "flattened":
            assert sample_models.signed_volume(item) > 0
        if item.data.users == 1:
            assert item.matrix_world == Matrix.Identity(4)


@pytest.mark.parametrize("unit_scale", [1, 0.001])
@pytest.mark.parametrize("case", ["turned", "scaled differently"])
def test_in_the_scene_they_are_as_exact(
    empty_file: bpy.types.Scene, tmp_path: Path, case: str, unit_scale: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    repeated(PLACES[case][0])
    before = sample_models.world_points()
    prepare(sample_models.export("BLEND", tmp_path))
    monkeypatch.setattr(appending, "_directly", None)  # the quick way is taken
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.unit_settings.scale_length = unit_scale
    (root,) = placement.place(
        tmp_path / "out.blend", name="bird", location=(0, 0, 0), collection=scene.collection, scene=scene
    )
    assert len(bpy.data.meshes) == 1
    assert max(placement.measure_mm([root], scene)) == pytest.approx(120, rel=1e-4)
    assert sample_models.same_shape(before, sample_models.world_points())


def test_what_hangs_below_one_that_is_turned_stays_in_its_place(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    repeated(PLACES["scaled differently"][0])
    hat = bpy.data.objects.new("Hat", bpy.data.objects["Part 1"].data.copy())
    empty_file.collection.objects.link(hat)
    hat.parent, hat.location, hat.scale = bpy.data.objects["Part 1"], (0, 1, 4), (1, 3, 1)
    bpy.context.view_layer.update()
    before = sample_models.world_points()
    prepare(sample_models.export("BLEND", tmp_path))
    assert bpy.data.objects["Hat"].parent == bpy.data.objects["Part 1"]
    assert sample_models.same_shape(before, sample_models.world_points())
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.unit_settings.scale_length = 0.01
    placement.place(tmp_path / "out.blend", name="bird", location=(0, 0, 0), collection=scene.collection, scene=scene)
    assert sample_models.same_shape(before, sample_models.world_points())


def collections() -> None:
    """A collection that stands in three places, and another below it."""
    sample_models.single()
    (item,) = bpy.context.scene.objects
    inner, outer = bpy.data.collections.new("Inner"), bpy.data.collections.new("Outer")
    inner.objects.link(item)
    bpy.context.scene.collection.objects.unlink(item)
    below = bpy.data.objects.new("Below", None)
    below.instance_type, below.instance_collection, below.location.y = "COLLECTION", inner, 7
    outer.objects.link(below)
    outer.children.link(inner)
    for x in (0, 20, 50):
        shown = bpy.data.objects.new("Instance", None)
        shown.instance_type, shown.instance_collection = "COLLECTION", outer
        shown.location.x = x
        bpy.context.scene.collection.objects.link(shown)


def by_nodes() -> None:
    """Six times by an object's own geometry nodes, which leave nothing else of it."""
    sample_models.single()
    (item,) = bpy.context.scene.objects
    tree: Any = bpy.data.node_groups.new("Repeat", "GeometryNodeTree")
    for way in ("INPUT", "OUTPUT"):
        tree.interface.new_socket("Geometry", in_out=way, socket_type="NodeSocketGeometry")
    enters, leaves, grid, points = (
        tree.nodes.new(kind)
        for kind in ("NodeGroupInput", "NodeGroupOutput", "GeometryNodeMeshGrid", "GeometryNodeInstanceOnPoints")
    )
    for name, value in {"Size X": 50, "Size Y": 20, "Vertices X": 3, "Vertices Y": 2}.items():
        grid.inputs[name].default_value = value
    tree.links.new(grid.outputs["Mesh"], points.inputs["Points"])
    tree.links.new(enters.outputs[0], points.inputs["Instance"])
    tree.links.new(points.outputs[0], leaves.inputs[0])
    item.modifiers.new("Repeat", "NODES").node_group = tree


def on_faces() -> None:
    """A cone on each face of a cube, which is not itself to be seen; the cone itself is so in the viewport only."""
    bpy.ops.mesh.primitive_cube_add()
    instancer = bpy.context.object
    bpy.ops.mesh.primitive_cone_add(radius1=0.2, depth=0.3)
    bpy.context.object.parent = instancer
    instancer.instance_type = "FACES"
    instancer.show_instancer_for_render = instancer.show_instancer_for_viewport = False


@pytest.mark.parametrize(("build", "points"), [(collections, 8), (by_nodes, 8), (on_faces, 33)])
def test_instances_become_linked_duplicates(
    empty_file: bpy.types.Scene, tmp_path: Path, build: Callable[[], None], points: int
) -> None:
    build()
    before = sample_models.world_points()[: 6 * points]  # the cone itself comes last
    prepare(sample_models.export("BLEND", tmp_path))
    assert sample_models.same_shape(before, sample_models.world_points())
    assert len(bpy.data.meshes) == 1
    assert sum(item.type == "MESH" for item in bpy.data.objects) == 6


def test_materials_on_the_objects_keep_those_apart_that_differ(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    repeated(PLACES["moved"][0])
    parts = [item for item in bpy.data.objects if item.type == "MESH"]
    parts[0].data.materials.append(None)
    for number, item in enumerate(parts):
        item.material_slots[0].link = "OBJECT"
        name = f"Skin {number // 2}"
        item.material_slots[0].material = bpy.data.materials.get(name) or bpy.data.materials.new(name)
    prepare(sample_models.export("BLEND", tmp_path))
    shown = {item.name: item.material_slots[0].material.name for item in bpy.data.objects if item.type == "MESH"}
    assert shown == {f"Part {number}": f"bird Skin {number // 2}" for number in range(4)}
    assert len(bpy.data.meshes) == 2


@pytest.mark.parametrize("wanted", [{"max_faces": 40}, {"quads": True}, {"recalculate_normals": True}])
def test_what_changes_faces_does_so_once(empty_file: bpy.types.Scene, tmp_path: Path, wanted: dict[str, Any]) -> None:
    repeated(PLACES["turned"][0])
    before = sample_models.world_points()
    facts = prepare(sample_models.export("BLEND", tmp_path), **wanted)
    assert len(bpy.data.meshes) == 1
    assert facts["faces"] == sum(len(item.data.polygons) for item in bpy.data.objects if item.type == "MESH") <= 40
    assert sample_models.same_shape(before, sample_models.world_points(), 0.3)
    assert facts["measured_mm"] == pytest.approx(120, rel=1e-4)


def test_joined_they_are_one_mesh(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    repeated(PLACES["scaled differently"][0])
    before = sample_models.world_points()
    facts = prepare(sample_models.export("BLEND", tmp_path), joined=True)
    (item,) = bpy.data.objects
    assert (tuple(item.scale), tuple(item.location), facts["faces"]) == ((1, 1, 1), (0, 0, 0), 18)
    assert sample_models.same_shape(before, sample_models.world_points())


def test_instances_of_a_glb(tmp_path: Path) -> None:
    places = [(float(x % 20), float(x // 20), 0.0) for x in range(200)]
    moved = b"".join(struct.pack("<3f", *place) for place in places)
    document = triangle()
    document["buffers"][0]["byteLength"] = len(BINARY + moved)
    document["bufferViews"].append({"buffer": 0, "byteOffset": len(BINARY), "byteLength": len(moved)})
    document["accessors"].append({"bufferView": 2, "componentType": 5126, "count": 200, "type": "VEC3"})
    document["nodes"][0]["extensions"] = {"EXT_mesh_gpu_instancing": {"attributes": {"TRANSLATION": 2}}}
    document["extensionsUsed"] = document["extensionsRequired"] = ["EXT_mesh_gpu_instancing"]
    (tmp_path / "model.glb").write_bytes(glb(document, BINARY + moved))
    facts = prepare(tmp_path / "model.glb", "GLB", size_mm=None)
    assert (facts["faces"], len(bpy.data.meshes)) == (200, 1)
    assert facts["dimensions_mm"] == pytest.approx([20_000, 0, 10_000], rel=1e-5)
    assert (tmp_path / "out.blend").stat().st_size < 2 * 2**20
