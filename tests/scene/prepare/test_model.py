"""What is left of a model: its looks, its names, its rig, and nothing that an importer scattered around it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from mathutils import Matrix, Vector

from neural4d_blender.prepare import main
from tests.support import sample_models

TEXTURED = [model_format for model_format in sample_models.FORMATS if model_format != "STL"]
SOCKETS = {"Base Color": "sRGB", "Roughness": "Non-Color", "Normal": "Non-Color"}


def prepare(source: Path, model_format: str, **wanted: Any) -> dict[str, Any]:
    values = {"source": source, "format": model_format, "output": source.parent / "out.blend", "name": "bird"}
    return main.prepare(main.PrepareJob.from_json(values | {"size_mm": 120} | wanted))


@pytest.mark.parametrize("model_format", TEXTURED)
def test_textures_are_packed_connected_and_in_the_right_colour_space(
    empty_file: bpy.types.Scene, tmp_path: Path, model_format: str
) -> None:
    sample_models.single()
    for socket in SOCKETS:
        image = bpy.data.images.new(socket.replace(" ", ""), 8, 8)
        image.filepath_raw, image.file_format = str(tmp_path / f"{image.name}.png"), "PNG"
        image.save()
        sample_models.paint(bpy.data.objects["Wedge"], image, socket)
    facts = prepare(sample_models.export(model_format, tmp_path), model_format)

    assert facts["images"] == 3
    assert facts["materials"] == 1
    (material,) = bpy.data.materials
    assert material.name == "bird"
    shader = next(node for node in material.node_tree.nodes if node.bl_idname == "ShaderNodeBsdfPrincipled")
    for socket, colour_space in SOCKETS.items():
        image = image_behind(shader.inputs[socket])
        assert image.colorspace_settings.name == colour_space
        assert image.packed_file is not None
        assert image.name.startswith("bird ")
        assert image.filepath_raw.startswith("//textures/")
    assert bpy.data.meshes[0].uv_layers


@pytest.mark.parametrize(
    ("model_format", "shader"),
    [("GLB", "ShaderNodeBackground"), ("BLEND", "ShaderNodeEmission"), ("BLEND", "ShaderNodeBsdfDiffuse")],
    ids=["unlit GLB", "emission", "diffuse"],
)
def test_what_is_unlit_stays_so_and_what_is_lit_becomes_principled(
    empty_file: bpy.types.Scene, tmp_path: Path, model_format: str, shader: str
) -> None:
    sample_models.single()
    image = bpy.data.images.new("Paint", 8, 8)
    image.filepath_raw, image.file_format = str(tmp_path / "Paint.png"), "PNG"
    image.save()
    material = sample_models.paint(bpy.data.objects["Wedge"], image)
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.remove(nodes["Principled BSDF"])
    old = nodes.new(shader)
    links.new(nodes["Image Texture"].outputs["Color"], old.inputs["Color"])
    links.new(old.outputs[0], nodes["Material Output"].inputs["Surface"])
    prepare(sample_models.export(model_format, tmp_path), model_format)
    (material,) = bpy.data.materials
    left = sorted(node.bl_idname for node in material.node_tree.nodes)
    if shader == "ShaderNodeBsdfDiffuse":
        assert left == ["ShaderNodeBsdfPrincipled", "ShaderNodeOutputMaterial", "ShaderNodeTexImage"]
    shown = next(node for node in material.node_tree.nodes if "Base Color" in node.inputs or node.type == "EMISSION")
    assert (shown.type == "EMISSION") == (shader != "ShaderNodeBsdfDiffuse")
    assert image_behind(shown.inputs[0]).colorspace_settings.name == "sRGB"


def image_behind(socket: bpy.types.NodeSocket) -> bpy.types.Image:
    """The image that feeds a socket, through any nodes in between."""
    node = socket.links[0].from_node
    while node.bl_idname != "ShaderNodeTexImage":
        node = next(s.links[0].from_node for s in node.inputs if s.links)
    return node.image


@pytest.mark.parametrize("model_format", ["GLB", "FBX", "USDZ", "BLEND"])
@pytest.mark.parametrize("matrix", [Matrix.Diagonal((-1, 1, 1, 1)), Matrix.Diagonal((1, 2, -3, 1))], ids=["x", "z"])
def test_custom_normals_follow_a_mirrored_and_uneven_node(
    empty_file: bpy.types.Scene, tmp_path: Path, model_format: str, matrix: Matrix
) -> None:
    item = smooth_ball(empty_file)
    expected = corner_normals(item, matrix.to_3x3().inverted().transposed())
    item.matrix_world = matrix
    prepare(sample_models.export(model_format, tmp_path), model_format)
    (result,) = bpy.data.objects
    assert sample_models.signed_volume(result) > 0
    found = corner_normals(result, Matrix.Identity(3))
    for place, normal in found.items():
        assert normal.dot(expected[closest(place, expected)]) > 0.999


def smooth_ball(scene: bpy.types.Scene) -> bpy.types.Object:
    """A coarse ball whose custom normals are those of a true one."""
    bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=2)
    item = bpy.context.object
    mesh = item.data
    mesh.polygons.foreach_set("use_smooth", [True] * len(mesh.polygons))
    mesh.normals_split_custom_set_from_vertices([vertex.co.normalized() for vertex in mesh.vertices])
    assert item.name in scene.objects
    return item


def corner_normals(item: bpy.types.Object, turn: Matrix) -> dict[tuple[float, ...], Vector]:
    """A turned corner normal for each direction from the centre, as seen in a box of side 1."""
    points = np.array([turn.inverted().transposed() @ vertex.co for vertex in item.data.vertices])
    points = (points - points.min(axis=0)) / np.ptp(points, axis=0)
    return {
        tuple(points[loop.vertex_index]): (turn @ item.data.corner_normals[loop.index].vector).normalized()
        for loop in item.data.loops
    }


def closest(place: tuple[float, ...], places: dict[tuple[float, ...], Vector]) -> tuple[float, ...]:
    return min(places, key=lambda other: sum((a - b) ** 2 for a, b in zip(place, other, strict=True)))


@pytest.mark.parametrize("model_format", ["GLB", "FBX", "USDZ", "BLEND"])
def test_cameras_lights_empties_and_animation_are_gone(
    empty_file: bpy.types.Scene, tmp_path: Path, model_format: str
) -> None:
    sample_models.single()
    for data in (bpy.data.cameras.new("Camera"), bpy.data.lights.new("Lamp", "POINT"), None):
        empty_file.collection.objects.link(bpy.data.objects.new("Extra", data))
    item = bpy.data.objects["Wedge"]
    item.keyframe_insert("location", frame=1)
    item.location.x += 5
    item.keyframe_insert("location", frame=20)
    facts = prepare(sample_models.export(model_format, tmp_path), model_format)
    assert facts["objects"] == 1
    assert [item.name for item in bpy.data.objects] == ["bird"]
    assert bpy.data.meshes[0].name == "bird"
    assert not [*bpy.data.cameras, *bpy.data.lights, *bpy.data.actions, *bpy.data.collections]
    assert bpy.data.objects[0].animation_data is None


@pytest.mark.parametrize("model_format", ["GLB", "FBX", "BLEND"])
def test_a_rig_still_bends_its_mesh(empty_file: bpy.types.Scene, tmp_path: Path, model_format: str) -> None:
    sample_models.rigged()
    facts = prepare(sample_models.export(model_format, tmp_path), model_format, size_mm=1800, axis="Z")
    root = bpy.data.objects[facts["root"]]
    assert root.type == "EMPTY"
    (rig,) = root.children
    (skin,) = rig.children
    before = sample_models.world_points()
    assert np.ptp(before[:, 2]) == pytest.approx(1.8, rel=1e-3)
    # Bones grew with the mesh: the joint lies inside it, and bending there moves one half of it only.
    bone = rig.pose.bones["High"]
    lower, upper = before.min(axis=0), before.max(axis=0)
    assert all(np.array(bone.head) >= lower)
    assert all(np.array(bone.head) <= upper)
    bone.rotation_mode = "XYZ"
    bone.rotation_euler = (0.5, 0.4, 0.3)
    bpy.context.view_layer.update()
    moved = np.linalg.norm(sample_models.world_points() - before, axis=1) > 0.01
    assert 0 < moved.sum() < len(moved)
    assert skin.modifiers[0].object == rig


def test_a_bones_child_follows_the_bone(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    sample_models.rigged()
    rig = bpy.data.objects["Rig"]
    hat = bpy.data.objects.new("Hat", bpy.data.objects["Skin"].data.copy())
    empty_file.collection.objects.link(hat)
    hat.parent, hat.parent_type, hat.parent_bone = rig, "BONE", "High"
    expected = sample_models.world_points()
    prepare(sample_models.export("BLEND", tmp_path), "BLEND")
    assert sample_models.same_shape(expected, sample_models.world_points())
    rig, hat = bpy.data.objects["Rig"], bpy.data.objects["Hat"]
    before = sample_models.world_points()
    rig.pose.bones["High"].location.y = 1
    bpy.context.view_layer.update()
    assert np.abs(sample_models.world_points() - before).max() > 0.01
    assert hat.modifiers[0].object == rig


def test_instances_and_modifiers_become_meshes(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    sample_models.single()
    item = bpy.data.objects["Wedge"]
    item.modifiers.new("Twice", "ARRAY").count = 2
    hidden = bpy.data.collections.new("Source")
    hidden.objects.link(bpy.data.objects.new("Repeated", item.data))
    for x in (20, 30):
        shown = bpy.data.objects.new("Instance", None)
        shown.instance_type, shown.instance_collection = "COLLECTION", hidden
        shown.location.x = x
        empty_file.collection.objects.link(shown)
    expected = sample_models.world_points()
    facts = prepare(sample_models.export("BLEND", tmp_path), "BLEND")
    assert facts["faces"] == 6 * 4
    assert sample_models.same_shape(expected, sample_models.world_points())


def test_shape_keys_count_as_they_are_set(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    sample_models.single()
    item = bpy.data.objects["Wedge"]
    item.shape_key_add(name="Basis")
    key = item.shape_key_add(name="Longer")
    key.data[7].co.z += 3
    key.value = 0.5
    prepare(sample_models.export("GLB", tmp_path), "GLB", size_mm=70, axis="Z")
    assert np.ptp(sample_models.world_points()[:, 2]) * 1000 == pytest.approx(70, rel=1e-3)
    assert "Longer" in bpy.data.meshes[0].shape_keys.key_blocks


def test_vertices_without_a_face_do_not_count(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    sample_models.single()
    mesh = bpy.data.objects["Wedge"].data
    mesh.vertices.add(1)
    mesh.vertices[-1].co = (500, 500, 500)
    facts = prepare(sample_models.export("BLEND", tmp_path), "BLEND")
    assert facts["vertices"] == 8
    assert facts["dimensions_mm"][1] == pytest.approx(120, rel=1e-3)


def test_colours_shading_and_materials_on_the_object_stay(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    sample_models.family()
    item = bpy.data.objects["Plain"]
    colours = item.data.color_attributes.new("Paint", "BYTE_COLOR", "CORNER")
    colours.data[5].color = (1, 0, 0, 1)
    item.data.polygons[2].use_smooth = True
    item.data.materials.append(None)
    item.material_slots[0].link = "OBJECT"
    skin = bpy.data.materials.new("Skin")
    skin.diffuse_color = (0, 1, 0, 1)
    item.material_slots[0].material = skin
    prepare(sample_models.export("BLEND", tmp_path), "BLEND")
    mesh = bpy.data.objects["Plain"].data
    assert tuple(mesh.color_attributes["Paint"].data[5].color) == (1, 0, 0, 1)
    assert [face.use_smooth for face in mesh.polygons] == [False, False, True, False, False, False]
    assert [material.name for material in mesh.materials] == ["bird Skin"]
    assert [tuple(material.diffuse_color) for material in mesh.materials] == [(0, 1, 0, 1)]
    assert not bpy.data.objects["Plain"].user_of_id(mesh.materials[0])  # it hangs on the mesh alone
    assert bpy.data.objects["Turned"].data.materials[0] != mesh.materials[0]  # that one shows the colours


def test_a_material_that_hangs_unseen_on_the_object_is_gone(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    sample_models.single()
    (item,) = bpy.context.scene.objects
    picture = bpy.data.images.new("Secret", 8, 8)
    picture.filepath_raw, picture.file_format = str(tmp_path / "secret.png"), "PNG"
    picture.save()
    sample_models.paint(item, bpy.data.images.new("Shown", 8, 8))
    hidden = bpy.data.materials.new("Hidden")
    hidden.use_nodes = True
    hidden.node_tree.nodes.new("ShaderNodeTexImage").image = picture
    slot = item.material_slots[0]
    slot.link, slot.material = "OBJECT", hidden
    slot.link = "DATA"
    prepare(sample_models.export("BLEND", tmp_path), "BLEND")
    assert [material.name for material in bpy.data.materials] == ["bird"]
    assert not [image.name for image in bpy.data.images if "Secret" in image.name]


def test_notes_that_keep_other_datablocks_are_gone(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    sample_models.rigged()
    rig, skin = bpy.data.objects["Rig"], bpy.data.objects["Skin"]
    material = sample_models.paint(skin, bpy.data.images.new("Paint", 8, 8))
    kept = bpy.data.materials.new("Kept")
    for name in ("Basis", "Long"):
        skin.shape_key_add(name=name)
    tree = material.node_tree
    holders = [rig, rig.data, rig.data.bones[0], rig.pose.bones[0], skin.data.shape_keys, tree, tree.nodes[0]]
    for holder in holders:
        holder["for"] = kept
    skin.data.texture_mesh = bpy.data.meshes.new("Kept")
    prepare(sample_models.export("BLEND", tmp_path), "BLEND")
    assert [material.name for material in bpy.data.materials] == ["bird"]
    assert len(bpy.data.meshes) == 1


def test_notes_of_the_maker_are_gone(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    sample_models.single()
    item = bpy.data.objects["Wedge"]
    item["author"] = item.data["author"] = "someone"
    item.asset_mark()
    item.data.use_fake_user = True
    prepare(sample_models.export("BLEND", tmp_path), "BLEND")
    (result,) = bpy.data.objects
    assert not [*result.keys(), *result.data.keys()]
    assert result.asset_data is None
    assert not result.data.use_fake_user


def test_selections_and_unset_flags_take_no_room(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    bpy.ops.mesh.primitive_ico_sphere_add()
    bpy.ops.object.shade_smooth()
    prepare(sample_models.export("GLB", tmp_path), "GLB")
    names = {attribute.name for attribute in bpy.data.meshes[0].attributes}
    assert not names & {"material_index", "sharp_edge", "sharp_face", ".select_vert", ".select_edge", ".select_poly"}
    assert all(face.use_smooth for face in bpy.data.meshes[0].polygons)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a cute bird", "a cute bird"),
        ("two\nlines\tand   spaces ", "two lines and spaces"),
        ("é" * 60, "é" * 31),
        ("小鳥" * 20, ("小鳥" * 20)[:21]),
        ("", "Model"),
    ],
)
def test_names(empty_file: bpy.types.Scene, tmp_path: Path, name: str, expected: str) -> None:
    sample_models.single()
    facts = prepare(sample_models.export("STL", tmp_path), "STL", name=name)
    assert facts["root"] == expected
    assert bpy.data.objects[0].name == expected
    assert bpy.data.meshes[0].name == expected


def test_several_meshes_hang_below_one_root(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    sample_models.family()
    bpy.data.objects["Plain"].name = "bird"  # the root's own name is taken
    facts = prepare(sample_models.export("GLB", tmp_path), "GLB")
    root = bpy.data.objects["bird"]
    assert facts["objects"] == 3
    assert root.type == "EMPTY"
    assert [item for item in bpy.data.objects if item.parent is None] == [root]
    assert len(root.children) == 3


@pytest.mark.parametrize("kind", ["FONT", "CURVE", "META"])
def test_what_becomes_a_mesh_is_there_once(empty_file: bpy.types.Scene, tmp_path: Path, kind: str) -> None:
    """Blender shows the faces of curves and texts as instances of themselves."""
    match kind:
        case "FONT":
            bpy.ops.object.text_add()
        case "CURVE":
            bpy.ops.curve.primitive_bezier_circle_add()
            bpy.context.object.data.bevel_depth = 0.1
        case "META":
            bpy.ops.object.metaball_add()
    evaluated = bpy.context.object.evaluated_get(bpy.context.evaluated_depsgraph_get())
    faces = len(evaluated.to_mesh().polygons)
    facts = prepare(sample_models.export("BLEND", tmp_path), "BLEND")
    assert (facts["faces"], facts["objects"]) == (faces, 1)
    assert faces > 0
