"""A model takes the place of another: what stays the user's own, and what goes with the old one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import bpy
import pytest
from mathutils import Matrix

from neural4d_blender.client.jobs.snapshots import Job, Variant
from neural4d_blender.engine.errors import BrokenModel, InvalidInput
from neural4d_blender.engine.model.request import Request
from neural4d_blender.scene.placing import placement, provenance, replacement
from tests.scene.conftest import Prepared

KINDS = ["single", "family", "rigged"]  # one mesh; an Empty above meshes; an Empty above a rig and its skin
JOB = Job(
    "00000000-0000-4000-8000-000000000001",
    "neural4d",
    Request("a  cute\nbird", variants=2, size_mm=120.0),
    seconds={"generating": 8.0, "downloading": 1.25, "placed": 100.0},
    created=1.7e9,
    cost=60,
)
VARIANT = Variant(1)


@pytest.fixture
def scene(prepared: Prepared) -> bpy.types.Scene:
    """An empty scene, with everything prepared that the tests place."""
    for kind in KINDS:
        prepared(kind)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    found: bpy.types.Scene = bpy.context.scene
    return found


def stand(path: Path, scene: bpy.types.Scene, **wanted: object) -> bpy.types.Object:
    values: dict[str, object] = {"name": "bird", "location": (0, 0, 0), "collection": scene.collection}
    (root,) = placement.place(path, scene=scene, **values | wanted)
    provenance.note([root], JOB, VARIANT)
    bpy.context.view_layer.update()
    return root


def meshes_below(root: bpy.types.Object) -> set[str]:
    return {item.data.name for item in (root, *root.children_recursive) if item.type == "MESH"}


@pytest.mark.parametrize("new", KINDS)
@pytest.mark.parametrize("old", KINDS)
def test_the_place_is_kept(scene: bpy.types.Scene, prepared: Prepared, old: str, new: str) -> None:
    shelf = bpy.data.collections.new("Shelf")
    scene.collection.children.link(shelf)
    table = bpy.data.objects.new("Table", None)
    scene.collection.objects.link(table)
    table.location = (0, 0, 5)
    root = stand(prepared(old), scene, location=(1, 2, 3), collection=shelf)
    scene.collection.objects.link(root)  # in two collections
    root.parent, root.scale, root.hide_render = table, (2, 2, 2), True
    root.rotation_euler = (0.1, 0.2, 0.3)
    root["mine"] = "kept"
    looks = root.constraints.new("LIMIT_SCALE")
    looks.name = "Mine"
    hat = bpy.data.objects.new("Hat", None)
    scene.collection.objects.link(hat)
    hat.parent, hat.location = root, (0, 0, 1)
    watcher = bpy.data.objects.new("Watcher", None)
    scene.collection.objects.link(watcher)
    watcher.constraints.new("TRACK_TO").target = root
    bpy.context.view_layer.update()
    where, hat_where = root.matrix_world.copy(), hat.matrix_world.copy()
    bpy.context.view_layer.objects.active = root

    (held,) = replacement.replace(root, prepared(new), scene)
    provenance.note([held], JOB, VARIANT)
    bpy.context.view_layer.update()

    assert held.name == "bird"
    assert held.matrix_world == where
    assert (held.parent, held.hide_render, held["mine"]) == (table, True, "kept")
    assert set(held.users_collection) == {shelf, scene.collection}
    assert [constraint.name for constraint in held.constraints] == ["Mine"]
    assert hat.parent == held
    assert hat.matrix_world == hat_where
    assert watcher.constraints[0].target == held
    assert bpy.context.view_layer.objects.active == held
    expected = {"single": 1, "family": 3, "rigged": 2}[new]
    assert len(provenance.parts_of(held)) == (0 if new == "single" else expected)
    assert all(set(part.users_collection) == {shelf, scene.collection} for part in provenance.parts_of(held))
    for part in provenance.parts_of(held):
        assert "." not in part.name
        assert part.data is None or part.data.name == part.name
    # Nothing of the old model is left, nothing of the new one is doubled.
    bpy.data.orphans_purge(do_recursive=True)
    assert {mesh.name for mesh in bpy.data.meshes} == meshes_below(held)
    assert len(bpy.data.objects) == 3 + 1 + len(provenance.parts_of(held))
    for item in bpy.data.objects:
        for modifier in item.modifiers:
            assert modifier.object in provenance.parts_of(held)


def test_a_mesh_keeps_its_object_and_modifiers(scene: bpy.types.Scene, prepared: Prepared) -> None:
    root = stand(prepared("single"), scene)
    root.modifiers.new("Mine", "ARRAY").count = 3
    paint = bpy.data.materials.new("Paint")
    root.data.materials.append(None)
    root.material_slots[0].link = "OBJECT"
    root.material_slots[0].material = paint
    (held,) = replacement.replace(root, prepared("single"), scene)
    assert held == root
    assert [(m.name, m.count) for m in held.modifiers] == [("Mine", 3)]
    assert all(slot.link == "DATA" for slot in held.material_slots)
    assert held.data.name == "bird"


def test_modifiers_go_to_the_meshes_of_a_hierarchy(scene: bpy.types.Scene, prepared: Prepared) -> None:
    root = stand(prepared("single"), scene)
    root.modifiers.new("Mine", "ARRAY").count = 3
    (held,) = replacement.replace(root, prepared("family"), scene)
    assert held.type == "EMPTY"
    assert {(m.name, m.count) for part in provenance.parts_of(held) for m in part.modifiers} == {("Mine", 3)}


@pytest.mark.parametrize("new", ["single", "family"])
@pytest.mark.parametrize("old", ["single", "family"])
def test_linked_duplicates_go_along(scene: bpy.types.Scene, prepared: Prepared, old: str, new: str) -> None:
    root = stand(prepared(old), scene)
    other = stand(prepared(old), scene, name="another")  # the same model, placed again: a copy of its own
    kept = meshes_below(other)
    twins = []
    for x in (1.0, 2.0):
        copies = {item: item.copy() for item in (root, *root.children_recursive)}
        for item, copy in copies.items():
            scene.collection.objects.link(copy)
            copy.parent = copies.get(item.parent)
        copies[root].location.x = x
        twins.append(copies[root].name)
    bpy.context.view_layer.update()
    held = replacement.replace(root, prepared(new), scene)
    bpy.context.view_layer.update()
    assert {thing.name for thing in held} == {"bird", *twins}
    assert sorted(thing.matrix_world.translation.x for thing in held) == [0, 1, 2]
    (shared,) = {frozenset(meshes_below(thing)) for thing in held}
    assert not shared & kept
    assert meshes_below(other) == kept
    bpy.data.orphans_purge(do_recursive=True)
    assert {mesh.name for mesh in bpy.data.meshes} == shared | kept


def test_what_the_user_put_below_a_part_stays_where_it_is(scene: bpy.types.Scene, prepared: Prepared) -> None:
    root = stand(prepared("family"), scene, location=(4, 0, 0))
    part = provenance.parts_of(root)[0]
    part.location = (1, 1, 1)
    hat = bpy.data.objects.new("Hat", None)
    scene.collection.objects.link(hat)
    hat.parent = part
    hat.matrix_parent_inverse = Matrix.Translation((0, 0, 7))
    bpy.context.view_layer.update()
    where = hat.matrix_world.copy()
    (held,) = replacement.replace(root, prepared("rigged"), scene)
    bpy.context.view_layer.update()
    assert hat.parent == held
    assert hat.matrix_world.translation == where.translation
    assert hat not in provenance.parts_of(held)


def test_hidden_stays_hidden(scene: bpy.types.Scene, prepared: Prepared) -> None:
    root = stand(prepared("single"), scene)
    root.hide_set(True)
    (held,) = replacement.replace(root, prepared("family"), scene)
    assert held.hide_get()


@pytest.mark.parametrize("new", ["single", "family"])
def test_one_undo_step(scene: bpy.types.Scene, prepared: Prepared, new: str) -> None:
    with placement.undo_step("Place bird"):
        stand(prepared("single"), scene)
    before = {item.name: len(item.data.vertices) for item in bpy.data.objects}
    with placement.undo_step("Replace bird"):
        replacement.replace(bpy.data.objects["bird"], prepared(new), scene)
    after = sorted(item.name for item in bpy.data.objects)
    bpy.ops.ed.undo()
    assert {item.name: len(item.data.vertices) for item in bpy.data.objects} == before
    bpy.ops.ed.redo()
    assert sorted(item.name for item in bpy.data.objects) == after


def test_what_cannot_be_replaced_stays_as_it_is(scene: bpy.types.Scene, prepared: Prepared, tmp_path: Path) -> None:
    root = stand(prepared("single"), scene)
    with pytest.raises(BrokenModel):
        replacement.replace(root, tmp_path / "none.blend", scene)
    assert list(bpy.data.objects) == [root]
    bpy.data.libraries.write(str(tmp_path / "other.blend"), {root})
    bpy.data.objects.remove(root)
    with bpy.data.libraries.load(str(tmp_path / "other.blend"), link=True) as (_, wanted):
        wanted.objects = ["bird"]
    scene.collection.objects.link(wanted.objects[0])
    with pytest.raises(InvalidInput, match="another file"):
        replacement.replace(wanted.objects[0], prepared("single"), scene)


def test_the_properties_say_it_all_and_nothing_of_this_machine(scene: bpy.types.Scene, prepared: Prepared) -> None:
    root = stand(prepared("family"), scene)
    said = provenance.read(root)
    assert (said.job, said.variant, said.service, said.points) == (JOB.id, 1, "neural4d", 60)
    assert (said.title, said.seconds, said.made) == ("a cute bird", 9.2, "2023-11-14T22:13:20+00:00")
    assert said.terms.startswith("https://")
    assert provenance.request_of(said) == JOB.request
    part = provenance.parts_of(root)[0]
    assert provenance.root_of(part) == root
    assert provenance.root_of(None) is None

    request = Request("", ["/home/someone/secret/0.png"], name="mug", options={"seed": -1}).to_dict()
    names = ("prompt", "project", "agent", "key")
    paths = {key: f"/home/someone/{key}" for key, value in request.items() if value == "" and key not in names}
    assert {"texture_folder", "keep_in"} <= paths.keys()
    provenance.note(
        [root], replace(JOB, request=Request.from_dict(request | paths)), Variant(0, details={"seed": "77"})
    )
    said = provenance.read(root)
    assert (said.image, said.prompt, said.title, said.seed) == ("mug", "", "mug", "77")
    assert provenance.request_of(said) is None
    assert not any("someone" in str(root[key]) for key in provenance.own_keys(root))


@pytest.mark.parametrize(
    "value", ["", "nonsense", "[1]", '{"options": 5, "variants": "x"}', 7, 1.5, True, [1, 2], {"a": 1}]
)
def test_edited_and_deleted_properties_are_no_trouble(
    scene: bpy.types.Scene, prepared: Prepared, value: object
) -> None:
    root = stand(prepared("single"), scene)
    for name in provenance.own_keys(root):
        if name != provenance.JOB:
            root[name] = value
    said = provenance.read(root)
    assert said.job == JOB.id
    assert said.terms == ""
    assert said.title
    provenance.request_of(said)
    for name in provenance.own_keys(root):
        del root[name]
    assert provenance.root_of(root) is None
    assert provenance.read(root) == provenance.Provenance()
    root["neural4d_terms"] = "file:///etc/passwd"
    assert provenance.read(root).terms == ""
