"""Where a model goes: the scene, the collection and the object that were meant, or a refusal before anything is paid.

The engine is left out: what it would report stands in the bridge's list of jobs.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import numpy as np
import pytest
from mathutils import Matrix, Vector

import neural4d_blender as neural4d
from neural4d_blender import ui
from neural4d_blender.client.jobs import snapshots
from neural4d_blender.engine.errors import InvalidInput
from neural4d_blender.engine.model.job import Job, Variant
from neural4d_blender.engine.model.states import VariantState
from neural4d_blender.engine.protocol import Request, State
from neural4d_blender.scene import start_job
from neural4d_blender.scene.finished_jobs import place_finished_models
from neural4d_blender.scene.placing import placement, provenance, targets
from neural4d_blender.scene.session import session
from neural4d_blender.scene.shared_engine import bridge
from tests.scene.conftest import LENGTH, Prepared

pytestmark = pytest.mark.both_ends

Start = Callable[..., snapshots.Job]
Finish = Callable[..., bpy.types.Object | None]


@pytest.fixture
def start(prepared: Prepared, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start a job as generate() does, without an engine, and return it."""
    for model in ("single", "family"):
        prepared(model)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    ui.register()
    monkeypatch.setattr(bridge, "send", lambda do, answer=None, **values: None)
    monkeypatch.setattr(start_job, "require_ready", lambda service: None)

    def start(target: dict[str, Any], placeholder: bool = False) -> snapshots.Job:
        job_id = str(uuid.uuid4())
        request = Request("a bird", format="GLB", size_mm=LENGTH, axis="Z")
        start_job.start(job_id, "neural4d", request, target, placeholder)
        return bridge.jobs[job_id]

    yield start
    ui.unregister()
    for memory in (bridge.jobs, session.placings.trouble, session.placings.remarks, session.placings.hidden):
        memory.clear()
    session.file_opened()


@pytest.fixture
def finish(prepared: Prepared) -> Finish:
    """Report a job's model as ready, look after it once, and return its root, if it was placed."""

    def finish(job: snapshots.Job, model: str = "single") -> bpy.types.Object | None:
        told = Job(job.id, job.provider, job.request.to_dict(), dict(bridge.jobs[job.id].target), state=State.READY)
        told.variants = [Variant(0, "", VariantState.PREPARED, blend=str(prepared(model)))]
        told.entered = job.entered + 1
        bridge.jobs[job.id] = snapshots.Job.of(told)
        place_finished_models.pump()
        return next(iter(place_finished_models.placed_roots(job.id)), None)

    return finish


def new(name: str, scene: bpy.types.Scene | None = None) -> bpy.types.Object:
    made = bpy.data.objects.new(name, None)
    (scene or bpy.context.scene).collection.objects.link(made)
    return made


def collection(name: str, above: bpy.types.Collection | None = None) -> bpy.types.Collection:
    made = bpy.data.collections.new(name)
    (above or bpy.context.scene.collection).children.link(made)
    return made


def layer(*names: str) -> bpy.types.LayerCollection:
    found = bpy.context.view_layer.layer_collection
    for name in names:
        found = found.children[name]
    return found


def linked(folder: Path, kind: str, *names: str, **how: bool) -> list[Any]:
    """Linked from a file of their own, which these are moved to."""
    things = [getattr(bpy.data, kind)[name] for name in names]
    file = folder / f"{kind}.blend"
    for thing in things:
        thing.use_fake_user = True
    bpy.ops.wm.save_as_mainfile(filepath=str(file), copy=True)
    for thing in things:
        getattr(bpy.data, kind).remove(thing)
    with bpy.data.libraries.load(str(file), link=True) as (_, wanted):
        setattr(wanted, kind, list(names))
    return list(getattr(wanted, kind))


# What is refused before anything is paid


@pytest.mark.parametrize(
    "location",
    [
        *((0, math.nan, 0), (math.inf, 0, 0), (0, 0, -math.inf), (1e39, 0, 0), np.full(3, np.nan)),
        *(("1", "2", "3"), "123", (1, 2), (1, 2, 3, 4), 5, (1, None, 2), {"x": 1, "y": 2, "z": 3}),
    ],
    ids=repr,
)
def test_a_location_that_is_no_three_numbers(start: Start, location: Any) -> None:
    with pytest.raises(InvalidInput, match="three numbers"):
        neural4d.generate("a bird", location=location)
    assert bridge.jobs == {}


