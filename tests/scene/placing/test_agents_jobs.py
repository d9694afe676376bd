"""What an agent has had made in another process, over the journal alone: seen in the open Blender, and placed there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest

from neural4d_blender import ui
from neural4d_blender.engine.protocol import State
from neural4d_blender.scene import timer_and_file_handlers, user_settings
from neural4d_blender.scene.finished_jobs import place_finished_models
from neural4d_blender.scene.session import session
from neural4d_blender.scene.shared_engine import bridge
from scripts.simulator.launcher import Simulator
from tests.support.connected import connect
from tests.support.engine_process import EngineProcess

pytestmark = pytest.mark.both_ends


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(job_seconds=0.0) as running:
        yield running


@pytest.fixture
def agent(
    simulator: Simulator, empty_file: bpy.types.Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[EngineProcess]:
    """Another process over the same data folder, which prepares no models."""
    connect(simulator, tmp_path, monkeypatch)
    monkeypatch.setenv("NEURAL4D_ALLOWANCE_DAY", "1000")
    session.asked.agents_told, session.asked.claimed = None, set()
    timer_and_file_handlers.look_at_agents()
    ui.register()
    with EngineProcess(tmp_path, simulator.api_url, simulator.token, preparer=[]) as engine:
        yield engine
    ui.unregister()


def made(engine: EngineProcess, folder: Path, target: dict[str, Any] | None = None, **more: Any) -> str:
    """Have the agent's process make a model, and see it arrive here; returns its id."""
    job, request = (
        f"of claude {len(engine.jobs)}",
        {"prompt": "a bird", "agent": "claude", "keep_in": str(folder / "as made"), **more},
    )
    quote = engine.ask("quote", jobs=[{"provider": "neural4d", "request": request}])["quote"]["id"]
    told = {"provider": "neural4d", "request": request, "quote": quote, "target": target or {}}
    assert engine.ask("submit", job=job, **told)["error"] is None
    engine.wait(job, "ready")
    look_until(
        lambda: bridge.jobs.get(job) is not None and bridge.jobs[job].state == State.READY and not bridge.jobs[job].left
    )
    return job


def look_until(done: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not done():
        timer_and_file_handlers.look_at_agents()
        place_finished_models.pump()
        assert time.monotonic() < ends, {job.id: (job.state, job.note, job.target) for job in bridge.jobs.values()}
        time.sleep(0.02)


def placed(job: str) -> bool:
    return bridge.jobs[job].state == State.PLACED


def test_it_is_seen_and_comes_by_a_click_into_a_collection_for_the_agent(agent: EngineProcess, tmp_path: Path) -> None:
    job = made(agent, tmp_path)
    assert (bridge.jobs[job].agent, bridge.jobs[job].cost) == ("claude", 30)
    assert not place_finished_models.awaiting(), "nothing comes by itself"
    assert place_finished_models.waiting_for(bridge.jobs[job]) == "It was made for an agent: place it here."
    assert bpy.ops.neural4d.place(job=job, variant=0) == {"FINISHED"}
    look_until(lambda: placed(job))
    (root,) = place_finished_models.placed_roots(job)
    assert [one.name for one in root.users_collection] == ["claude"]
    assert len(agent.ask("find", job=job)["jobs"]) == 1


def test_models_come_by_themselves_where_that_is_allowed_side_by_side_one_undo_step_each(
    agent: EngineProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(user_settings, "places_of_agents", lambda: True)
    jobs = [made(agent, tmp_path), made(agent, tmp_path)]
    look_until(lambda: all(placed(job) for job in jobs))
    (first,), (second,) = (place_finished_models.placed_roots(job) for job in jobs)
    (own,) = [one for one in bpy.data.collections if one.name == "claude"]
    assert {*own.objects} >= {first, second}
    assert first.location.x != second.location.x, "whichever came first"


def test_a_studio_that_wants_to_be_asked_goes_before_the_user(
    agent: EngineProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(user_settings, "places_of_agents", lambda: True)
    policy = tmp_path / "policy.toml"
    policy.write_text('[agents]\nplace = "ask"', encoding="utf-8")
    monkeypatch.setenv("NEURAL4D_POLICY", str(policy))
    job = made(agent, tmp_path)
    look_until(lambda: not bridge.busy)
    assert not bridge.jobs[job].target


def test_of_two_blenders_one_gets_it(agent: EngineProcess, tmp_path: Path) -> None:
    job = made(agent, tmp_path)
    here = {"job": job, "target": {"session": "another Blender's", "location": [0, 0, 0]}}
    assert agent.ask("retarget", **here, first=True)["error"] is None
    refused: list[str] = []
    bridge.send("retarget", lambda told: refused.append(told.error["code"] if told.error else ""), **here, first=True)
    look_until(lambda: bool(refused))
    assert refused == ["InvalidInput"]


def test_a_model_for_a_box_comes_into_it_when_that_file_is_open(
    agent: EngineProcess, simulator: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The boxes were read by a background Blender in the other process, of a copy."""
    bpy.ops.mesh.primitive_cube_add(size=1, location=(3, 0, 0))
    bpy.context.object.name, bpy.context.object.scale = "Chair.001", (0.5, 0.6, 0.9)
    bpy.ops.object.light_add(location=(0, 0, 0))
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "room.blend"), copy=True)
    copy = tmp_path / "jobs" / "offered" / "room.blend"
    copy.parent.mkdir(parents=True)
    copy.write_bytes((tmp_path / "room.blend").read_bytes())
    agent.configure(simulator.api_url, simulator.token, preparer=user_settings.preparer())
    told = agent.ask("boxes", file=str(copy))
    assert told["error"] is None
    (box,) = told["boxes"]
    assert (box["name"], box["size_mm"]) == ("Chair.001", pytest.approx([500, 600, 900], abs=0.1))
    copy.write_bytes(b"no .blend")
    assert agent.ask("boxes", file=str(copy))["error"]["code"] == "BrokenModel"
    monkeypatch.setattr(user_settings, "places_of_agents", lambda: True)
    fit = {"box": "Chair.001", "id": "1", "seat": "FLOOR", "stretch": "", "turns": True}
    job = made(agent, tmp_path, target={"fit": [fit], "offered": str(tmp_path / "room.blend")}, fit_mm=box["size_mm"])
    look_until(lambda: not bridge.busy)
    assert not placed(job), "another file is open"
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "room.blend"))
    look_until(lambda: placed(job))
    (root,) = place_finished_models.placed_roots(job)
    assert root.matrix_world.translation.x == pytest.approx(3, abs=0.3)
    assert bpy.data.objects["Chair.001"].users_collection[0].name == "Blockout"
