"""A model whose file is no more, between the question to the engine and its answer."""

from __future__ import annotations

from collections.abc import Callable

import bpy
import pytest

from neural4d_blender.client.jobs import snapshots
from neural4d_blender.client.jobs.replies import Answer
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.protocol import Request, State
from neural4d_blender.scene.finished_jobs import recover_unsaved
from neural4d_blender.scene.placing import targets
from neural4d_blender.scene.session import session
from neural4d_blender.scene.shared_engine import bridge

Answered = Callable[[Answer], None]


@pytest.fixture
def answers(empty_file: bpy.types.Scene, monkeypatch: pytest.MonkeyPatch) -> list[Answered]:
    """What waits for the engine's answer, after a ready model of a file that was never saved was brought here."""
    waiting: list[Answered] = []
    monkeypatch.setattr(bridge, "send", lambda _do, answered, **_values: waiting.append(answered))
    target = {**targets.bind((0, 0, 0)), "session": "of another Blender", "file": ""}
    told = snapshots.Job.of(Job("lost", "neural4d", Request("a bird", format="GLB").to_dict(), target, State.READY))
    bridge.jobs["lost"] = told
    assert recover_unsaved.bring_here([told]) == ["lost"]
    return waiting


def test_it_is_ready_here_once_the_engine_says_so(answers: list[Answered]) -> None:
    assert bridge.jobs["lost"].state == State.PREPARING_MODEL
    answers[0](Answer())
    assert bridge.jobs["lost"].state == State.READY
    assert targets.is_here(bridge.jobs["lost"].target)
    assert not recover_unsaved.is_on_its_way("lost")


def test_refused_it_stays_where_it_is(answers: list[Answered]) -> None:
    answers[0](Answer(error={"what": "Another Blender has it."}))
    assert not targets.is_here(bridge.jobs["lost"].target)
    assert session.placings.trouble["lost"] == {"what": "Another Blender has it."}


@pytest.mark.parametrize("error", [None, {"what": "Another Blender has it."}])
def test_the_answer_comes_after_another_data_folder_was_chosen(
    answers: list[Answered], error: dict[str, str] | None
) -> None:
    bridge.jobs.clear()
    answers[0](Answer(error=error))
    assert not bridge.jobs
    assert not session.placings.trouble
    assert not recover_unsaved.is_on_its_way("lost")
