"""The placeholder of a job: made at once, the user's to change, and the model takes its place, whatever it has become.

The engine is left out: what it would report stands in the bridge's list of jobs.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from mathutils import Matrix

from neural4d_blender import ui
from neural4d_blender.client.jobs import snapshots
from neural4d_blender.engine.model.job import Job, Variant
from neural4d_blender.engine.model.states import VariantState
from neural4d_blender.engine.protocol import Request, State
from neural4d_blender.scene import start_job, timer_and_file_handlers
from neural4d_blender.scene.finished_jobs import place_finished_models
from neural4d_blender.scene.placing import placeholder, targets
from neural4d_blender.scene.session import session
from neural4d_blender.scene.shared_engine import bridge
from neural4d_blender.ui.panels import placeholder_labels
from tests.scene.conftest import LENGTH, Prepared

Start = Callable[..., snapshots.Job]
Finish = Callable[..., None]
Sent = list[dict[str, Any]]


@pytest.fixture
def sent(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sent]:
    """An empty file, an extension that is registered, and no engine; what it would be told."""
    for model in ("single", "family"):
        prepared(model)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    ui.register()
    commands: Sent = []
    monkeypatch.setattr(bridge, "send", lambda do, answer=None, **values: commands.append({"do": do, **values}))
    monkeypatch.setattr(start_job, "require_ready", lambda service: None)
    yield commands
    ui.unregister()
    for memory in (bridge.jobs, session.placings.trouble, session.placings.remarks):
        memory.clear()
    session.file_opened()


@pytest.fixture
def start(sent: Sent) -> Start:
    """Start a job as generate() does, and return it."""

    def start(
        prompt: str = "a bird",
        *,
        target: dict[str, Any] | None = None,
        wanted: bool | None = True,
        at_cursor: bool = False,
        **asked: Any,
    ) -> snapshots.Job:
        job_id = str(uuid.uuid4())
        request = Request(prompt, format="GLB", **{"size_mm": LENGTH, "axis": "Z"} | asked)
        target = target or targets.bind((1, 2, 3))
        start_job.start(job_id, "neural4d", request, target, wanted, at_cursor=at_cursor)
        return bridge.jobs[job_id]

    return start


@pytest.fixture
def finish(prepared: Prepared) -> Finish:
    """Report a job's model as ready, and look after it once."""

    def finish(job: snapshots.Job, model: str = "single", variants: int = 1) -> None:
        report(job, State.READY, blends=[prepared(model)] * variants)

    return finish


def report(job: snapshots.Job, state: State, blends: list[Path] = (), **values: Any) -> None:
    """What the engine would say of the job; the bridge has a new snapshot each time."""
    target = dict(bridge.jobs[job.id].target)
    told = Job(job.id, job.provider, job.request.to_dict(), target, state=state, **values)
    told.variants = [Variant(n, "", VariantState.PREPARED, blend=str(blend)) for n, blend in enumerate(blends)]
    bridge.jobs[job.id] = snapshots.Job.of(told)
    place_finished_models.pump()


def held(job: snapshots.Job) -> bpy.types.Object:
    found = placeholder.find(job.id)
    assert found is not None
    return found


def root_of(job: snapshots.Job) -> bpy.types.Object:
    (root,) = place_finished_models.placed_roots(job.id)
    return root


def names() -> list[str]:
    return sorted(thing.name for thing in bpy.data.objects)


def test_it_stands_there_at_once(start: Start) -> None:
    shelf = bpy.data.collections.new("Shelf")
    bpy.context.scene.collection.children.link(shelf)
    thing = held(start("a cute bird", target=targets.bind((1, 2, 3), "Shelf"), size_mm=2500.0))
    # As the model is going to stand: an Empty's own cube has its middle at the origin, so it is drawn over the scene.
    assert (thing.name, thing.type, thing.empty_display_type) == ("a cute bird", "EMPTY", "PLAIN_AXES")
    assert sorted({round(corner.z, 6) for corner in placeholder.corners(thing)}) == [0.0, 2.5]
    assert thing.empty_display_size * 2 == pytest.approx(2.5)
    assert thing.location[:] == (1, 2, 3)
    assert list(thing.users_collection) == [shelf]


