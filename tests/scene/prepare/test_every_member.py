"""Each member of the lists that cleaning, sizing and placing go by, where one might be missing without being missed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from mathutils import Matrix

from neural4d_blender.engine.errors import BrokenModel
from neural4d_blender.prepare import main, open_file
from neural4d_blender.prepare.importing import remove_disallowed_data
from neural4d_blender.prepare.importing.external_files.named_files import NamedFiles
from neural4d_blender.scene.placing import placement
from tests.support import sample_models

pytestmark = pytest.mark.both_ends

#: What reads files or simulates; and some that do neither.
GO = ["CLOTH", "COLLISION", "DYNAMIC_PAINT", "EXPLODE", "FLUID", "MESH_CACHE", "MESH_SEQUENCE_CACHE", "MULTIRES"]
GO += ["OCEAN", "PARTICLE_INSTANCE", "PARTICLE_SYSTEM", "SOFT_BODY"]
STAY = ["ARMATURE", "ARRAY", "MIRROR", "SUBSURF", "NODES"]


def prepare(source: Path, **wanted: Any) -> dict[str, Any]:
    values = {"source": source, "format": "BLEND", "output": source.parent / "out.blend", "name": "bird"}
    return main.prepare(main.PrepareJob.from_json(values | {"size_mm": 120} | wanted))


def wedge() -> bpy.types.Object:
    """The one object of a new file, which a model has brought."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    open_file.begin()
    sample_models.single()
    return bpy.data.objects["Wedge"]


@pytest.mark.parametrize("kind", [*GO, *STAY])
def test_modifiers(kind: str) -> None:
    item = wedge()
    assert item.modifiers.new("It", kind).type == kind
    remove_disallowed_data.disarm(NamedFiles(Path("/nowhere")), [])
    assert [modifier.type for modifier in item.modifiers] == ([kind] if kind in STAY else [])


@pytest.mark.parametrize(
    ("tree", "kind", "goes"),
    [
        ("ShaderNodeTree", "ShaderNodeScript", True),
        ("ShaderNodeTree", "ShaderNodeTexIES", True),
        ("GeometryNodeTree", "GeometryNodeImportOBJ", True),
        ("GeometryNodeTree", "GeometryNodeImportSTL", True),
        ("ShaderNodeTree", "ShaderNodeTexImage", False),
        ("GeometryNodeTree", "GeometryNodeMeshCube", False),
    ],
)
def test_nodes(tree: str, kind: str, goes: bool) -> None:
    wedge()
    group = bpy.data.node_groups.new("Group", tree)
    try:
        group.nodes.new(kind)
    except RuntimeError:
        pytest.skip(f"this Blender has no {kind}")
    remove_disallowed_data.disarm(NamedFiles(Path("/nowhere")), [])
    assert [node.bl_idname for node in group.nodes] == ([] if goes else [kind])


def test_nodes_of_materials_lights_and_worlds() -> None:
    wedge()
    owners = [bpy.data.materials.new("It"), bpy.data.worlds.new("It"), bpy.data.lights.new("It", "POINT")]
    for owner in owners:
        if owner.node_tree is None:
            owner.use_nodes = True
        owner.node_tree.nodes.new("ShaderNodeTexIES")
    remove_disallowed_data.disarm(NamedFiles(Path("/nowhere")), [])
    assert not bpy.data.worlds  # no part of a model
    owners = [*bpy.data.materials, *bpy.data.lights]
    assert len(owners) == 2
    assert not any(node.bl_idname == "ShaderNodeTexIES" for owner in owners for node in owner.node_tree.nodes)


def picture(folder: Path) -> str:
    image = bpy.data.images.new("It", 8, 8)
    image.filepath_raw, image.file_format = str(folder / "it.png"), "PNG"
    image.save()
    bpy.data.images.remove(image)
    return str(folder / "it.png")


MADE: dict[str, Callable[[Path], Any]] = {
    "texts": lambda _: bpy.data.texts.new("It"),
    "sounds": lambda folder: bpy.data.sounds.load(picture(folder)),
    "movieclips": lambda folder: bpy.data.movieclips.load(picture(folder)),
    "volumes": lambda _: bpy.data.volumes.new("It"),
    "speakers": lambda _: bpy.data.speakers.new("It"),
    "actions": lambda _: bpy.data.actions.new("It"),
    "cache_files": lambda folder: bpy.ops.cachefile.open(filepath=picture(folder)),
}


@pytest.mark.parametrize("kind", MADE)
def test_kinds_of_data(kind: str, tmp_path: Path) -> None:
    wedge()
    MADE[kind](tmp_path)
    assert len(getattr(bpy.data, kind)) == 1
    remove_disallowed_data.disarm(NamedFiles(Path("/nowhere")), [])
    assert not getattr(bpy.data, kind)


@pytest.mark.parametrize("held", ["LIMIT_ROTATION", "COPY_LOCATION", "IK", "pose", "nothing"])
def test_whatever_holds_a_bone_elsewhere_is_gone(empty_file: bpy.types.Scene, tmp_path: Path, held: str) -> None:
    sample_models.rigged()
    rig = bpy.data.objects["Rig"]
    if held == "pose":
        rig.pose.bones["High"].matrix_basis = Matrix.Translation((500, 0, 0))
    elif held != "nothing":
        constraint = rig.pose.bones["High"].constraints.new(held)
        if held == "LIMIT_ROTATION":
            constraint.use_limit_x, constraint.min_x, constraint.max_x = True, 1.0, 1.0
        else:
            target = bpy.data.objects.new("Far", None)
            empty_file.collection.objects.link(target)
            target.location = (50, 0, 0)
            constraint.target = target
    source = sample_models.export("BLEND", tmp_path)
    seen = sample_models.world_points()
    facts = prepare(source, axis="Z")
    points = sample_models.world_points()
    assert sample_models.same_shape(seen, points)  # it stays where the bone was held, as its rest pose
    assert facts["dimensions_mm"] == pytest.approx(list(np.ptp(points, axis=0) * 1000), rel=1e-3)
    assert np.ptp(points, axis=0)[2] * 1000 == pytest.approx(120, rel=1e-3)
    (prepared,) = (item for item in bpy.data.objects if item.type == "ARMATURE")
    assert not any(bone.constraints for bone in prepared.pose.bones)
    assert all(bone.matrix_basis == Matrix.Identity(4) for bone in prepared.pose.bones)