@pytest.mark.parametrize("location", [(1, 2, 3), np.array([1, 2, 3]), np.float32([1, 2, 3]), Vector((1, 2, 3))])
def test_three_numbers_of_any_kind(start: Start, location: Any) -> None:
    assert targets.bind(location)["location"] == [1.0, 2.0, 3.0]


def test_a_cursor_that_a_script_put_nowhere(start: Start) -> None:
    bpy.context.scene.cursor.location.x = math.nan
    with pytest.raises(InvalidInput, match="three numbers"):
        targets.bind()


def test_a_linked_scene_takes_no_model(start: Start, finish: Finish, tmp_path: Path) -> None:
    mine = bpy.context.scene
    bpy.data.scenes.new("Library")
    (other,) = linked(tmp_path, "scenes", "Library")
    shown = bpy.context.temp_override(scene=other, view_layer=other.view_layers[0])
    with shown, pytest.raises(InvalidInput, match="Library is linked from another file"):
        neural4d.generate("a bird", location=(0, 0, 0))
    assert bridge.jobs == {}
    # One of the same name as the job's own scene, which is gone by the time the model comes.
    job = start({**targets.bind((0, 0, 0)), "scene": "Library"})
    with bpy.context.temp_override(scene=other, view_layer=other.view_layers[0]):
        root = finish(job)
    assert session.placings.trouble == {}
    assert root is not None
    assert list(root.users_scene) == [mine]


@pytest.mark.parametrize("which", ["linked", "overridden", "a linked duplicate of it"])
def test_the_place_of_a_model_of_another_file_cannot_be_taken(
    start: Start, prepared: Prepared, tmp_path: Path, which: str
) -> None:
    scene = bpy.context.scene
    (root,) = placement.place(
        prepared("single"), name="bird", location=(0, 0, 0), collection=scene.collection, scene=scene
    )
    root[provenance.JOB] = "an earlier job"
    (found,) = linked(tmp_path, "objects", "bird")
    scene.collection.objects.link(found)
    if which == "overridden":
        found = found.override_create(remap_local_usages=True)
    elif which != "linked":
        twin = bpy.data.objects.new("mine", found.data)
        scene.collection.objects.link(twin)
        twin[provenance.JOB] = "an earlier job"
        found = twin
    with pytest.raises(InvalidInput, match="linked from another file"):
        targets.in_place_of(found)


# The scene, the collection and the object that were meant


def test_another_scene_is_another_scene(start: Start, finish: Finish) -> None:
    """Where the job was started, whatever is shown when the model comes, and by that one's units."""
    mine = bpy.context.scene
    other = bpy.data.scenes.new("Other")
    other.unit_settings.scale_length = 0.001
    job = start(targets.bind((1, 2, 3), scene=other))
    root = finish(job)
    assert list(other.collection.objects) == [root]
    assert not mine.collection.objects
    assert max(corner[2] for corner in root.bound_box) == pytest.approx(LENGTH, rel=1e-3)


def test_the_scene_is_gone(start: Start, finish: Finish) -> None:
    other = bpy.data.scenes.new("Other")
    job = start(targets.bind((1, 2, 3), scene=other))
    bpy.data.scenes.remove(other)
    root = finish(job)
    assert list(bpy.context.scene.collection.objects) == [root]


@pytest.mark.parametrize("how", ["beside", "in its place"])
def test_a_model_in_another_scene_is_followed_there(start: Start, finish: Finish, how: str) -> None:
    other = bpy.data.scenes.new("Other")
    other.unit_settings.scale_length = 0.01
    shelf = bpy.data.collections.new("Shelf")
    other.collection.children.link(shelf)
    stands = new("old", other)
    stands[provenance.JOB] = "old job"
    other.collection.objects.unlink(stands)
    shelf.objects.link(stands)
    stands.location = (4, 0, 0)
    job = start(targets.next_to(stands) if how == "beside" else targets.in_place_of(stands))
    root = finish(job)
    assert root in list(shelf.objects)
    assert not bpy.context.scene.collection.all_objects
    assert placement.measure_mm([root], other)[2] == pytest.approx(LENGTH, rel=1e-3)