@pytest.mark.parametrize(("unit_scale", "size_mm", "edge"), [(0.001, 120.0, 120.0), (0.01, None, 100.0)])
def test_its_size_is_real(start: Start, unit_scale: float, size_mm: float | None, edge: float) -> None:
    bpy.context.scene.unit_settings.scale_length = unit_scale
    assert held(start(size_mm=size_mm)).empty_display_size * 2 == pytest.approx(edge)


def test_who_gets_none(start: Start, sent: Sent) -> None:
    assert placeholder.find(start(wanted=False).id) is None
    assert placeholder.find(start(wanted=None).id) is None  # in background, where nobody looks at it
    thing = bpy.data.objects.new("Old", None)
    bpy.context.scene.collection.objects.link(thing)
    assert placeholder.find(start(target=targets.in_place_of(thing)).id) is None
    assert names() == ["Old"]


@pytest.mark.parametrize("model", ["single", "family"])
def test_the_model_takes_its_place(start: Start, finish: Finish, model: str) -> None:
    scene = bpy.context.scene
    job = start()
    thing = held(job)
    parent, child, watcher = (bpy.data.objects.new(name, None) for name in ("Table", "Hat", "Watcher"))
    shelf, other = bpy.data.collections.new("Shelf"), bpy.data.collections.new("Other")
    for item in (parent, child, watcher):
        scene.collection.objects.link(item)
    for collection in (shelf, other):
        scene.collection.children.link(collection)
        collection.objects.link(thing)
    scene.collection.objects.unlink(thing)
    parent.matrix_basis = Matrix.Translation((0, 0, 1)) @ Matrix.Rotation(0.5, 4, "Y")
    thing.parent = parent
    thing.matrix_parent_inverse = parent.matrix_basis.inverted()
    thing.rotation_mode, thing.rotation_quaternion = "QUATERNION", (0.8, 0.6, 0, 0)
    thing.location, thing.scale, thing.lock_rotation = (4, 5, 6), (2, 2, 2), (True, False, True)
    thing.delta_location = (0, 0, 0.25)
    thing.hide_render = True
    thing.constraints.new("LIMIT_SCALE").name = "Mine"
    thing.name = "Piep"
    child.parent = thing
    watcher.constraints.new("TRACK_TO").target = thing
    bpy.context.view_layer.update()
    where = np.array(thing.matrix_world)

    finish(job, model)

    bpy.context.view_layer.update()
    root = root_of(job)
    assert np.array(root.matrix_world) == pytest.approx(where)
    assert (root.name, root.rotation_mode, root.parent) == ("Piep", "QUATERNION", parent)
    assert tuple(root.lock_rotation) == (True, False, True)
    assert child.parent == watcher.constraints[0].target == root
    assert [constraint.name for constraint in root.constraints] == ["Mine"]
    for item in (root, *(part for part in root.children_recursive if part != child)):
        assert set(item.users_collection) == {shelf, other}
        assert item.hide_render
    assert placeholder.MARK not in root
    assert not any(thing.get(placeholder.MARK) for thing in bpy.data.objects)
    assert bridge.jobs[job.id].state == "placed"
    assert not session.placings.remarks


@pytest.mark.parametrize("model", ["single", "family"])
@pytest.mark.parametrize("hide", ["hide_viewport", "hide_render", "hide_select", "eye"])
def test_a_hidden_one_gives_a_hidden_model(start: Start, finish: Finish, hide: str, model: str) -> None:
    job = start()
    thing = held(job)
    if hide == "eye":
        thing.hide_set(True)
    else:
        setattr(thing, hide, True)
    finish(job, model)
    root = root_of(job)
    for item in (root, *root.children_recursive):
        assert item.hide_get() if hide == "eye" else getattr(item, hide)


def test_selection_stays_what_the_user_made_it(start: Start, finish: Finish) -> None:
    layer = bpy.context.view_layer
    first, second = start("first"), start("second")
    placeholder_of_first = held(first)
    placeholder_of_first.select_set(True)
    layer.objects.active = placeholder_of_first
    held(second).select_set(False)
    finish(first)
    finish(second)
    assert list(layer.objects.selected) == [root_of(first)]
    assert layer.objects.active == root_of(first)


def test_its_action_goes_on_with_the_model(start: Start, finish: Finish) -> None:
    job = start()
    thing = held(job)
    thing.keyframe_insert("location", frame=1)
    thing.location.x = 9
    thing.keyframe_insert("location", frame=11)
    finish(job)
    bpy.context.scene.frame_set(11)
    assert root_of(job).location.x == pytest.approx(9)


