"""Bringing in from the panel: the account's list as it is drawn, files with a size, what the clipboard holds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest
import requests

from neural4d_blender import ui
from neural4d_blender.scene.finished_jobs import place_finished_models
from neural4d_blender.scene.shared_engine import bridge
from neural4d_blender.ui.drawing import icons
from neural4d_blender.ui.lists.account_page import page
from neural4d_blender.ui.operators import bring_in as operators
from neural4d_blender.ui.panels import bring_in as panels
from scripts.simulator.launcher import Simulator
from tests.support import sample_models
from tests.support.connected import connect
from tests.support.drawn import Drawn, without_a_region
from tests.support.other_services import data_uri
from tests.support.simulator_client import TIMEOUT

pytestmark = pytest.mark.both_ends


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(job_seconds=0.0, csm_formats=["glb"], texture_size=64) as process:
        yield process


@pytest.fixture
def sim(
    simulator: Simulator, empty_file: bpy.types.Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Simulator]:
    without_a_region(monkeypatch)
    monkeypatch.setattr(icons, "icon", lambda path: 7 if path else 0)
    monkeypatch.setattr(panels, "_width", lambda: 14.0)
    sim = connect(simulator, tmp_path / "data", monkeypatch)
    sim.configure(csm_formats=["glb"])
    ui.register()
    bpy.context.scene.neural4d.provider = "csm"
    yield sim
    ui.unregister()


def made_elsewhere(sim: Simulator, **input: str) -> str:
    order = {"type": "image_to_3d", "input": {"image_url": data_uri(), **input}}
    headers = {"x-api-key": sim.keys["csm"]}
    answer = requests.post(f"{sim.api_url}/v3/sessions/", json=order, headers=headers, timeout=TIMEOUT)
    return str(answer.json()["_id"])


def drawn() -> Any:
    layout: Any = Drawn()
    panels.NEURAL4D_PT_account.draw(SimpleNamespace(layout=layout), bpy.context)  # type: ignore[arg-type]
    return layout


def until(condition: Callable[[], object]) -> None:
    ends = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < ends
        place_finished_models.pump()
        time.sleep(0.02)


def test_the_list_is_asked_for_by_the_button_alone(sim: Simulator) -> None:
    spent = sim.spent
    assert drawn().buttons[0][:2] == ("List Models at CSM", "neural4d.list_account")
    assert sim.requests() == []
    assert bpy.ops.neural4d.list_account(provider="csm", page=0) == {"FINISHED"}
    assert drawn().texts == ["Asking CSM ..."]
    until(lambda: page.models is not None)
    assert "No model is on this page." in drawn().texts
    bpy.context.scene.neural4d.provider = "goneural"
    assert drawn().texts == ["GoNeural has no list of the models of an account."]
    assert sim.spent == spent


def test_one_of_the_list_comes_into_the_scene_and_is_marked(sim: Simulator) -> None:
    id = made_elsewhere(sim, prompt="a red chair")
    spent = sim.spent
    bpy.ops.neural4d.list_account(provider="csm", page=0)
    until(lambda: page.pictures)
    shown = drawn()
    (button,) = [given for _, name, given in shown.buttons if name == "neural4d.bring_in"]
    assert ("a red chair" in shown.texts, button.what, button.provider) == (True, id, "csm")
    bpy.context.scene.neural4d.size_mm = 250.0
    assert bpy.ops.neural4d.bring_in(what=button.what, provider=button.provider) == {"FINISHED"}
    assert "neural4d.bring_in" not in drawn().operators()
    (job,) = bridge.jobs
    until(lambda: bridge.jobs[job].state == "placed")
    (place,) = [given for _, name, given in drawn().buttons if name == "neural4d.place"]
    assert place.job == job
    (root,) = [thing for thing in bpy.data.objects if thing.parent is None]
    assert max(root.dimensions) == pytest.approx(0.25, rel=0.001)
    bridge.jobs.clear()  # as in another session
    bpy.ops.neural4d.list_account(provider="csm", page=0)
    until(lambda: page.models)
    assert "neural4d.place" in drawn().operators()
    assert sim.spent == spent


def test_what_is_wrong_is_said_in_its_place(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSM_API_KEY", "wrong")
    bpy.ops.neural4d.list_account(provider="csm", page=0)
    until(lambda: page.trouble)
    assert any("key" in text for text in drawn().texts)
    bpy.context.preferences.system.use_online_access = False
    bpy.ops.neural4d.list_account(provider="csm", page=0)
    assert "online access is off" in " ".join(drawn().texts)


def test_files_come_in_the_size_of_the_dialog(sim: Simulator, tmp_path: Path) -> None:
    sample_models.single()
    names = [sample_models.export("GLB", tmp_path, name).name for name in ("one", "two")]
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.unit_settings.scale_length = 0.01
    given = {"directory": str(tmp_path), "files": [{"name": name} for name in names]}
    assert bpy.ops.neural4d.bring_in_files(**given, size=40.0, axis="Z") == {"FINISHED"}
    asked = [(job.request.size_mm, job.request.axis, job.request.title) for job in bridge.jobs.values()]
    assert sorted(asked) == [(400.0, "Z", "one"), (400.0, "Z", "two")]
    assert bpy.ops.neural4d.bring_in_files(filepath=str(tmp_path / names[0]), use_size=False) == {"FINISHED"}
    assert [*bridge.jobs.values()][-1].request.size_mm is None
    with pytest.raises(RuntimeError, match="no file"):
        bpy.ops.neural4d.bring_in_files(filepath=str(tmp_path / "missing.glb"))
    assert sim.requests() == []


def test_the_clipboard_is_read_by_its_button_alone(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module has no clipboard of its own."""
    field = bpy.context.window_manager.neural4d_bring_in
    read: list[str] = []

    class Manager:
        neural4d_bring_in = field

        @property
        def clipboard(self) -> str:
            read.append("")
            return "\n  6650aaaaaaaaaaaaaaaaaaaa \nmore"

    paste, told = operators.NEURAL4D_OT_paste_what.execute, SimpleNamespace(report=lambda *_: None)
    drawn()
    assert (read, field.what) == ([], "")
    assert paste(told, SimpleNamespace(window_manager=Manager())) == {"FINISHED"}  # type: ignore[arg-type]
    assert field.what == "6650aaaaaaaaaaaaaaaaaaaa"
    with pytest.raises(RuntimeError):
        bpy.ops.neural4d.bring_in(what="nonsense, surely")
    assert bpy.ops.neural4d.bring_in() == {"FINISHED"}
    assert ([job.provider for job in bridge.jobs.values()], field.what) == (["csm"], "")


def test_models_are_taken_where_they_are_dropped_on_a_viewport() -> None:
    handler = operators.NEURAL4D_FH_model
    taken = handler.bl_file_extensions.split(";")
    assert {".glb", ".gltf", ".fbx", ".obj", ".stl", ".ply", ".usdz", ".zip"} <= {*taken}
    assert ".blend" not in taken, "Blender's own"
    for area, takes in (("VIEW_3D", True), ("OUTLINER", False), (None, False)):
        context: Any = SimpleNamespace(area=SimpleNamespace(type=area) if area else None)
        assert handler.poll_drop(context) is takes
