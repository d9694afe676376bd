"""Bringing a prepared model's datablocks into the open file: by copies where nothing can be overlooked."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest
from mathutils import Matrix

from neural4d_blender.engine.errors import BrokenModel
from neural4d_blender.scene.placing import append as appending
from tests.support import sample_models

append = appending.append


def picture(name: str) -> bpy.types.Image:
    image = bpy.data.images.new(name, 8, 8)
    image.pack()
    return image


def two_meshes() -> None:
    """All the pointers that a plain model may have: shared and own materials, on mesh and object, images, a parent."""
    sample_models.single()
    (wedge,) = bpy.context.scene.objects
    other = bpy.data.objects.new("Other", wedge.data.copy())
    bpy.context.scene.collection.objects.link(other)
    other.parent = wedge
    top = bpy.data.objects.new("Top", None)
    bpy.context.scene.collection.objects.link(top)
    wedge.parent = top
    shared = sample_models.paint(wedge, picture("Paint"))
    sample_models.paint(wedge, picture("Bumps"), "Normal")
    other.data.materials.append(shared)
    other.data.materials.append(None)
    own = bpy.data.materials.new("Own")
    own.use_nodes = True
    coordinates = own.node_tree.nodes.new("ShaderNodeTexCoord")
    coordinates.object = top
    other.data.materials.append(own)
    other.material_slots[0].link = "OBJECT"
    other.material_slots[0].material = own


def grouped() -> None:
    """A group with an image in a group, which two materials use."""
    two_meshes()
    outer, inner = (bpy.data.node_groups.new(name, "ShaderNodeTree") for name in ("Outer", "Inner"))
    inner.nodes.new("ShaderNodeTexImage").image = bpy.data.images["Paint"]
    outer.nodes.new("ShaderNodeGroup").node_tree = inner
    socket = outer.interface.new_socket("Occlusion", in_out="INPUT", socket_type="NodeSocketFloat")
    for material in bpy.data.materials:
        nodes, links = material.node_tree.nodes, material.node_tree.links
        group = nodes.new("ShaderNodeGroup")
        group.node_tree = outer
        group.inputs[socket.name].default_value = 0.7
        if (image := nodes.get("Image Texture")) is not None:
            links.new(image.outputs["Color"], group.inputs[socket.name])


def shaped() -> None:
    two_meshes()
    for name in ("Basis", "Long"):
        bpy.data.objects["Other"].shape_key_add(name=name)


def bound() -> None:
    two_meshes()
    bpy.data.objects["Other"].constraints.new("COPY_LOCATION").target = bpy.data.objects["Top"]


def modified() -> None:
    two_meshes()
    bpy.data.objects["Other"].modifiers.new("Mirror", "MIRROR").mirror_object = bpy.data.objects["Top"]


def hidden() -> None:
    """A material that hangs on the object and that no slot shows."""
    two_meshes()
    slot = bpy.data.objects["Other"].material_slots[0]
    slot.link = "DATA"


def noted() -> None:
    two_meshes()
    nodes = bpy.data.materials["Own"].node_tree.nodes
    nodes[0]["for"] = bpy.data.objects["Top"]


def modelled() -> None:
    two_meshes()
    bpy.data.objects["Other"].data.texture_mesh = bpy.data.objects["Wedge"].data


def held() -> None:
    sample_models.rigged()
    bpy.data.objects["Rig"].pose.bones[0].custom_shape = bpy.data.objects["Skin"]


def moving() -> None:
    two_meshes()
    bpy.data.objects["Top"].keyframe_insert("location")


def lit() -> None:
    two_meshes()
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("Lamp", bpy.data.lights.new("Lamp", "SUN")))


#: What the preparer writes.
PLAIN: list[Callable[[], None]] = [
    sample_models.single,
    sample_models.family,
    sample_models.rigged,
    two_meshes,
    grouped,
    shaped,
]


def written(build: Callable[[], None], folder: Path) -> Path:
    """A .blend with what a builder makes, and a new file open that has datablocks of the same names."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    build()
    path = folder / "model.blend"
    bpy.data.libraries.write(str(path), set(bpy.context.scene.objects))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    build()
    return path


def all_of_the_file(data: Any) -> set[Any]:
    kinds = [entry.identifier for entry in data.bl_rna.properties if entry.type == "COLLECTION"]
    return {datablock for kind in kinds for datablock in getattr(data, kind)}