def test_in_another_scene_its_units_count(start: Start, finish: Finish) -> None:
    job = start()
    other = bpy.data.scenes.new("Other")
    other.unit_settings.scale_length = 0.001
    other.collection.objects.link(held(job))
    bpy.context.scene.collection.objects.unlink(held(job))
    finish(job)
    assert list(other.collection.objects) == [root_of(job)]
    assert max(corner[2] for corner in root_of(job).bound_box) == pytest.approx(LENGTH, rel=1e-3)


def test_a_copy_confuses_nothing(start: Start, finish: Finish) -> None:
    job = start()
    thing = held(job)
    copy = thing.copy()
    bpy.context.scene.collection.objects.link(copy)
    copy.location.x += 7
    # They even change their names.
    thing.name, copy.name = "x", "a bird"
    thing.name = "a bird.001"
    finish(job)
    assert root_of(job).name == "a bird.001"
    assert root_of(job).location[:] == (1, 2, 3)
    assert names() == ["a bird", "a bird.001"]
    # What the copy is now is the user's own business.
    place_finished_models.place_job(bridge.jobs[job.id], None, targets.bind((0, 0, 9)))
    assert copy.type == "EMPTY"
    assert len(bpy.data.objects) == 3


@pytest.mark.parametrize("model", ["single", "family"])
def test_what_was_cut_and_pasted_is_the_placeholder(start: Start, finish: Finish, model: str) -> None:
    job = start()
    thing = held(job)
    pasted = thing.copy()
    bpy.data.objects.remove(thing)
    bpy.context.scene.collection.objects.link(pasted)
    pasted.location = (7, 7, 7)
    finish(job, model)
    assert root_of(job).location[:] == (7, 7, 7)


def test_a_deleted_one_is_told_of(start: Start, finish: Finish) -> None:
    job = start()
    thing = held(job)
    thing.location = (9, 9, 9)
    bpy.data.objects.remove(thing)
    finish(job)
    assert root_of(job).location[:] == (1, 2, 3)
    assert "placeholder was deleted" in session.placings.remarks[job.id]


def test_edited_marks_are_no_trouble(start: Start, finish: Finish) -> None:
    for number, mark in enumerate([3, "text", {"job": "x"}, [1, 2]]):
        thing = bpy.data.objects.new(f"{number}", None)
        bpy.context.scene.collection.objects.link(thing)
        thing[placeholder.MARK] = mark
    job = start()
    finish(job)
    assert root_of(job).location[:] == (1, 2, 3)


def test_undo_and_redo(start: Start, finish: Finish) -> None:
    mine = bpy.data.objects.new("Mine", None)
    bpy.context.scene.collection.objects.link(mine)
    job = start()
    held(job).location = (5, 5, 5)
    bpy.ops.ed.undo_push(message="Move")
    finish(job)
    assert root_of(job).location[:] == (5, 5, 5)
    placed = names()
    bpy.ops.ed.undo()
    assert place_finished_models.placed_roots(job.id) == []
    assert held(job).location[:] == (5, 5, 5)
    bpy.ops.ed.redo()
    assert (names(), root_of(job).type, placeholder.find(job.id)) == (placed, "MESH", None)
    bpy.ops.ed.undo()
    # Placed again after the undo, it comes to its placeholder; that is a step of its own again.
    place_finished_models.place_job(bridge.jobs[job.id], None, {**targets.bind((0, 0, 0)), "beside": True})
    assert root_of(job).location[:] == (5, 5, 5)
    for _ in range(2):
        bpy.ops.ed.undo()
    assert held(job).location[:] == (1, 2, 3)
    bpy.ops.ed.undo()
    assert names() == ["Mine"]


def test_its_creation_undone_the_model_comes_all_the_same(start: Start, finish: Finish) -> None:
    job = start()
    bpy.ops.ed.undo()
    assert names() == []
    finish(job)
    assert root_of(job).location[:] == (1, 2, 3)
    assert session.placings.remarks[job.id]


