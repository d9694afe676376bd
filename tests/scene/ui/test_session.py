"""What this Blender remembers, when the extension is switched off and on: a file may be opened, or saved, meanwhile."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import pytest

from neural4d_blender import ui
from neural4d_blender.client.jobs import snapshots
from neural4d_blender.client.paths import is_same_file
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.protocol import Request, State
from neural4d_blender.scene.finished_jobs import place_finished_models
from neural4d_blender.scene.placing import placeholder, targets
from neural4d_blender.scene.session import session
from neural4d_blender.scene.shared_engine import bridge

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


def unloaded() -> dict[str, Any]:
    ours = [name for name in sys.modules if name.partition(".")[0] == "neural4d_blender"]
    return {name: sys.modules.pop(name) for name in ours}


def test_an_update_in_the_middle_of_a_job_keeps_its_target_and_placeholder(sent: Sent) -> None:
    """Updating an extension means that all of its modules are loaded anew."""
    made = placeholder.find("a")
    assert made is not None
    session.file.owed.add("b")
    job = bridge.jobs["a"]
    ui.unregister()
    ours = unloaded()
    try:
        new_ui, new = (importlib.import_module(f"neural4d_blender.{name}") for name in ("ui", "scene.session"))
        new_targets, new_placeholder = (
            importlib.import_module(f"neural4d_blender.scene.placing.{name}") for name in ("targets", "placeholder")
        )
        assert new.session is not session
        new_ui.register()
        assert new_targets.is_here(job.target)
        assert new_placeholder.find("a") == made
        assert new_placeholder.is_original(made)
        assert new.session.file.owed == {"b"}
        new_ui.unregister()
    finally:
        unloaded()
        sys.modules.update(ours)
        ui.register()
    session.file.owed.clear()
    assert targets.is_here(job.target)


@pytest.mark.parametrize("saved", [False, True])
def test_a_file_that_is_opened_by_another_path_is_the_same_file(sent: Sent, tmp_path: Path, saved: bool) -> None:
    """Saved by way of a link it takes the link's place, and is what the user goes on with."""
    file, link = tmp_path / "mine.blend", tmp_path / "link.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(file))
    try:
        link.symlink_to(file)
    except OSError:
        pytest.skip("no links may be made here")
    another_file()
    assert not targets.is_here(bridge.jobs["a"].target)
    bpy.ops.wm.open_mainfile(filepath=str(link))
    assert targets.is_here(bridge.jobs["a"].target)
    assert list(placeholder.standing()) == ["a"]
    if saved:
        bpy.ops.wm.save_mainfile()
        assert targets.is_here(bridge.jobs["a"].target)
        assert bridge.jobs["a"].target["file"] == str(link)


def test_a_job_of_an_earlier_session_goes_along_to_another_name(sent: Sent, tmp_path: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "mine.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "mine.blend"))
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "new.blend"))
    assert bridge.jobs["a"].target["file"] == str(tmp_path / "new.blend")


@pytest.mark.parametrize(("other", "same"), [("sub/../mine.blend", True), ("MINE.blend", None), ("other.blend", False)])
def test_which_paths_are_the_same(tmp_path: Path, other: str, same: bool | None) -> None:
    """Where letters of either case are the same, the file system says so itself."""
    mine = tmp_path / "mine.blend"
    (tmp_path / "sub").mkdir()
    assert is_same_file(mine, tmp_path / "sub" / ".." / "mine.blend")  # though there is no file
    mine.touch()
    assert is_same_file(mine, tmp_path / other) is ((tmp_path / other).exists() if same is None else same)


def test_a_disk_that_takes_its_time_is_asked_once(sent: Sent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "mine.blend"))
    asked = []
    monkeypatch.setattr(targets, "is_same_file", lambda *paths: asked.append(paths) or False)
    for _ in range(3):
        assert not targets.is_here({"file": "/elsewhere/mine.blend"})
    assert len(asked) == 1
