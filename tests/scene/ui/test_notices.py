"""A notice of the journal stands above the jobs until it is closed; a damaged batch says what it has lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy
import pytest

from neural4d_blender import ui
from neural4d_blender.engine.protocol import BatchRecord
from neural4d_blender.scene.shared_engine import bridge
from neural4d_blender.ui import preferences
from neural4d_blender.ui.drawing import labels
from neural4d_blender.ui.lists import batch_list, batch_progress, job_list
from scripts.simulator.launcher import Simulator
from tests.support.connected import connect

pytestmark = pytest.mark.both_ends

NOTICE = {"code": "JournalMended", "what": "It was missing.", "kept": "", "cost": "", "remedy": "Look at the list."}


class Layout:
    """Notes the texts and the operators that are drawn."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.operators: list[str] = []

    def label(self, text: str = "", **_: Any) -> None:
        self.texts.append(text)

    def operator(self, name: str, **_: Any) -> Any:
        self.operators.append(name)
        return type("Properties", (), {})()

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: self


@pytest.fixture
def layout(monkeypatch: pytest.MonkeyPatch) -> Layout:
    monkeypatch.setattr(labels, "draw", lambda layout, text, *_, **__: layout.texts.append(text))
    monkeypatch.setattr(labels, "cut", lambda text, **_: text)
    return Layout()


@pytest.fixture
def panel(empty_file: bpy.types.Scene, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with Simulator() as simulator:
        connect(simulator, tmp_path / "data", monkeypatch)
        ui.register()
        yield
        ui.unregister()


def test_a_notice_is_drawn_until_it_is_closed(panel: None, layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge.notices, "tell", None)
    bridge.notices.take(NOTICE)
    bridge.notices.take(NOTICE)
    job_list.draw(layout)
    assert layout.texts[0] == "It was missing. Look at the list."
    assert layout.operators[0] == "neural4d.close_notices"
    assert bpy.ops.neural4d.close_notices() == {"FINISHED"}
    assert bridge.notices == []
    again = Layout()
    job_list.draw(again)
    assert "neural4d.close_notices" not in again.operators
    bridge.stop()


@pytest.mark.parametrize("holds", [None, {}, {"files": True, "network": False, "processes": True, "limits": True}])
def test_what_confines_an_import_is_told(layout: Layout, monkeypatch: pytest.MonkeyPatch, holds: Any) -> None:
    monkeypatch.setattr(bridge, "sandbox", holds)
    preferences.NEURAL4D_AP_preferences._draw_safety(None, layout)
    told = " ".join(layout.texts)
    assert ("is tried when the first job starts" in told) == (holds is None)
    assert ("could not be tried" in told) == (holds == {})
    assert ("Not here: The network is out of its reach" in told) == bool(holds)


def test_a_damaged_batch_says_so_and_can_be_continued(panel: None, layout: Layout) -> None:
    record = BatchRecord("b", "birds", stopped=True, budget=0, damaged="It cannot be read whole.")
    batch_list._draw_batch(layout, record, batch_progress.Tally("b"))
    assert {"birds", "It cannot be read whole."} <= set(layout.texts)
    assert "neural4d.continue_batch" in layout.operators