def test_saved_and_opened_again(start: Start, finish: Finish, tmp_path: Path) -> None:
    path = str(tmp_path / "mine.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    job = start()
    copy = held(job).copy()
    bpy.context.scene.collection.objects.link(copy)
    thing = held(job)
    thing.name, copy.location.x = "z", 9
    copy.name = "a bird"
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.read_homefile(use_empty=True)
    finish(job)
    assert (bridge.jobs[job.id].state, names()) == ("ready", [])
    bpy.ops.wm.open_mainfile(filepath=path)
    assert held(job).name == "z"  # though nothing in the file has the uid that it had
    place_finished_models.pump()
    assert (root_of(job).name, names()) == ("z", ["a bird", "z"])
    assert root_of(job).location[:] == (1, 2, 3)


@pytest.mark.parametrize("how", ["save as", "renamed"])
def test_a_file_with_another_name_gets_its_model(start: Start, finish: Finish, sent: Sent, tmp_path: Path, how) -> None:
    old, new = tmp_path / "old.blend", tmp_path / "new.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(old))
    job = start()
    bpy.ops.wm.save_mainfile()
    if how == "save as":
        bpy.ops.wm.save_as_mainfile(filepath=str(new))
    bpy.ops.wm.read_homefile(use_empty=True)
    if how == "renamed":
        old.rename(new)
    finish(job)
    assert bridge.jobs[job.id].state == "ready"
    if how == "save as":  # the file that was left behind is not its file any more, though it has the placeholder
        bpy.ops.wm.open_mainfile(filepath=str(old))
        place_finished_models.pump()
        assert place_finished_models.placed_roots(job.id) == []
    bpy.ops.wm.open_mainfile(filepath=str(new))
    place_finished_models.pump()
    assert root_of(job).location[:] == (1, 2, 3)
    assert sent[-1]["do"] == "placed"
    assert sent[-1]["target"]["file"] == str(new)


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED])
def test_a_job_that_comes_to_nothing(start: Start, finish: Finish, monkeypatch: pytest.MonkeyPatch, state) -> None:
    job = start()
    held(job).location = (5, 6, 7)
    error = {"what": "The service is down.", "kept": "", "cost": "", "remedy": "Retry.", "code": "ServiceDown"}
    report(job, state, error=error)
    assert held(job)  # by default it stays
    monkeypatch.setattr(timer_and_file_handlers.user_settings, "keeps_placeholders", lambda: False)
    place_finished_models.pump()
    assert names() == []
    report(job, State.GENERATING)  # retried: it is back, where it stood
    assert held(job).location[:] == (5, 6, 7)
    finish(job)
    assert root_of(job).location[:] == (5, 6, 7)
    assert not session.placings.remarks


