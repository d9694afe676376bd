"""What is hidden in a file is no part of the model: it neither shows nor sets the size."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest

from neural4d_blender.prepare import main
from tests.support import sample_models
from tests.support.glb_files import glb, triangle


def prepare(source: Path, model_format: str) -> dict[str, Any]:
    values = {"source": source, "format": model_format, "output": source.parent / "out.blend", "name": "bird"}
    return main.run(values)


def cube(name: str, size: float, scene: bpy.types.Scene | None = None) -> bpy.types.Object:
    mesh = bpy.data.meshes.new(name)
    corners = [(x, y, z) for x in (0, size) for y in (0, size) for z in (0, size)]
    mesh.from_pydata(corners, [], [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)])
    item = bpy.data.objects.new(name, mesh)
    (scene or bpy.context.scene).collection.objects.link(item)
    return item


def draft_in_a_collection() -> bpy.types.LayerCollection:
    """A collection with a large cube in a collection below it."""
    scene = bpy.context.scene
    outer, inner = bpy.data.collections.new("Drafts"), bpy.data.collections.new("Old")
    scene.collection.children.link(outer)
    outer.children.link(inner)
    draft = cube("Draft", 10)
    scene.collection.objects.unlink(draft)
    inner.objects.link(draft)
    layer: bpy.types.LayerCollection = bpy.context.view_layer.layer_collection.children["Drafts"]
    return layer


def in_the_viewport() -> None:
    cube("Draft", 10).hide_viewport = True


def by_the_eye() -> None:
    cube("Draft", 10).hide_set(True)


def in_renders() -> None:
    cube("Draft", 10).hide_render = True


def by_its_collection() -> None:
    draft_in_a_collection().collection.hide_viewport = True


def by_its_collection_in_renders() -> None:
    draft_in_a_collection().collection.hide_render = True


def by_its_collections_eye() -> None:
    draft_in_a_collection().hide_viewport = True


def by_the_view_layer() -> None:
    draft_in_a_collection().exclude = True


def by_the_view_layer_that_was_open() -> None:
    draft_in_a_collection()
    other = bpy.context.scene.view_layers.new("A Second One")
    other.layer_collection.children["Drafts"].exclude = True
    bpy.context.window_manager.windows[0].view_layer = other


def in_another_scene() -> None:
    cube("Draft", 10, bpy.data.scenes.new("A Test"))


def in_the_scene_that_was_not_open() -> None:
    other = bpy.data.scenes.new("Z")
    for item in bpy.context.scene.objects:
        bpy.context.scene.collection.objects.unlink(item)
        other.collection.objects.link(item)
    cube("Draft", 10)
    bpy.context.window_manager.windows[0].scene = other


def as_what_cuts() -> None:
    cutter = cube("Cutter", 10)
    cutter.location = (0.5, 0.5, 0.5)
    cutter.display_type = "WIRE"
    boolean = bpy.data.objects["Shown"].modifiers.new("Cut", "BOOLEAN")
    boolean.object, boolean.operation = cutter, "UNION"
    boolean.show_viewport = False


def in_an_instanced_collection() -> None:
    source = bpy.data.collections.new("Source")
    draft = cube("Draft", 10)
    bpy.context.scene.collection.objects.unlink(draft)
    source.objects.link(draft)
    source.objects.link(bpy.data.objects["Shown"])
    bpy.context.scene.collection.objects.unlink(bpy.data.objects["Shown"])
    draft.hide_render = True
    instance = bpy.data.objects.new("Instance", None)
    instance.instance_type, instance.instance_collection = "COLLECTION", source
    bpy.context.scene.collection.objects.link(instance)


HIDDEN: list[Callable[[], None]] = [
    in_the_viewport,
    by_the_eye,
    in_renders,
    by_its_collection,
    by_its_collection_in_renders,
    by_its_collections_eye,
    by_the_view_layer,
    by_the_view_layer_that_was_open,
    in_another_scene,
    in_the_scene_that_was_not_open,
    as_what_cuts,
    in_an_instanced_collection,
]


@pytest.mark.parametrize("hide", HIDDEN)
def test_hidden_in_a_blend(empty_file: bpy.types.Scene, tmp_path: Path, hide: Callable[[], None]) -> None:
    cube("Shown", 1)
    hide()
    facts = prepare(sample_models.export("BLEND", tmp_path), "BLEND")
    assert facts["ok"]
    assert facts["dimensions_mm"] == pytest.approx([1000, 1000, 1000])
    assert (facts["faces"], facts["objects"]) == (6, 1)


@pytest.mark.parametrize("hide", [in_the_viewport, in_renders])
def test_where_all_is_hidden_nothing_is(empty_file: bpy.types.Scene, tmp_path: Path, hide: Callable[[], None]) -> None:
    hide()
    assert prepare(sample_models.export("BLEND", tmp_path), "BLEND")["faces"] == 6


def test_a_compressed_file_tells_its_open_scene_too(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    cube("Shown", 1)
    in_the_scene_that_was_not_open()
    path = tmp_path / "model.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True, compress=True)
    assert prepare(path, "BLEND")["dimensions_mm"] == pytest.approx([1000, 1000, 1000])


def test_a_hidden_rig_still_bends(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    sample_models.rigged()
    rig = bpy.data.objects["Rig"]
    rig.hide_viewport = rig.hide_render = True
    prepare(sample_models.export("BLEND", tmp_path), "BLEND")
    rig = bpy.data.objects["Rig"]
    assert tuple(rig.scale) == (1, 1, 1)
    before = sample_models.world_points()
    rig.pose.bones["High"].location.y = 1
    bpy.context.view_layer.update()
    assert abs(sample_models.world_points() - before).max() > 0.01


def with_nodes(*nodes: dict[str, Any], **rest: Any) -> bytes:
    return glb({**triangle(), "nodes": list(nodes), **rest})


LARGE = {"mesh": 0, "scale": [10, 10, 10]}
SCENES: dict[str, bytes] = {
    "a second scene": with_nodes({"mesh": 0}, LARGE, scenes=[{"nodes": [0]}, {"nodes": [1]}], scene=0),
    "the first scene": with_nodes(LARGE, {"mesh": 0}, scenes=[{"nodes": [0]}, {"nodes": [1]}], scene=1),
    "none named": with_nodes({"mesh": 0}, LARGE, scenes=[{"nodes": [0]}, {"nodes": [1]}]),
    "in no scene": with_nodes({"mesh": 0}, LARGE, scenes=[{"nodes": [0]}], scene=0),
    "below one in no scene": with_nodes({"mesh": 0}, {"children": [2]}, LARGE, scenes=[{"nodes": [0]}], scene=0),
    "hidden by its extension": with_nodes(
        {"mesh": 0},
        {"children": [2], "extensions": {"KHR_node_visibility": {"visible": False}}},
        LARGE,
        scenes=[{"nodes": [0, 1]}],
        extensionsUsed=["KHR_node_visibility"],
    ),
}


@pytest.mark.parametrize("case", SCENES)
def test_hidden_in_a_glb(tmp_path: Path, case: str) -> None:
    (tmp_path / "model.glb").write_bytes(SCENES[case])
    facts = prepare(tmp_path / "model.glb", "GLB")
    assert facts["ok"], facts
    assert facts["dimensions_mm"] == pytest.approx([1000, 0, 1000])
    assert facts["objects"] == 1


def test_a_glb_whose_scene_is_empty_shows_all(tmp_path: Path) -> None:
    (tmp_path / "model.glb").write_bytes(with_nodes({"mesh": 0}, scenes=[{"nodes": []}], scene=0))
    assert prepare(tmp_path / "model.glb", "GLB")["faces"] == 1
