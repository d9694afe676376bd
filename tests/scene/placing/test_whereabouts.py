"""Whether a job's model is in the open file, what it stands in, and what is told of an end; without a window."""

from __future__ import annotations

from dataclasses import replace

import bpy
import pytest

from neural4d_blender.client.jobs import snapshots
from neural4d_blender.engine.protocol import State
from neural4d_blender.scene import timer_and_file_handlers, user_settings, whereabouts
from neural4d_blender.scene.finished_jobs import endings, place_finished_models
from neural4d_blender.scene.placing import provenance, targets
from neural4d_blender.scene.session import session
from neural4d_blender.scene.shared_engine import bridge
from neural4d_blender.ui.drawing import state_labels
from neural4d_blender.ui.lists import job_list
from tests.scene.conftest import Prepared
from tests.scene.placing.test_placeholder import Finish, Start, finish, held, root_of, sent, start

__all__ = ["finish", "sent", "start"]  # fixtures


def state(job: snapshots.Job) -> str:
    return state_labels.state(bridge.jobs[job.id])[0]


def end(job: snapshots.Job, at: State) -> None:
    bridge.jobs[job.id] = replace(
        bridge.jobs[job.id], state=at, under_way=at in (State.GENERATING, State.PREPARING_INPUT)
    )


def look() -> list[str]:
    """What the clock would tell, and its ids."""
    bridge.revision += 1
    endings.look()
    return [job.id for job in endings.told()]


def test_in_the_scene_is_true_of_the_open_file_only(start: Start, finish: Finish) -> None:
    job = start()
    finish(job)
    assert state(job) == "In the scene"
    other = bpy.data.objects.new("as many as before", None)
    bpy.data.objects.remove(root_of(job))
    assert state(job) == "Was in the scene"
    bpy.data.objects.remove(other)
    place_finished_models.place_job(bridge.jobs[job.id])
    assert state(job) == "In the scene"
    bpy.data.objects.remove(root_of(job))
    bpy.data.objects.new("as many as before", None)
    timer_and_file_handlers._undone(bpy.context.scene)  # undo can take one away and bring another
    assert state(job) == "Was in the scene"
    session.file_opened()
    target = {**bridge.jobs[job.id].target, "file": "/home/me/chairs.blend"}
    bridge.jobs[job.id] = replace(bridge.jobs[job.id], target=target)
    assert state(job) == "In chairs.blend"
    bridge.jobs[job.id] = replace(bridge.jobs[job.id], target={**target, "file": ""})
    assert state(job) == "In a file that was not saved"


def test_after_a_restart_the_list_says_that_models_are_there(start: Start, finish: Finish) -> None:
    assert job_list.is_empty()
    job = start()
    finish(job)
    assert not job_list.models_of_earlier()  # the job itself is on the list
    bridge.jobs.clear()  # as they are when Blender starts
    assert job_list.models_of_earlier() == 1
    assert not job_list.is_empty()
    bpy.data.objects.remove(provenance.roots_of(job.id)[0])
    assert job_list.is_empty()


def test_progress_of_the_whole_never_falls(start: Start, prepared: Prepared) -> None:
    job, told = start(), 0.0
    stages = (State.GENERATING, 0.0), (State.GENERATING, 1.0), (State.CONVERTING, 0.0), (State.CONVERTING, 1.0)
    further = (State.DOWNLOADING, 0.0), (State.DOWNLOADING, 1.0), (State.PREPARING_MODEL, 1.0), (State.READY, 1.0)
    for number, (at, progress) in enumerate((*stages, *further)):
        bridge.jobs[job.id] = replace(bridge.jobs[job.id], state=at, progress=progress, revision=number)
        assert told <= (told := state_labels.progress(bridge.jobs[job.id]))
    assert told == 1.0