def test_a_dismissed_job_takes_it_along(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    job = start()
    report(job, State.FAILED)
    bridge.jobs[job.id] = replace(bridge.jobs[job.id], dismissed=True)
    with monkeypatch.context() as busy:
        busy.setattr(targets, "blocked", lambda: "Waiting.")
        place_finished_models.pump()
        assert (names(), place_finished_models.awaiting()) == (["a bird"], True)
    place_finished_models.pump()
    assert (names(), place_finished_models.awaiting()) == ([], False)
    bpy.ops.ed.undo()
    assert names() == ["a bird"]


def test_all_variants_come_beside_the_first(start: Start, finish: Finish) -> None:
    job = start(variants=3, place_all=True)
    held(job).location = (5, 5, 0)
    finish(job, variants=3)
    place_finished_models.pump()
    places = sorted(tuple(root.location) for root in place_finished_models.placed_roots(job.id))
    assert places[0] == (5, 5, 0)
    assert len(places) == len({x for x, _y, _z in places}) == 3
    assert {(y, z) for _x, y, z in places} == {(5, 0)}
    assert all(thing.type == "MESH" for thing in bpy.data.objects)


def test_a_place_that_is_given_goes_first(start: Start, prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    job = start()
    monkeypatch.setattr(targets, "blocked", lambda: "Waiting.")
    report(job, State.READY, blends=[prepared("single")])
    place_finished_models.place_job(bridge.jobs[job.id], None, {**targets.bind((8, 8, 8)), "exact": True})
    assert root_of(job).location[:] == (8, 8, 8)
    assert names() == ["a bird"]


def test_what_goes_wrong_with_it_does_not_end_the_clock(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    job = start()
    report(job, State.FAILED)
    monkeypatch.setattr(timer_and_file_handlers.user_settings, "keeps_placeholders", lambda: False)
    with monkeypatch.context() as broken:
        broken.setattr(targets, "world_matrix", lambda _thing: 1 / 0)
        assert place_finished_models.pump()
    assert names() == ["a bird"]


def test_a_damaged_model_leaves_it_alone(start: Start, sent: Sent, tmp_path: Path) -> None:
    job = start()
    report(job, State.READY, blends=[tmp_path / "gone.blend"])
    assert sent[-1] == {"do": "prepare", "job": job.id, "variant": 0, "anew": True}  # it is made again by itself
    session.placings.again[job.id, 0] = True  # the engine has answered
    report(job, State.READY, blends=[tmp_path / "gone.blend"])
    assert "is missing" in session.placings.trouble[job.id]["what"]
    assert held(job).name == "a bird"
    assert names() == ["a bird"]


def test_it_waits_until_the_scene_may_be_touched(start: Start, finish: Finish) -> None:
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.object.mode_set(mode="EDIT")
    job = start()
    assert placeholder.find(job.id) is None
    place_finished_models.pump()
    assert bpy.context.mode == "EDIT_MESH"
    bpy.ops.object.mode_set(mode="OBJECT")
    place_finished_models.pump()
    assert held(job)
    bpy.ops.object.mode_set(mode="OBJECT")
    finish(job)
    assert root_of(job).location[:] == (1, 2, 3)
    assert not session.placings.remarks


def test_a_request_knows_nothing_of_it(start: Start) -> None:
    assert "placeholder" not in start().request.to_dict()
    assert start().target["placeholder"] is True


def test_its_label_tells_the_stage(start: Start, prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "blocked", lambda: "Waiting until the render is done.")
    job = start()
    error = {"what": "The service is down.", "kept": "", "cost": "", "remedy": "Retry.", "code": "ServiceDown"}
    told = {
        State.GENERATING: "Generating 40 %",
        State.READY: "Waiting until the render is done.",
        State.FAILED: "Failed: The service is down.",
        State.CANCELLED: "Cancelled",
        State.PLACED: "Place Again puts the model here",
    }
    for state in State:
        report(job, state, [prepared("single")], progress=0.47, error=error if state is State.FAILED else None)
        said = placeholder_labels.words(bridge.jobs[job.id])
        assert said == told.get(state, said) != ""


def test_of_a_model_with_its_origin_in_the_middle(start: Start) -> None:
    thing = held(start(origin="CENTER", size_mm=2000.0))
    assert thing.empty_display_type == "CUBE"
    assert sorted({round(corner.z, 6) for corner in placeholder.corners(thing)}) == [-1.0, 1.0]


def test_jobs_at_one_cursor_stand_side_by_side(start: Start, finish: Finish, monkeypatch: pytest.MonkeyPatch) -> None:
    first = start(size_mm=1000.0, at_cursor=True)
    second = start(size_mm=500.0, at_cursor=True, variants=2, place_all=True)
    held(first).location.y += 5  # moved away: there is room again
    third = start(size_mm=1000.0, at_cursor=True)
    held(first).location.y -= 5
    monkeypatch.setattr(targets, "blocked", lambda: "Waiting until Object Mode is back.")
    fourth = start(size_mm=1000.0, at_cursor=True)  # its placeholder is still to be made, and so is the fifth one's
    fifth = start(size_mm=1000.0, at_cursor=True)
    there = start(size_mm=1000.0)
    places = [job.target["location"][0] for job in (first, second, third, fourth, fifth, there)]
    assert places == pytest.approx([1.0, 1.8, 1.0, 3.2, 4.3, 1.0])
    assert {tuple(job.target["location"][1:]) for job in (first, second, fourth, fifth)} == {(2.0, 3.0)}


def test_labels_are_not_over_each_other() -> None:
    made = [placeholder_labels.Label(["a", "b"], x, y, 100, 30) for x, y in ((0, 0), (50, 10), (60, 20), (300, 5))]
    labels = placeholder_labels.spread(made)
    for label in labels:
        for other in labels:
            apart = abs(label.x - other.x) >= 100 or abs(label.y - other.y) >= 30
            assert apart or label is other
    assert [(label.x, label.y) for label in labels] == [(0, 0), (300, 5), (50, 30), (60, 60)]