def test_a_model_that_was_moved_to_another_scene_is_replaced_by_that_ones_units(start: Start, finish: Finish) -> None:
    stands = new("old")
    stands[provenance.JOB] = "old job"
    job = start(targets.in_place_of(stands))
    other = bpy.data.scenes.new("Other")
    other.unit_settings.scale_length = 0.001
    bpy.context.scene.collection.objects.unlink(stands)
    other.collection.objects.link(stands)
    root = finish(job)
    assert list(other.collection.objects) == [root]
    assert placement.measure_mm([root], other)[2] == pytest.approx(LENGTH, rel=1e-3)


def test_a_file_where_the_folder_would_be_is_refused_before_a_conversion_is_paid(start: Start, tmp_path: Path) -> None:
    (tmp_path / "models").touch()
    job = neural4d.Job(start(targets.bind((0, 0, 0))).id)
    with pytest.raises(InvalidInput, match="Nothing can be written into"):
        job.save("STL", tmp_path / "models")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "mine.blend"))
    (tmp_path / "textures").touch()
    with pytest.raises(InvalidInput, match="Nothing can be written into"):
        neural4d.generate("a bird", pack_images=False)


@pytest.mark.parametrize("kind", ["of the user's", "of another job"])
def test_an_object_that_has_the_name_now_is_nobody_elses_to_replace(start: Start, finish: Finish, kind: str) -> None:
    stands = new("bird")
    stands[provenance.JOB] = "old job"
    job = start(targets.in_place_of(stands))
    stands.name = "moved away"
    theirs = new("bird")
    if kind != "of the user's":
        theirs[provenance.JOB] = "a third job"
    before = theirs.name, theirs.type
    root = finish(job)
    assert (theirs.name, theirs.type) == before
    assert root is not None
    assert root.name == "moved away"
    assert theirs not in (root, *root.children_recursive)


def test_what_was_to_be_replaced_is_gone(start: Start, finish: Finish) -> None:
    stands, theirs = new("bird"), new("x")
    stands[provenance.JOB], stands.location = "old job", (7, 8, 9)
    job = start(targets.in_place_of(stands))
    bpy.data.objects.remove(stands)
    theirs.name = "bird"
    root = finish(job)
    assert root is not None
    assert root.location[:] == (7, 8, 9)
    assert theirs.type == "EMPTY"
    assert theirs.name == "bird"


def test_a_placeholder_of_that_name_that_is_not_the_jobs(start: Start, finish: Finish) -> None:
    job = start(targets.bind((1, 2, 3)), placeholder=True)
    own = next(iter(bpy.context.scene.collection.objects))
    own.name = "renamed"
    theirs = new("a bird")
    root = finish(job)
    assert root.name == "renamed"
    assert theirs.type == "EMPTY"
    assert root.location[:] == (1, 2, 3)


@pytest.mark.parametrize("override", [False, True])
def test_a_linked_collection_takes_no_objects(start: Start, finish: Finish, tmp_path: Path, override: bool) -> None:
    scene = bpy.context.scene
    made = bpy.data.collections.new("Shelf")
    made.objects.link(bpy.data.objects.new("theirs", None))
    (shelf,) = linked(tmp_path, "collections", "Shelf")
    if override:
        shelf = shelf.override_hierarchy_create(scene, bpy.context.view_layer, do_fully_editable=True)
    else:
        scene.collection.children.link(shelf)
    assert shelf.name in scene.collection.children
    root = finish(start(targets.bind((0, 0, 0), "Shelf")))
    assert session.placings.trouble == {}
    assert list(root.users_collection) == [scene.collection]
    if override:
        return
    collection("Shelf", collection("Mine"))  # local, of the same name
    root = finish(start(targets.bind((0, 0, 0), "Shelf")))
    assert [one.library for one in root.users_collection] == [None]
    assert root.users_collection[0].name == "Shelf"


