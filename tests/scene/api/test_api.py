"""The Python API on the bpy module, against the simulator: the whole way from a prompt to the scene."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest

import neural4d_blender as neural4d
from neural4d_blender import ui
from neural4d_blender.scene.placing.placement import measure_mm
from neural4d_blender.scene.shared_engine import bridge
from scripts.simulator.launcher import Simulator
from tests.support.connected import connect


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(generation="2024", job_seconds=0.0, texture_size=64) as process:
        yield process


@pytest.fixture
def sim(
    simulator: Simulator, empty_file: bpy.types.Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Simulator:
    return connect(simulator, tmp_path, monkeypatch)


@pytest.mark.parametrize("scale_length", [1.0, 0.001])
@pytest.mark.parametrize("axis", ["X", "LONGEST"])
def test_a_prompt_becomes_a_sized_model(sim: Simulator, scale_length: float, axis: str) -> None:
    scene = bpy.context.scene
    scene.unit_settings.scale_length = scale_length
    job = neural4d.generate("a cute bird", size_mm=120, axis=axis, location=(1, 2, 3), name="Birdie")
    assert job.state == "queued"
    assert job.wait(timeout=60) is job
    assert (job.state, job.cost, job.error) == ("placed", 60, None)
    (root,) = job.objects
    assert root.name == "Birdie"
    assert root.location[:] == (1, 2, 3)
    assert (root.scale[:], root.rotation_euler[:]) == ((1, 1, 1), (0, 0, 0))
    size = measure_mm([root], scene)
    assert (size[0] if axis == "X" else max(size)) == pytest.approx(120, rel=0.001)
    assert root["neural4d_prompt"] == "a cute bird"
    assert sim.spent == 60


def test_it_stands_where_the_cursor_was_and_in_the_active_collection(sim: Simulator) -> None:
    scene = bpy.context.scene
    props = bpy.data.collections.new("Props")
    scene.collection.children.link(props)
    bpy.context.view_layer.active_layer_collection = bpy.context.view_layer.layer_collection.children["Props"]
    scene.cursor.location = (5, 0, 0)
    job = neural4d.generate("a wooden chair", size_mm=900)
    scene.cursor.location = (0, 0, 0)
    job.wait(60)
    (root,) = job.objects
    assert root.location[:] == (5, 0, 0)
    assert list(root.users_collection) == [props]
    assert bpy.context.view_layer.objects.active == root


def test_place_again_and_another_variant_cost_nothing(sim: Simulator) -> None:
    job = neural4d.generate("a red rocket", size_mm=50, variants=3, best_for="").wait(60)
    assert [variant.state for variant in job.variants].count("prepared") == 1
    for variant in range(3):
        (root,) = job.place(variant=variant, location=(variant, 0, 0))
        assert max(measure_mm([root], bpy.context.scene)) == pytest.approx(50, rel=0.001)
    assert len(job.objects) == 4
    assert len({len(root.data.vertices) for root in job.objects}) >= 2
    assert sim.spent == 60


@pytest.mark.one_blender
@pytest.mark.both_ends
def test_several_jobs_at_once(sim: Simulator) -> None:
    jobs = [neural4d.generate(f"robot number {number}", size_mm=100 + number) for number in range(4)]
    for number, job in enumerate(jobs):
        assert max(measure_mm(job.wait(60).objects, bpy.context.scene)) == pytest.approx(100 + number, rel=0.001)
    assert sim.spent == 4 * 60
    assert {job.id for job in neural4d.jobs()} == {job.id for job in jobs}


@pytest.mark.one_blender
def test_a_job_that_fails_says_all_there_is_to_say(sim: Simulator) -> None:
    sim.set_fault(endpoint="file", fault="truncated_body", times=None)
    job = neural4d.generate("a mug")
    with pytest.raises(neural4d.JobFailed, match=r"Call retry\(\)") as caught:
        job.wait(60)
    assert caught.value.reason == "DownloadFailed"
    assert "60 points were paid" in caught.value.cost
    assert caught.value.kept
    sim.clear_faults()
    job.retry()
    job.wait(60)
    assert sim.spent == 60


@pytest.mark.one_blender
def test_a_wrong_key_on_the_module(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURAL4D_API_TOKEN", "wrong-key")
    with pytest.raises(neural4d.JobFailed, match="key") as caught:
        neural4d.generate("a mug").wait(60)
    assert caught.value.reason == "KeyRejected"
    assert "wrong-key" not in str(caught.value)
    assert sim.spent == 0


@pytest.mark.one_blender
def test_without_a_key_or_online_access_nothing_starts(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEURAL4D_API_TOKEN")
    with pytest.raises(neural4d.KeyMissing) as caught:
        neural4d.generate("a mug")
    assert "NEURAL4D_API_TOKEN" in caught.value.remedy
    bpy.context.preferences.system.use_online_access = False
    with pytest.raises(neural4d.OnlineAccessOff):
        neural4d.generate("a mug")
    with pytest.raises(neural4d.OnlineAccessOff):
        neural4d.balance()
    assert not bridge.running
    assert sim.requests() == []


@pytest.mark.one_blender
def test_time_that_is_up_leaves_the_job_alone(sim: Simulator) -> None:
    sim.configure(job_seconds=1000)
    job = neural4d.generate("a mug")
    with pytest.raises(TimeoutError, match="goes on"):
        job.wait(1)
    sim.wait_for_request("generateModelWithText", where=lambda request: request["status"] == 200)
    sim.finish_jobs()
    job.wait(60)
    assert sim.spent == 60


@pytest.mark.one_blender
def test_cancelled(sim: Simulator) -> None:
    sim.configure(job_seconds=1000)
    job = neural4d.generate("a mug")
    with pytest.raises(TimeoutError):
        job.wait(1)
    job.cancel()
    with pytest.raises(neural4d.JobFailed, match="cancelled"):
        job.wait(30)


def test_another_file_gets_nothing_by_itself(sim: Simulator) -> None:
    ui.register()
    try:
        job = neural4d.generate("a mug", size_mm=80)
        bpy.ops.wm.read_factory_settings(use_empty=True)
        bpy.context.preferences.system.use_online_access = True
        job.wait(60)
        assert job.state == "ready"
        assert job.objects == []
        (root,) = job.place(location=(0, 0, 1))
        assert job.objects == [root]
    finally:
        ui.unregister()


def test_a_file_that_is_opened_again_gets_its_model(sim: Simulator, tmp_path: Path) -> None:
    ui.register()
    try:
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "mine.blend"))
        job = neural4d.generate("a mug", size_mm=80)
        bpy.ops.wm.read_homefile(use_empty=True)
        bpy.context.preferences.system.use_online_access = True
        job.wait(60)
        assert job.state == "ready"
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "mine.blend"))
        job.wait(10)
        assert len(job.objects) == 1
    finally:
        ui.unregister()


@pytest.mark.one_blender
def test_an_engine_that_is_killed_is_started_again(sim: Simulator) -> None:
    sim.configure(job_seconds=1000)
    job = neural4d.generate("a mug")
    with pytest.raises(TimeoutError):
        job.wait(1)
    assert bridge._process is not None
    bridge._process.kill()
    sim.finish_jobs()
    job.wait(60)
    assert len(job.objects) == 1
    assert sim.spent == 60


def test_the_operator_gives_what_the_api_gives(sim: Simulator) -> None:
    ui.register()
    try:
        chosen = bpy.context.scene.neural4d
        chosen.prompt, chosen.size_mm, chosen.axis = "a wooden chair", 450.0, "Z"
        assert bpy.ops.neural4d.generate() == {"FINISHED"}
        (by_operator,) = neural4d.jobs()
        by_api = neural4d.generate("a wooden chair", size_mm=450.0, axis="Z")
        by_operator.wait(60)
        by_api.wait(60)
        assert by_operator.request == by_api.request
        first, second = (measure_mm(job.objects, bpy.context.scene) for job in (by_operator, by_api))
        assert first == pytest.approx(second)
        assert first[2] == pytest.approx(450, rel=0.001)
    finally:
        ui.unregister()


@pytest.mark.one_blender
def test_balance_estimate_and_services(sim: Simulator) -> None:
    assert neural4d.balance("neural4d").total == sim.balance
    assert neural4d.estimate("a mug", variants=2, size_mm=3, location=(0, 0, 0)) == 60
    assert neural4d.spent() == 0
    sim.configure(prices={"text": 20})
    neural4d.generate("a mug").wait(60)
    assert neural4d.estimate("another mug") == 20
    assert neural4d.spent() == sim.spent == 20
    assert next(iter(neural4d.providers())).id == "neural4d"


@pytest.mark.both_ends
def test_no_secret_is_in_a_saved_file(sim: Simulator, tmp_path: Path) -> None:
    neural4d.generate("a mug").wait(60)
    path = tmp_path / "saved.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path), compress=False)
    assert sim.token.encode() not in path.read_bytes()


@pytest.mark.one_blender
def test_help_tells_the_whole_story() -> None:
    for name in ("generate", "estimate", "balance", "jobs", "providers", "spent"):
        assert inspect.getdoc(getattr(neural4d, name))
    parameters = inspect.signature(neural4d.generate).parameters
    text = inspect.getdoc(neural4d.generate) or ""
    assert [name for name in parameters if f"{name}:" not in text] == []
    assert "requests" not in {name for name in sys.modules if name.startswith("neural4d_blender.scene")}
