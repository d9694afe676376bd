"""A model in parts: each file under its own name below one root, and the size that was asked for over all of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bpy
import pytest

import neural4d_blender as neural4d
from neural4d_blender.prepare import main
from neural4d_blender.scene.placing.placement import measure_mm
from scripts.simulator.launcher import Simulator
from tests.scene.api.test_api import sim, simulator

pytestmark = pytest.mark.both_ends

__all__ = ["sim", "simulator"]

CHAIR = "https://pictures.example/wooden-chair.png"


def block(name: str, at: float, parent: bpy.types.Object | None = None) -> bpy.types.Object:
    """A cube of 1 m whose centre is so high."""
    bpy.ops.mesh.primitive_cube_add(size=1.0, location=(0, 0, at))
    made = bpy.context.object
    assert made is not None
    made.name, made.parent = name, parent
    return made


def kit(folder: Path, *parts: str) -> Path:
    """Write each top object of the file, with all below it, as a part of that name; returns their list."""
    found = []
    tops = [item for item in bpy.context.scene.objects if item.parent is None]
    for number, (name, top) in enumerate(zip(parts, tops, strict=True)):
        for item in bpy.context.scene.objects:
            item.select_set(item in (top, *top.children_recursive))
        bpy.ops.export_scene.gltf(filepath=str(folder / f"{number}.glb"), use_selection=True)
        found.append({"name": name, "file": f"{number}.glb"})
    listed = folder / "parts.json"
    listed.write_text(json.dumps(found), encoding="utf-8")
    return listed


def prepare(listed: Path, **wanted: Any) -> dict[str, Any]:
    values = {"source": listed, "format": "KIT", "output": listed.parent / "out.blend", "name": "chair"}
    return main.run({**values, "size_mm": 300, "axis": "Z", **wanted})


def test_parts_have_their_names_and_stand_where_they_stood(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    for name, at in (("Cube", 0.5), ("Cube", 1.5), ("Cube", 2.5)):
        block(name, at)
    facts = prepare(kit(tmp_path, "legs", "seat", "chair"))
    assert (facts["ok"], facts["objects"]) == (True, 3)
    assert facts["dimensions_mm"] == pytest.approx([100, 100, 300], rel=1e-4)
    root = bpy.data.objects["chair"]
    assert sorted(child.name for child in root.children) == ["chair.001", "legs", "seat"]
    lowest = {child.name: min(vertex.co.z for vertex in child.data.vertices) for child in root.children}
    assert lowest == pytest.approx({"legs": 0.0, "seat": 0.1, "chair.001": 0.2}, abs=1e-5)
    bpy.context.view_layer.update()  # what was written; Blender looks at it when it draws
    assert all(child.matrix_world.is_identity for child in root.children)


def test_a_part_of_several_meshes_is_held_together_under_its_name(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    holder = bpy.data.objects.new("whatever", None)
    bpy.context.scene.collection.objects.link(holder)
    for at in (0.5, 1.5):
        block("leg", at, holder)
    block("Cube", 2.5)
    assert prepare(kit(tmp_path, "legs", "seat"))["ok"]
    root = bpy.data.objects["chair"]
    below = {child.name: [item.name for item in child.children] for child in root.children}
    assert below == {"legs": ["leg", "leg.001"], "seat": []}


def test_parts_that_are_joined_are_one_mesh(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    for at in (0.5, 1.5):
        block("Cube", at)
    facts = prepare(kit(tmp_path, "legs", "seat"), joined=True)
    assert (facts["ok"], facts["objects"]) == (True, 1)
    assert facts["dimensions_mm"][2] == pytest.approx(300, rel=1e-4)


@pytest.mark.parametrize("text", ["[]", "{", '[{"name": "legs"}]', '[{"name": "legs", "file": "gone.glb"}]'])
def test_a_list_that_cannot_be_used_is_a_broken_model(tmp_path: Path, text: str) -> None:
    listed = tmp_path / "parts.json"
    listed.write_text(text, encoding="utf-8")
    assert prepare(listed)["code"] == "BrokenModel"


def test_the_whole_way_from_an_image_to_parts_in_the_scene(sim: Simulator) -> None:
    sim.configure(generations={"csm": "today"}, csm_formats=["glb"])
    options = {"kit": True, "texture_model": "baked"}
    made = neural4d.generate(image=CHAIR, provider="csm", size_mm=450, axis="Z", options=options, name="Chair").wait(
        120
    )
    assert (made.state, made.error) == ("placed", None)
    (root,) = made.objects
    assert root.name == "Chair"
    assert [child.name for child in root.children] == ["back", "legs", "seat"]
    assert measure_mm([root], bpy.context.scene)[2] == pytest.approx(450, rel=0.001)
    assert [row["operation"] for row in sim.ledger("csm")] == ["csm.image_to_kit"]
    for part in root.children:
        (slot,) = part.material_slots
        assert any(node.type == "TEX_IMAGE" and node.image for node in slot.material.node_tree.nodes)
