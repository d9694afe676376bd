"""What this Blender remembers, when the extension is switched off and on: a file may be opened, or saved, meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import pytest

from neural4d_blender import ui
from neural4d_blender.client import snapshots
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.protocol import Request, State
from neural4d_blender.scene import place_finished_models
from neural4d_blender.scene.engine_process import bridge
from neural4d_blender.scene.placing import placeholder, targets
from neural4d_blender.scene.session import session

Sent = list[dict[str, Any]]


@pytest.fixture
def sent(empty_file: bpy.types.Scene, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sent]:
    """The extension is on, in a file that was never saved, with a job of it; what an engine would be told."""
    commands: Sent = []
    monkeypatch.setattr(bridge, "send", lambda do, answer=None, **values: commands.append({"do": do, **values}))
    ui.register()
    target = targets.bind((0, 0, 0))
    request = Request("a bird", format="GLB").to_dict()
    bridge.jobs["a"] = snapshots.Job.of(Job("a", "neural4d", request, target, State.GENERATING))
    placeholder.ask_for("a")
    yield commands
    ui.unregister()
    session.file_opened()


def off_and_on(meanwhile: Any = lambda: None) -> None:
    ui.unregister()
    meanwhile()
    ui.register()


def another_file() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)


def test_a_job_stays_with_the_file_that_is_open(sent: Sent, tmp_path: Path) -> None:
    made = placeholder.find("a")
    assert made is not None
    off_and_on()
    assert targets.is_here(bridge.jobs["a"].target)
    assert placeholder.is_original(made)
    assert list(placeholder.standing()) == ["a"]
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "mine.blend"))
    assert [(told["do"], told["job"]) for told in sent] == [("retarget", "a")]
    assert bridge.jobs["a"].target["file"] == str(tmp_path / "mine.blend")


def test_a_job_of_a_closed_file_is_not_bound_to_the_next_one(sent: Sent, tmp_path: Path) -> None:
    bound = bridge.jobs["a"].target
    off_and_on(another_file)
    assert not targets.is_here(bound)
    assert placeholder.standing() == {}
    bridge.jobs["a"] = replace(bridge.jobs["a"], state=State.READY)
    assert place_finished_models.expected() == []
    assert "closed without being saved" in place_finished_models.waiting_for(bridge.jobs["a"])
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "another.blend"))
    assert sent == []
    assert bridge.jobs["a"].target == bound


def test_the_placeholders_of_a_file_that_was_opened_meanwhile_are_found(sent: Sent, tmp_path: Path) -> None:
    file = str(tmp_path / "mine.blend")
    bpy.ops.wm.save_as_mainfile(filepath=file)
    another_file()
    off_and_on(lambda: bpy.ops.wm.open_mainfile(filepath=file))
    assert targets.is_here(bridge.jobs["a"].target)
    assert list(placeholder.standing()) == ["a"]


def test_what_was_placed_is_known_and_what_was_asked_is_over(sent: Sent) -> None:
    session.placings.trouble["a"] = {"what": "It is gone."}
    session.placings.ready["a"] = 1.0
    session.asked.key_tests["neural4d"] = ("Asking Neural4D ...", True)
    session.shown.unfolded.add("a")
    off_and_on()
    assert session.placings.trouble["a"] == {"what": "It is gone."}
    assert session.placings.ready.pop("a") == 1.0
    assert session.asked.key_tests == {}
    assert session.shown.unfolded == set()