def test_what_it_stands_in_is_told_until_it_is_moved(start: Start, finish: Finish) -> None:
    bpy.ops.mesh.primitive_cube_add(size=2, location=(1, 2, 3))
    bpy.context.view_layer.update()
    job = start(size_mm=2000.0)
    whereabouts.look_around(job.id)
    assert whereabouts.in_the_way(job.id) == ("inside", "Cube")
    held(job).location.x = 20
    assert whereabouts.in_the_way(job.id) is None
    held(job).location.x = 1
    finish(job)
    whereabouts.look_around(job.id)
    assert whereabouts.in_the_way(job.id) == ("inside", "Cube")
    above = bpy.data.objects.new("Above", None)
    above.scale = (2, 2, 2)
    bpy.context.scene.collection.objects.link(above)
    root_of(job).parent = above
    root_of(job).location = (0.5, 1, 1.5)
    assert bpy.ops.neural4d.move_beside(job=job.id) == {"FINISHED"}
    assert whereabouts.in_the_way(job.id) is None
    place = targets.world_matrix(root_of(job)).translation
    assert place.x > 2
    assert place[1:] == pytest.approx((2, 3))
    root_of(job).location = (0.5, 1, 1.5)  # as undo has it
    assert whereabouts.in_the_way(job.id) == ("inside", "Cube")


def test_a_placeholder_that_was_owed_is_looked_after_too(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    bpy.ops.mesh.primitive_cube_add(size=2, location=(1, 2, 3))
    bpy.context.view_layer.update()
    monkeypatch.setattr(targets, "blocked", lambda: "Waiting until Object Mode is back.")
    job = start(size_mm=2000.0)
    monkeypatch.undo()
    monkeypatch.setattr(bridge, "send", lambda *_, **__: None)
    place_finished_models.pump()
    assert whereabouts.in_the_way(job.id) == ("inside", "Cube")


def test_each_end_is_told_once(start: Start, finish: Finish) -> None:
    first, second, third = start("first"), start("second"), start("third")
    assert look() == []
    finish(first)
    end(second, State.FAILED)
    assert set(look()) == {first.id, second.id}
    end(third, State.CANCELLED)
    assert third.id not in look()  # whoever cancels knows
    bpy.ops.neural4d.close_ending(job=first.id)
    assert look() == [second.id]
    end(third, State.CHOOSING_CUTOUT)
    assert third.id not in look()  # it was not seen to be under way since
    end(third, State.PREPARING_INPUT)
    look()
    end(third, State.CHOOSING_CUTOUT)
    assert third.id in look()  # it waits for its user
    end(third, State.CANCELLED)
    bridge.jobs[first.id] = replace(bridge.jobs[first.id], under_way=True)  # another variant of it is being made
    assert first.id not in look()
    end(second, State.GENERATING)  # tried again
    assert look() == []
    end(second, State.FAILED)
    bridge.jobs[second.id] = replace(bridge.jobs[second.id], dismissed=True)
    assert look() == []


def test_a_batch_is_told_when_all_of_it_is_over(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    sounds: list[int] = []
    monkeypatch.setattr(user_settings, "sounds", lambda: True)
    monkeypatch.setattr(endings, "_play", lambda: sounds.append(1))
    jobs = [start("one of many") for _ in range(3)]
    for job in jobs:
        bridge.jobs[job.id] = replace(bridge.jobs[job.id], batch="b")
    look()
    for number, job in enumerate(jobs):
        end(job, State.FAILED)
        assert len(look()) == len(sounds) == (number == 2)


def test_the_first_one_is_shown_by_itself_and_no_other(
    start: Start, finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(whereabouts, "show", lambda job_id, by_itself: shown.append(job_id))
    monkeypatch.setattr(session.placings, "first_shown", False)
    for number in range(2):
        job = start(str(number))
        look()
        finish(job)
        look()
        endings.show_first()
    assert len(shown) == 1
    assert not endings.show_first()


def test_nothing_is_shown_while_somebody_works_in_the_scene(
    start: Start, finish: Finish, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(whereabouts, "show", lambda job_id, by_itself: shown.append(job_id))
    job = start()
    finish(job)
    session.shown.to_show = (job.id, float("inf"))
    monkeypatch.setattr(targets, "blocked", lambda: "Waiting until Object Mode is back.")
    assert not endings.show_first()
    monkeypatch.setattr(targets, "blocked", lambda: "")
    assert endings.show_first()
    assert shown == [job.id]
    assert bpy.ops.neural4d.show.poll()
    monkeypatch.setattr(targets, "blocked", lambda: "Waiting until Object Mode is back.")
    assert not bpy.ops.neural4d.show.poll()
