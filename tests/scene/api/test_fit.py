"""Jobs whose model is to fill a box: from the click to the model in it, and everything that may happen to it later."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest
from mathutils import Vector

import neural4d_blender as neural4d
from neural4d_blender import ui
from neural4d_blender.api import fit
from neural4d_blender.client.jobs.box_fit import shown_mm
from neural4d_blender.engine import protocol
from neural4d_blender.engine.protocol import Request
from neural4d_blender.scene import start_job
from neural4d_blender.scene.placing import provenance
from neural4d_blender.scene.placing.fitting import boxes, fit_into_box
from neural4d_blender.scene.placing.placement import measure_mm, undo_push
from neural4d_blender.scene.shared_engine import bridge
from scripts.simulator.launcher import Simulator
from tests.scene.api.test_api import sim, simulator

pytestmark = pytest.mark.one_blender

__all__ = ["sim", "simulator"]


def make_box(name: str, sides: tuple[float, float, float] = (2, 1, 3), at: tuple[float, float, float] = (5, 0, 0)):
    bpy.ops.mesh.primitive_cube_add(size=1, location=(0, 0, 0.5))
    box = bpy.context.object
    box.name, box.scale, box.location = name, sides, Vector(at) + Vector((0, 0, sides[2] / 2))
    bpy.context.view_layer.update()
    return box


def sides_of(root: bpy.types.Object) -> list[float]:
    bpy.context.view_layer.update()
    return [side / 1000 for side in measure_mm([root], bpy.context.scene)]


def is_filled(root: bpy.types.Object, sides: tuple[float, float, float]) -> bool:
    shares = [own / side for own, side in zip(sides_of(root), sides, strict=True)]
    return max(shares) == pytest.approx(1, rel=0.001)


@pytest.fixture
def registered() -> Iterator[None]:
    ui.register()
    yield
    ui.unregister()


@pytest.mark.usefixtures("registered")
def test_a_job_fills_its_box_and_another_one_does_in_its_place(sim: Simulator, tmp_path: Path) -> None:
    box = make_box("Oak_Chair.001")
    home = bpy.data.collections.new("Room")
    bpy.context.scene.collection.children.link(home)
    bpy.context.scene.collection.objects.unlink(box)
    home.objects.link(box)
    file = str(tmp_path / "room.blend")
    bpy.ops.wm.save_as_mainfile(filepath=file)
    job = neural4d.generate(fit=box, variants=2)
    assert (job.request["prompt"], job.request["size_mm"], job.request["fit_mm"]) == (
        "Oak Chair",
        3000,
        [2000, 1000, 3000],
    )
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.context.preferences.system.use_online_access = True
    assert job.wait(60).state == "ready"  # it belongs to the other file
    assert not job.objects
    bpy.ops.wm.open_mainfile(filepath=file)
    box = bpy.data.objects["Oak_Chair.001"]
    box.name, box.scale.z = "Renamed", 1.5  # the user goes on
    box.location.z = 0.75
    bpy.context.view_layer.update()
    job.wait(60)
    (root,) = job.objects
    assert is_filled(root, (2, 1, 1.5))
    assert (root.users_collection[0].name, root.scale[:]) == ("Room", (1, 1, 1))
    fits = [variant.fit for variant in job.variants]
    assert all(0 < fit <= 1 for fit in fits)
    blockout = bpy.data.collections["Blockout"]
    assert list(blockout.objects) == [box]
    assert not box.visible_get()
    assert box.dimensions[:] == (2, 1, 1.5)

    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=file)
    (root,), box = job.objects, bpy.data.objects["Renamed"]
    assert provenance.fit_of(root)["box"] == "Renamed"
    box.scale, box.location = (4, 4, 4), (0, 0, 2)
    undo_push("Resize")
    assert neural4d.refit(root) == [root]
    assert is_filled(root, (4, 4, 4))
    assert root.location.z == pytest.approx(0, abs=1e-4)
    box.scale = (0.4, 0.4, 0.4)
    neural4d.refit(box)
    assert is_filled(root, (0.4, 0.4, 0.4))
    assert not box.visible_get()
    bpy.ops.ed.undo()
    (root,) = job.objects
    assert is_filled(root, (4, 4, 4))

    job.replace(root, 1 - provenance.read(root).variant)
    assert is_filled(root, (4, 4, 4))
    paid = len(sim.ledger())
    other = job.again(replace=root, variants=1).wait(60)
    assert is_filled(*other.objects, (4, 4, 4))
    beside = other.again().wait(60)
    assert is_filled(*beside.objects, (4, 4, 4))
    assert beside.objects[0].location.x == pytest.approx(4.4, abs=0.2)
    assert len(sim.ledger()) == paid + 2


def test_the_variant_is_taken_that_fits_best(sim: Simulator) -> None:
    job = neural4d.generate("a cute bird", fit=make_box("Bird"), variants=3).wait(60)
    fits = [variant.fit for variant in job.variants]
    taken = fits.index(max(fits))
    assert provenance.read(*job.objects).variant == taken
    told = [side / 1000 for side in shown_mm(job._data, job.variants[taken])]
    assert sorted(sides_of(*job.objects)) == pytest.approx(sorted(told), rel=0.001)  # it may be turned


def test_one_job_in_many_boxes(sim: Simulator) -> None:
    things = [make_box(f"Lamp.{n:03}", (2, 2, 2) if n == 3 else (1, 1, 1), (3 * n, 0, 0)) for n in range(1, 4)]
    (at, turned, large) = things
    turned.rotation_euler.z = 1
    job = neural4d.generate(fit=things).wait(60)
    assert len(job.objects) == 3
    assert len({root.data for root in job.objects}) == 1
    assert len(bpy.data.collections["Blockout"].objects) == 3
    scales = {provenance.fit_of(root)["box"]: root.scale.x for root in job.objects}
    assert scales[at.name] == scales[turned.name] == 1
    assert scales[large.name] != 1
    assert len(sim.ledger()) == 1


def test_refit_where_the_box_was_removed_says_so(sim: Simulator) -> None:
    box = make_box("A bird")
    job = neural4d.generate(fit=box).wait(60)
    bpy.data.objects.remove(box)
    with pytest.raises(neural4d.InvalidInput, match=r"The box of A bird.*, A bird, is gone"):
        neural4d.refit(*job.objects)


def test_boxes_of_another_file_are_refused_and_left_alone(sim: Simulator, tmp_path: Path) -> None:
    box = make_box("Crate")
    holder = bpy.data.collections.new("Crates")
    bpy.context.scene.collection.children.link(holder)
    holder.objects.link(box)
    boxes.mark([boxes.bind(box, "FLOOR", "", turns=True)])
    file = str(tmp_path / "crates.blend")
    bpy.ops.wm.save_as_mainfile(filepath=file)
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.context.preferences.system.use_online_access = True
    with bpy.data.libraries.load(file, link=True) as (_there, wanted):
        wanted.collections = ["Crates"]
    bpy.context.scene.collection.children.link(bpy.data.collections["Crates"])
    linked = bpy.data.collections["Crates"].objects[0]
    other = bpy.data.collections["Crates"].override_hierarchy_create(bpy.context.scene, bpy.context.view_layer)
    own = other.objects[0]
    assert own.override_library
    for thing in (linked, own):
        with pytest.raises(neural4d.InvalidInput, match="Crate is linked from another file"):
            neural4d.generate(fit=thing)
        with pytest.raises(neural4d.InvalidInput, match="Crate is linked from another file"):
            neural4d.dress([thing])
    fit = {"box": "Crate", "id": linked[boxes.MARK], "seat": "FLOOR", "stretch": "", "turns": True}
    assert boxes.find(fit, by_name=True) is None
    boxes.put_away(linked, bpy.context.scene)
    assert bpy.data.collections.get("Blockout") is None
    assert not sim.ledger()


def test_what_ends_blender_or_is_no_number_is_refused(empty_file: bpy.types.Scene) -> None:
    one, other = (bpy.data.collections.new(name) for name in ("One", "Other"))
    for home, shown in ((one, other), (other, one)):
        inner = bpy.data.objects.new(f"In {home.name}", None)
        inner.instance_type, inner.instance_collection = "COLLECTION", shown
        home.objects.link(inner)
    box = bpy.data.objects.new("Crate", None)
    box.instance_type, box.instance_collection = "COLLECTION", one
    with pytest.raises(neural4d.InvalidInput, match="Crate shows One, a collection that has an instance of itself"):
        fit_into_box.into([box])
    nowhere = make_box("Nowhere")
    nowhere.location.x = float("nan")
    bpy.context.view_layer.update()
    with pytest.raises(neural4d.InvalidInput, match="Where Nowhere stands, or how large it is, is no number"):
        fit_into_box.into([nowhere])


def test_a_box_that_is_gone_leaves_its_place(sim: Simulator) -> None:
    box = make_box("A bird")
    job = neural4d.generate(fit=box, placeholder=True)
    bpy.data.objects.remove(box)
    (root,) = job.wait(60).objects
    assert "box is gone" in job.note
    assert max(sides_of(root)) == pytest.approx(3, rel=0.001)
    assert root.location.x == pytest.approx(5)


def test_it_is_placed_again_in_its_box_and_varied(sim: Simulator) -> None:
    box = make_box("A bird", (1, 1, 1))
    job = neural4d.generate(fit=box).wait(60)
    bpy.data.batch_remove(job.objects)
    (root,) = job.place()
    assert is_filled(root, (1, 1, 1))
    (second,) = job.place()
    assert is_filled(second, (1, 1, 1))
    assert second.location.x == pytest.approx(root.location.x + 1.1, abs=0.01)
    for request in start_job.variations("neural4d", Request.from_dict(job.request), 3):
        protocol.check("neural4d", request)
    fit = provenance.fit_of(root)
    box.name, root.name = "Bird 2", "A bird"  # somebody else's object has the name now
    assert boxes.find(fit, by_name=True) == box
    del box[boxes.MARK]
    assert boxes.find(fit) is None


def test_what_is_no_box(sim: Simulator) -> None:
    lamp = bpy.data.objects.new("Sun", bpy.data.lights.new("Sun", "SUN"))
    bpy.context.scene.collection.objects.link(lamp)
    with pytest.raises(neural4d.InvalidInput, match="Sun has no size"):
        neural4d.generate(fit=lamp)
    box = make_box("A bird")
    with pytest.raises(neural4d.InvalidInput, match="seat must be"):
        neural4d.generate(fit=box, seat="LAP")
    with pytest.raises(neural4d.InvalidInput, match="stretch must be"):
        neural4d.generate(fit=box, stretch="W")
    with pytest.raises(neural4d.InvalidInput, match="box gives size"):
        neural4d.generate(fit=box, size_mm=3)
    with pytest.raises(neural4d.InvalidInput, match="box takes one model"):
        neural4d.generate(fit=box, place_all=True, variants=2)
    with pytest.raises(neural4d.InvalidInput, match="is no box"):
        neural4d.refit(box)
    assert not sim.ledger()
    assert not bridge.jobs


def test_what_is_no_box_is_refused_in_a_sentence() -> None:
    """Nothing selected is not the same as no box asked for: it would be paid for, and of no size."""
    gone = make_box("Gone")
    bpy.data.objects.remove(gone)
    for wrong in ([], "Box", gone, [gone], [None]):
        with pytest.raises(neural4d.InvalidInput, match=r"no box to fill|fit takes an Object or a list of Objects"):
            neural4d.generate("a chair", fit=wrong)
        with pytest.raises(neural4d.InvalidInput, match=r"no box to fill|no object of the open|what takes a Coll"):
            neural4d.dress(wrong)
    for wrong in (None, "Box", gone):
        with pytest.raises(neural4d.InvalidInput):
            neural4d.refit(wrong)
    with pytest.raises(neural4d.InvalidInput, match="what takes a Collection or a list of Objects, not None"):
        neural4d.dress(None)


def test_a_box_that_is_given_twice_is_filled_once_and_its_prompt_found_whatever_its_capitals_are() -> None:
    one, other = make_box("Chair"), make_box("chair")
    (row,) = fit.plan([one, other, one], style="", vary=False, prompts={"chair": "an oak chair"})
    assert (row["prompt"], row["fit"]) == ("an oak chair", [one, other])
    target, _ = fit_into_box.into([one, one])
    assert len(target["fit"]) == 1