def shape_of(objects: list[Any]) -> list[Any]:
    """All that a model's pointers lead to, with what tells one from the other."""

    def bare(datablock: Any) -> str | None:
        return datablock and datablock.name.split(".")[0]

    def nodes(tree: Any) -> list[Any]:
        pointers = ("image", "object", "node_tree")
        return [
            (
                node.bl_idname,
                [bare(getattr(node, name, None)) for name in pointers],
                [(link.from_node.name, link.to_node.name) for socket in node.inputs for link in socket.links],
                [socket.default_value for socket in node.inputs if socket.type == "VALUE"],
                nodes(node.node_tree) if getattr(node, "node_tree", None) else [],
            )
            for node in tree.nodes
        ]

    def keys(item: Any) -> list[str]:
        held = item.type == "MESH" and item.data.shape_keys
        return [key.name for key in held.key_blocks] if held else []

    return sorted(
        (
            bare(item),
            bare(item.parent),
            bare(item.data),
            len(item.data.vertices) if item.type == "MESH" else 0,
            [
                (slot.link, bare(slot.material), slot.material and nodes(slot.material.node_tree))
                for slot in item.material_slots
            ],
            [(modifier.type, bare(getattr(modifier, "object", None))) for modifier in item.modifiers],
            keys(item),
            [bone.name for bone in item.pose.bones] if item.pose else [],
            [
                datablock.users
                for datablock in (item.data, *(slot.material for slot in item.material_slots))
                if datablock
            ],
        )
        for item in objects
    )


