"""Levels of detail and collision shapes in the scene: what Replace, undo, assets and measuring make of them."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest

from neural4d_blender.client.jobs.snapshots import Job, Variant
from neural4d_blender.engine.model.request import Request
from neural4d_blender.prepare import main
from neural4d_blender.scene import assets
from neural4d_blender.scene.placing import lod_collections, placement, provenance, replacement, targets
from tests.support import sample_models

JOB = Job("00000000-0000-4000-8000-000000000001", "neural4d", Request("bird"))
KINDS = ("single", "family")


@pytest.fixture(scope="module")
def blends(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A model of one part and one of several, each with all there is, and without anything."""
    made = {}
    for kind in KINDS:
        folder = tmp_path_factory.mktemp(kind)
        bpy.ops.wm.read_factory_settings(use_empty=True)
        sample_models.MODELS[kind]()
        source = sample_models.export("GLB", folder)
        for name, wanted in ((kind, {"lods": [0.5], "collision": "CONVEX"}), (f"plain {kind}", {})):
            output = folder / f"{name}.blend"
            values = {"source": source, "format": "GLB", "output": output, "name": "bird", "size_mm": 120}
            assert main.run(values | wanted)["ok"]
            made[name] = output
    return made


def stand(path: Path, **wanted: object) -> bpy.types.Object:
    scene = bpy.context.scene
    values: dict[str, object] = {"name": "bird", "location": (0, 0, 0), "collection": scene.collection}
    (root,) = placement.place(path, scene=scene, **values | wanted)
    provenance.note([root], JOB, Variant(0))
    bpy.context.view_layer.update()
    return root


def homes() -> list[bpy.types.Collection]:
    return [home for home in bpy.data.collections if home.get("neural4d_game")]


@pytest.mark.parametrize("new", [*KINDS, *(f"plain {kind}" for kind in KINDS)])
@pytest.mark.parametrize("old", KINDS)
@pytest.mark.both_ends
def test_they_go_with_their_model(empty_file: bpy.types.Scene, blends: dict[str, Path], old: str, new: str) -> None:
    root = stand(blends[old])
    shelf = bpy.data.collections.new("Shelf")
    empty_file.collection.children.link(shelf)
    gone = {item.name for item in lod_collections.extras_of(root)["CONVEX"]}
    (held,) = replacement.replace(root, blends[new], empty_file)
    bpy.context.view_layer.update()
    wanted = {"LOD1": 1, "CONVEX": 1} | ({"LOD0": 1} if new == "family" else {})
    assert {kind: len(items) for kind, items in lod_collections.extras_of(held).items()} == (
        {} if new.startswith("plain") else wanted
    )
    assert len(homes()) == (0 if new.startswith("plain") else 1)
    if not new.startswith("plain"):
        assert gone == {item.name for item in lod_collections.extras_of(held)["CONVEX"]}
        assert all(
            item.users_collection == (homes()[0],)
            for items in lod_collections.extras_of(held).values()
            for item in items
        )
    assert max(placement.measure_mm([held], empty_file)) == pytest.approx(120, rel=1e-3)
    assert len(bpy.data.meshes) == len({item.data for item in bpy.data.objects if item.data})


@pytest.mark.both_ends
def test_placing_is_one_step(empty_file: bpy.types.Scene, blends: dict[str, Path]) -> None:
    with placement.undo_step("Place bird"):
        stand(blends["family"])
    assert homes()
    bpy.ops.ed.undo()
    assert not bpy.data.objects
    assert not homes()
    bpy.ops.ed.redo()
    assert [home.hide_viewport for home in homes()] == [True]


def test_a_placeholders_place_is_the_models_alone(empty_file: bpy.types.Scene, blends: dict[str, Path]) -> None:
    empty = bpy.data.objects.new("here", None)
    shelf = bpy.data.collections.new("Shelf")
    empty_file.collection.children.link(shelf)
    shelf.objects.link(empty)
    root = stand(blends["single"], instead_of=empty)
    assert {*shelf.objects} == {root}
    assert [*shelf.children] == homes()


def test_they_have_no_part_in_its_room(empty_file: bpy.types.Scene, blends: dict[str, Path]) -> None:
    root = stand(blends["single"])
    corners = targets.world_corners(root)
    for items in lod_collections.extras_of(root).values():
        for item in items:
            item.data.transform(item.matrix_world.Scale(9, 4))
    assert targets.world_corners(root) == corners
    assert max(placement.measure_mm([root], empty_file)) == pytest.approx(120, rel=1e-3)


def test_one_mesh_stays_an_object_asset(empty_file: bpy.types.Scene, blends: dict[str, Path], tmp_path: Path) -> None:
    root = stand(blends["single"])
    assert assets.mark(root) == root
    values = {
        "task": "asset", "source": str(blends["family"]), "output": str(tmp_path / "asset.blend"), "catalog": "",
        "preview": "", "properties": {}, "texture_folder": "", "name": "bird", "description": "", "author": "",
        "tags": [],
    }  # fmt: skip
    assert main.run(values)["ok"]
    with bpy.data.libraries.load(str(tmp_path / "asset.blend")) as (available, _):
        assert not [name for name in available.objects if "LOD" in name or "collision" in name]
