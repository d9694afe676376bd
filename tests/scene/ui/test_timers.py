"""No timer ends by an error: it is said on the console, once, and the next look is taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import bpy
import pytest

from neural4d_blender.client.jobs import snapshots
from neural4d_blender.client.jobs.snapshots import ToPrepare
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.protocol import EngineStopped, Request, State
from neural4d_blender.scene import timer_and_file_handlers
from neural4d_blender.scene.finished_jobs import place_finished_models, prepare_in_foreground
from neural4d_blender.scene.placing import placeholder, targets
from neural4d_blender.scene.session import session
from neural4d_blender.scene.shared_engine import bridge
from neural4d_blender.ui.lists import history_page


def fails(*_: Any, **__: Any) -> NoReturn:
    raise KeyError("of the test")


def cannot_start(*_: Any, **__: Any) -> NoReturn:
    raise EngineStopped("The folder for files cannot be used.")


@pytest.fixture(autouse=True)
def _nothing_said_yet(empty_file: bpy.types.Scene) -> None:
    session.shown.logged.clear()
    bridge.jobs["a"] = snapshots.Job.of(Job("a", "neural4d", Request("a bird").to_dict(), {}, State.GENERATING))


@pytest.mark.parametrize(
    ("where", "name"),
    [
        (bridge, "drain"),
        (bridge, "configure"),
        (prepare_in_foreground, "step"),
        (place_finished_models, "expected"),
        (place_finished_models, "_others_wanted"),
        (placeholder, "tend"),
        (placeholder, "stages"),
        (timer_and_file_handlers, "redraw"),
    ],
)
@pytest.mark.parametrize("failing", [fails, cannot_start])
def test_the_clock_goes_on(
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    where: Any,
    name: str,
    failing: Callable[..., Any],
) -> None:
    monkeypatch.setattr(bridge, "drain", lambda: True)
    monkeypatch.setattr(where, name, failing)
    for _ in range(3):
        session.shown.redrawn = 0.0
        assert timer_and_file_handlers._tick() == timer_and_file_handlers._TICK
    assert capfd.readouterr().err.count("Traceback") == 1


def test_what_comes_after_the_error_is_done_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr(bridge, "drain", fails)
    monkeypatch.setattr(placeholder, "tend", lambda keep: bool(done.append("tend")))
    assert place_finished_models.pump()
    assert done == ["tend"]


def test_the_first_look_and_the_history_say_why_nothing_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timer_and_file_handlers.user_settings, "online", fails)
    timer_and_file_handlers._resume()
    monkeypatch.setattr(history_page.page, "look_up", fails)
    monkeypatch.setattr(history_page.page, "_seen", None)
    history_page._look_up()


def test_a_model_that_this_blender_fails_to_import_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    from neural4d_blender.prepare import foreground

    told: list[dict[str, Any]] = []
    monkeypatch.setattr(foreground, "prepare", fails)
    monkeypatch.setattr(bridge, "send", lambda do, answer=None, **values: told.append({"do": do, **values}))
    monkeypatch.setattr(targets, "blocked", lambda: "")
    bridge.to_prepare.append(ToPrepare("a", 0, {}))
    assert prepare_in_foreground.step()
    assert (told[0]["do"], told[0]["facts"]["ok"], told[0]["facts"]["code"]) == ("prepared", False, "PreparerFailed")