@pytest.mark.parametrize("build", PLAIN)
def test_a_plain_model_is_copied_and_nothing_points_to_what_is_freed(
    build: Callable[[], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(build, tmp_path)
    direct = shape_of(appending._directly(path))
    mine = all_of_the_file(bpy.data)
    copied, stray = appending._copied, []

    def watched(apart: Any) -> list[bpy.types.Object]:
        made = copied(apart)
        mine.update(all_of_the_file(bpy.data))
        stray.extend(pointed.name for pointed in bpy.data.user_map() if pointed not in mine)
        return made

    monkeypatch.setattr(appending, "_copied", watched)
    monkeypatch.setattr(appending, "_directly", None)
    objects = append(path)
    assert stray == []
    assert shape_of(objects) == direct
    assert all(item.users == 0 for item in objects if not item.children)
    assert not list(bpy.data.libraries)
    assert all(datablock.library is None for datablock in mine)


@pytest.mark.parametrize("build", [moving, lit, modified])
def test_what_the_preparer_does_not_write_is_appended_as_ever(
    build: Callable[[], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(build, tmp_path)
    directly, taken = appending._directly, []
    monkeypatch.setattr(appending, "_copied", None)
    monkeypatch.setattr(appending, "_directly", lambda path, stamp: taken.append(path) or directly(path, stamp))
    objects = append(path)
    assert taken == [path]
    assert all(item.library is None for item in objects)
    assert not list(bpy.data.libraries)


@pytest.mark.parametrize("few", [0, 40], ids=["by the file", "one by one"])
@pytest.mark.parametrize("build", [hidden, noted, modelled, bound, held])
def test_an_overlooked_pointer_is_found_and_the_model_appended_as_ever(
    build: Callable[[], None], few: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appending, "_FEW", few)
    path = written(build, tmp_path)
    before = all_of_the_file(bpy.data)
    direct = appending._directly(path)
    expected, brought = shape_of(direct), len(all_of_the_file(bpy.data) - before)
    there = all_of_the_file(bpy.data)
    directly, taken = appending._directly, []
    monkeypatch.setattr(appending, "_directly", lambda path, stamp: taken.append(path) or directly(path, stamp))
    assert shape_of(append(path)) == expected
    assert taken == [path]
    assert len(all_of_the_file(bpy.data) - there) == brought
    assert all(pointed in all_of_the_file(bpy.data) for pointed in bpy.data.user_map())


def test_what_cannot_be_copied_is_appended_as_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(two_meshes, tmp_path)
    before = all_of_the_file(bpy.data)

    def fails(*_arguments: object) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(appending, "_redirect", fails)
    objects = append(path)
    assert len(objects) == 3
    assert not {item.data for item in objects} & before
    assert all(pointed in all_of_the_file(bpy.data) for pointed in bpy.data.user_map())


def test_a_child_stays_where_its_parent_put_it(tmp_path: Path) -> None:
    def offset() -> None:
        two_meshes()
        bpy.data.objects["Other"].matrix_parent_inverse = Matrix.Translation((5, 6, 7))

    path = written(offset, tmp_path)
    both = [next(item for item in way(path) if item.name.startswith("Other")) for way in (append, appending._directly)]
    assert both[0].matrix_parent_inverse == both[1].matrix_parent_inverse == Matrix.Translation((5, 6, 7))


def test_a_shader_shows_the_inputs_that_it_shows_elsewhere(tmp_path: Path) -> None:
    def plainly_coloured() -> None:
        sample_models.single()
        material = bpy.data.materials.new("Skin")
        material.use_nodes = True
        bpy.context.scene.objects[0].data.materials.append(material)

    path = written(plainly_coloured, tmp_path)

    def inputs(objects: list[bpy.types.Object]) -> list[tuple[str, bool]]:
        shaders = (node for node in objects[0].data.materials[0].node_tree.nodes if node.type == "BSDF_PRINCIPLED")
        return [(socket.identifier, socket.enabled) for shader in shaders for socket in shader.inputs]

    assert inputs(append(path)) == inputs(appending._directly(path))


def test_a_rig_deforms_its_own_copy_of_the_mesh_and_shape_keys_work(tmp_path: Path) -> None:
    def shaped_and_rigged() -> None:
        sample_models.rigged()
        skin = bpy.data.objects["Skin"]
        for name in ("Basis", "Long"):
            skin.shape_key_add(name=name)
        long = skin.data.shape_keys.key_blocks["Long"]
        long.value = 0  # since 5.1 a new one shows at once
        for point in long.data:
            point.co.x *= 3

    objects = append(written(shaped_and_rigged, tmp_path))
    gc.collect()
    for item in objects:
        bpy.context.scene.collection.objects.link(item)
    rig, skin = sorted(objects, key=lambda item: item.type)
    bpy.data.batch_remove([item for item in bpy.data.objects if item not in objects])

    def corners() -> list[tuple[float, ...]]:
        bpy.context.view_layer.update()
        evaluated = skin.evaluated_get(bpy.context.evaluated_depsgraph_get())
        return [tuple(round(value, 3) for value in vertex.co) for vertex in evaluated.data.vertices]

    at_rest = corners()
    assert rig.pose.bones["High"].bone == rig.data.bones["High"]
    rig.pose.bones["High"].location.x = 50
    posed = corners()
    assert posed != at_rest
    skin.data.shape_keys.key_blocks["Long"].value = 1
    assert corners() != posed
    assert skin.data.shape_keys.user == skin.data


@pytest.mark.parametrize("build", [two_meshes, grouped, shaped, sample_models.rigged])
def test_nothing_is_left_over_when_all_of_it_is_removed(build: Callable[[], None], tmp_path: Path) -> None:
    path = written(build, tmp_path)
    before = all_of_the_file(bpy.data)
    for _ in range(20):
        objects = append(path)
        gc.collect()
        bpy.data.batch_remove(objects)
        bpy.data.orphans_purge(do_local_ids=True, do_linked_ids=True, do_recursive=True)
    assert all_of_the_file(bpy.data) == before


@pytest.mark.parametrize(("build", "count"), [(two_meshes, 3), (grouped, 3), (shaped, 3), (sample_models.rigged, 2)])
def test_copies_are_there_after_undo_redo_saving_and_opening(
    build: Callable[[], None], count: int, tmp_path: Path
) -> None:
    path = written(build, tmp_path)
    bpy.ops.ed.undo_push(message="Before")
    for _ in range(5):
        for item in append(path):
            bpy.context.scene.collection.objects.link(item)
        bpy.ops.ed.undo_push(message="Appended")
    there = shape_of(list(bpy.data.objects))
    for _ in range(5):
        bpy.ops.ed.undo()
    assert len(bpy.data.objects) == count
    for _ in range(5):
        bpy.ops.ed.redo()
    assert shape_of(list(bpy.data.objects)) == there
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "full.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "full.blend"))
    assert shape_of(list(bpy.data.objects)) == there
    assert [list(image.size) for image in bpy.data.images] == [[8, 8]] * len(bpy.data.images)


@pytest.mark.parametrize("harm", ["missing", "empty", "cut", "no blend"])
def test_a_damaged_file_is_told_and_leaves_nothing(harm: str, tmp_path: Path) -> None:
    path = written(two_meshes, tmp_path)
    whole = path.read_bytes()
    path.write_bytes({"missing": b"", "empty": b"", "cut": whole[: len(whole) // 3], "no blend": b"x" * 9000}[harm])
    if harm == "missing":
        path.unlink()
    before = all_of_the_file(bpy.data)
    with pytest.raises(BrokenModel, match=r"is (missing|damaged|empty)\."):
        append(path)
    gc.collect()
    assert all_of_the_file(bpy.data) == before