@pytest.mark.parametrize(
    ("viewport", "render", "stays"),
    [(False, False, True), (True, False, False), (False, True, False), (True, True, False)],
)
def test_parts_that_are_hidden(
    empty_file: bpy.types.Scene, tmp_path: Path, viewport: bool, render: bool, stays: bool
) -> None:
    """What a viewport or a render does not show is none of the model; all else is, and is seen."""
    sample_models.single()
    part = bpy.data.objects.new("Part", bpy.data.objects["Wedge"].data.copy())
    empty_file.collection.objects.link(part)
    part.hide_viewport, part.hide_render, part.hide_select = viewport, render, True
    prepare(sample_models.export("BLEND", tmp_path))
    meshes = [item for item in bpy.data.objects if item.type == "MESH"]
    assert len(meshes) == 1 + stays
    assert not any(item.hide_viewport or item.hide_render or item.hide_select or item.hide_get() for item in meshes)


def test_a_rig_that_nothing_but_a_bones_child_hangs_on(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    sample_models.rigged()
    bpy.data.objects.remove(bpy.data.objects["Skin"])
    hat = bpy.data.objects.new("Hat", bpy.data.meshes.new("Hat"))
    hat.data.from_pydata(
        [(0, 0, 0), (50, 0, 0), (0, 50, 0), (0, 0, 50)], [], [(0, 2, 1), (0, 1, 3), (0, 3, 2), (1, 2, 3)]
    )
    empty_file.collection.objects.link(hat)
    hat.parent, hat.parent_type, hat.parent_bone = bpy.data.objects["Rig"], "BONE", "High"
    hat.vertex_groups.new(name="High")  # which is there already, with nothing in it
    bpy.context.view_layer.update()
    before = sample_models.world_points()
    prepare(sample_models.export("BLEND", tmp_path))
    assert sample_models.same_shape(before, sample_models.world_points())
    (rig,) = (item for item in bpy.data.objects if item.type == "ARMATURE")
    (hat,) = (item for item in bpy.data.objects if item.type == "MESH")
    assert [modifier.object for modifier in hat.modifiers] == [rig]
    at_rest = sample_models.world_points()
    rig.pose.bones["High"].location.x = 5
    assert not np.allclose(at_rest, sample_models.world_points(), atol=1e-4)
    rig.pose.bones["High"].location.x = 0
    rig.pose.bones["Low"].rotation_mode = "XYZ"
    rig.pose.bones["Low"].rotation_euler.x = 1
    assert not np.allclose(at_rest, sample_models.world_points(), atol=1e-4)


@pytest.mark.parametrize("flat", [0, 1, 2])
def test_a_flat_axis(empty_file: bpy.types.Scene, tmp_path: Path, flat: int) -> None:
    """Along it there is no size to be had; along every other one there is, and along the longest."""
    corners = [[0.0, 0.0, 0.0], [2.0, 2.0, 2.0], [1.0, 1.0, 3.0] if flat != 2 else [1.0, 3.0, 0.0]]
    for corner in corners:
        corner[flat] = 0.7
    other = (flat + 1) % 3
    corners[2][other] += 0.5
    mesh = bpy.data.meshes.new("Sheet")
    mesh.from_pydata(corners, [], [(0, 1, 2)])
    empty_file.collection.objects.link(bpy.data.objects.new("Sheet", mesh))
    source = sample_models.export("BLEND", tmp_path)
    with pytest.raises(BrokenModel, match=f"flat along {'XYZ'[flat]}"):
        prepare(source, axis="XYZ"[flat])
    for axis in ["LONGEST", *("XYZ"[one] for one in range(3) if one != flat)]:
        assert prepare(source, axis=axis)["measured_mm"] == pytest.approx(120, rel=1e-4)


@pytest.mark.parametrize("unit_scale", [0.01, 1.0, 1000.0])
def test_shape_keys_in_a_scene_that_is_not_in_metres(tmp_path: Path, unit_scale: float) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    sample_models.single()
    item = bpy.data.objects["Wedge"]
    for name in ("Basis", "Long"):
        item.shape_key_add(name=name)
    long = item.data.shape_keys.key_blocks["Long"]
    long.value = 0
    for point in long.data:
        point.co.z *= 2
    output = tmp_path / "out.blend"
    prepare(sample_models.export("BLEND", tmp_path), axis="Z")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.unit_settings.scale_length = unit_scale
    (root,) = placement.place(output, name="bird", location=(0, 0, 0), collection=scene.collection, scene=scene)
    keys = {key.name: np.array([point.co[:] for point in key.data]) for key in root.data.shape_keys.key_blocks}
    assert np.ptp(keys["Basis"][:, 2]) * unit_scale * 1000 == pytest.approx(120, rel=1e-3)
    assert np.ptp(keys["Long"][:, 2]) * unit_scale * 1000 == pytest.approx(240, rel=1e-3)
    root.data.shape_keys.key_blocks["Long"].value = 1
    assert placement.measure_mm([root], scene)[2] == pytest.approx(240, rel=1e-3)
