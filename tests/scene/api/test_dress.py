"""A whole blockout becomes models: one batch, one job for each name, a budget, and a kill in the middle."""

from __future__ import annotations

import bpy
import pytest

import neural4d_blender as neural4d
from neural4d_blender.api import fit
from neural4d_blender.scene.placing import MORE, PLACEHOLDER, provenance
from neural4d_blender.scene.shared_engine import bridge
from scripts import demo_blockout
from scripts.simulator.launcher import Simulator
from tests.scene.api.test_api import sim, simulator
from tests.scene.api.test_fit import is_filled, registered

pytestmark = pytest.mark.one_blender

__all__ = ["registered", "sim", "simulator"]

#: Names of things, and how many boxes of each stand in the room: 30 in all.
ROOM = {"oak table": 1, "chair": 14, "lamp": 14, "rug": 1}


def block_out(room: dict[str, int]) -> bpy.types.Collection:
    collection = bpy.data.collections.new("Room")
    bpy.context.scene.collection.children.link(collection)
    mesh = bpy.data.meshes.new("Box")
    mesh.from_pydata([(x, y, z) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (0, 1)], [], [])
    for row, (name, count) in enumerate(room.items()):
        for number in range(count):
            box = bpy.data.objects.new(f"{name}.{number:03}", mesh)
            box.location, box.scale = (number * 3, row * 3, 0), (1, 2, 1 + row)
            collection.objects.link(box)
    bpy.context.view_layer.update()
    return collection


@pytest.mark.usefixtures("registered")
def test_thirty_boxes_on_a_budget_and_killed_in_the_middle(sim: Simulator) -> None:
    sim.configure(job_seconds=0.3, balance=10_000)
    room = block_out(ROOM)
    estimate = neural4d.dress(room, style="low poly", dry_run=True)
    assert (estimate.items, estimate.documented) == (4, 4)
    assert not any(thing.keys() for thing in room.objects)  # a look changes nothing
    with pytest.raises(neural4d.InvalidInput, match=r"'chiar', and no box is called that; .*: chair, lamp, oak table"):
        neural4d.dress(room, prompts={"chiar": "an oak chair", "Lamp.001": "a lamp"})
    assert not sim.ledger()

    batch = neural4d.dress(room, style="low poly", budget=2 * 60, concurrency=2)
    assert fit.fillable(room.all_objects) == []
    while not any(job.state == "placed" for job in batch.results):
        batch._host.pump()
    killed = bridge._process
    killed.kill()
    while bridge._process is killed:
        bridge.drain()
    batch = neural4d.resume(batch.id)
    batch.wait(300)
    assert sum(row["points"] for row in sim.ledger()) == batch.cost == 120
    assert [job.state for job in batch.results].count("placed") == 2
    left = [job for job in batch.results if job.state != "placed"]
    assert all(job.error for job in left)
    kept = {thing.name for thing in room.all_objects if thing.get("neural4d_job") is None}
    assert {name.rpartition(".")[0] for name in kept} == {job.title for job in left}

    batch.resume(budget=None)
    batch.wait(300)
    lines = batch.lines()
    assert sum(line.points for line in lines) == sum(row["points"] for row in sim.ledger()) == 240
    roots = [root for job in batch.results for root in job.objects]
    assert len(roots) == 30
    assert {job.request["prompt"] for job in batch.results} == {f"{name}, low poly" for name in ROOM}
    for row, (name, count) in enumerate(ROOM.items()):
        mine = [root for root in roots if provenance.fit_of(root)["box"].startswith(name)]
        assert len(mine) == count
        assert len({root.data for root in mine}) == 1
        assert all(root.scale[:] == (1, 1, 1) for root in mine)
        assert is_filled(mine[-1], (1, 2, 1 + row))
    assert fit.fillable(room.all_objects) == []
    assert len(bpy.data.collections["Blockout"].objects) == 30


@pytest.mark.usefixtures("registered")
def test_a_placeholder_in_every_box_and_all_at_once_as_one_undo_step(sim: Simulator) -> None:
    sim.configure(job_seconds=0.1, balance=10_000)
    room = block_out({"chair": 3, "lamp": 2, "rug": 1})
    sim.set_fault("generateModelWithText", "http_422", times=1)
    batch = neural4d.dress(room, together=True, placeholder=True, concurrency=1)
    while len(_placeholders()) < 6:
        batch._host.pump()
    bpy.context.view_layer.update()
    for row, (name, count) in enumerate({"chair": 3, "lamp": 2, "rug": 1}.items()):
        mine = [thing for thing in _placeholders() if thing.name.startswith(name)]
        assert len(mine) == count
        assert all(2 * thing.empty_display_size * thing.scale.z == pytest.approx(1 + row) for thing in mine)
    assert fit.fillable(_placeholders()) == []
    while not {"ready", "placed"} & {job.state for job in batch.results}:
        batch._host.pump()
    assert not any(job.objects for job in batch.results), "the first ones wait for the last one"
    batch.wait(120)
    (failed,) = [job for job in batch.results if job.state != "placed"]
    kept = [bpy.data.objects[one["box"]] for one in failed._data.target["fit"]]
    assert all(box.users_collection == (room,) for box in kept)
    assert failed.error
    assert sum(len(job.objects) for job in batch.results) == 6 - len(kept)
    assert len(_placeholders()) == len(kept)
    bpy.ops.ed.undo()
    assert not any(job.objects for job in batch.results)
    assert len(_placeholders()) == 6
    assert len(bpy.data.collections["Room"].objects) == 12


def _placeholders() -> list[bpy.types.Object]:
    return [thing for thing in bpy.data.objects if thing.get(PLACEHOLDER) or thing.get(MORE)]


def test_the_room_of_the_demo(empty_file: bpy.types.Scene) -> None:
    rows = list(fit.plan(demo_blockout.build_room(empty_file), style="", vary=False, prompts={}))
    named = {row["prompt"]: len(row["fit"]) for row in rows}
    assert named == {"cute bird": 8, "golden trophy": 4, "red rocket": 2, "wooden chair": 16}


def test_varied_and_chosen_boxes(sim: Simulator) -> None:
    room = block_out({"chair": 2, "lamp": 1})
    lamp = bpy.data.objects["lamp.000"]
    varied = fit.plan(room, style="", vary=True, prompts={"chair": "a red chair"})
    assert [row["prompt"] for row in varied] == ["a red chair", "a red chair", "lamp"]
    (row,) = fit.plan([lamp], style="toon", vary=False, prompts={})
    assert row == {"prompt": "lamp, toon", "name": "lamp", "fit": [lamp]}
    lamp.name = "12"
    with pytest.raises(neural4d.InvalidInput, match="There is no box"):
        neural4d.dress(bpy.data.collections.new("Nothing"))
    sun = bpy.data.objects.new("Sun", bpy.data.lights.new("Sun", "SUN"))
    room.objects.link(sun)
    assert sun not in fit.fillable(room.all_objects)
    with pytest.raises(neural4d.InvalidInput, match="Sun has no size"):
        neural4d.dress([sun])
    assert not sim.ledger()