@pytest.mark.parametrize("job", ["RENDER", "OBJECT_BAKE"])
def test_during_a_render_a_model_waits(start: Start, finish: Finish, monkeypatch: pytest.MonkeyPatch, job: str) -> None:
    running = {job}
    app = SimpleNamespace(is_job_running=running.__contains__)
    monkeypatch.setattr(targets, "bpy", SimpleNamespace(app=app, context=bpy.context, data=bpy.data, types=bpy.types))
    waiting = start(targets.bind((0, 0, 0)))
    assert (finish(waiting) is None) is (job == "RENDER")
    if job == "RENDER":
        assert place_finished_models.waiting_for(bridge.jobs[waiting.id]) == "Waiting until the render is done."
    running.clear()
    place_finished_models.pump()
    assert len(place_finished_models.placed_roots(waiting.id)) == 1


@pytest.mark.parametrize("which", ["target", "beside"])
def test_the_parent_inverse_counts(start: Start, finish: Finish, which: str) -> None:
    """Of what stands parented: the place in the world, not that below the parent."""
    parent, stands = new("Table"), new("bird")
    stands[provenance.JOB] = "old job"
    parent.matrix_basis = Matrix.Translation((10, 0, 0)) @ Matrix.Rotation(1, 4, "Z")
    stands.parent = parent
    stands.matrix_parent_inverse = Matrix.Translation((0, 5, 0)) @ Matrix.Scale(2, 4)
    stands.location = (1, 1, 1)
    bpy.context.view_layer.update()
    where = stands.matrix_world.translation.copy()
    assert where != parent.matrix_basis @ stands.location
    assert targets.world_matrix(stands).translation[:] == pytest.approx(where[:])
    if which == "target":
        job = start(targets.in_place_of(stands))
        bpy.data.objects.remove(stands)
    else:
        job = start(targets.next_to(stands))
    assert finish(job).location[:] == pytest.approx(where[:])


# Collections that nobody sees


@pytest.mark.parametrize("how", ["exclude", "eye", "screen", "above", "above excluded"])
@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_a_hidden_collection_is_said_and_shown(start: Start, finish: Finish, how: str, when: str) -> None:
    shelf = collection("Shelf", collection("Room"))

    def hide() -> None:
        {
            "exclude": lambda: setattr(layer("Room", "Shelf"), "exclude", True),
            "eye": lambda: setattr(layer("Room", "Shelf"), "hide_viewport", True),
            "screen": lambda: setattr(shelf, "hide_viewport", True),
            "above": lambda: setattr(layer("Room"), "hide_viewport", True),
            "above excluded": lambda: setattr(layer("Room"), "exclude", True),
        }[how]()

    if when == "before":
        hide()
    job = start(targets.bind((0, 0, 0), "Shelf"))
    note = session.placings.remarks.get
    if when == "before":
        assert ("excluded" if "exclude" in how else "is hidden") in note(job.id, "")
        assert job.id in session.placings.hidden
    else:
        assert note(job.id) is None
        hide()
    root = finish(job)
    assert list(root.users_collection) == [shelf]
    assert "is not seen" in neural4d.Job(job.id).note
    assert not root.visible_get()
    assert bpy.ops.neural4d.show_collection(job=job.id) == {"FINISHED"}
    bpy.context.view_layer.update()
    assert root.visible_get()
    assert neural4d.Job(job.id).note == ""
    assert job.id not in session.placings.hidden


def test_shown_before_the_model_came_nothing_is_said(start: Start, finish: Finish) -> None:
    collection("Shelf")
    layer("Shelf").exclude = True
    job = start(targets.bind((0, 0, 0), "Shelf"))
    assert job.id in session.placings.hidden
    layer("Shelf").exclude = False
    assert finish(job).visible_get()
    assert neural4d.Job(job.id).note == ""
    assert job.id not in session.placings.hidden


def test_a_collection_that_is_seen_in_another_place(start: Start, finish: Finish) -> None:
    shelf = collection("Shelf", collection("Room"))
    bpy.context.scene.collection.children.link(shelf)
    layer("Room").exclude = True
    finish(job := start(targets.bind((0, 0, 0), "Shelf")))
    assert neural4d.Job(job.id).note == ""
