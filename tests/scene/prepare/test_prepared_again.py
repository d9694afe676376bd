"""A prepared model that cannot be used, damaged or of a newer Blender, is made again by itself, and not paid again."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import bpy
import pytest

import neural4d_blender as neural4d
from neural4d_blender.api.jobs.job import Job
from neural4d_blender.cli.blender_session import BlenderSession, place_finished_models
from neural4d_blender.cli.main import main
from neural4d_blender.engine.protocol import blend_version
from neural4d_blender.scene.placing import targets
from neural4d_blender.scene.placing.placement import measure_mm
from neural4d_blender.scene.session import session
from scripts.simulator.launcher import Simulator
from tests.support.connected import connect

pytestmark = pytest.mark.both_ends
Harm = Callable[[Path], object]


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(generation="2024", job_seconds=0.0, texture_size=64) as process:
        yield process


@pytest.fixture
def sim(
    simulator: Simulator, empty_file: bpy.types.Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Simulator]:
    monkeypatch.chdir(tmp_path)
    connect(simulator, tmp_path / "data", monkeypatch).configure(triangles=200, texture_size=16)
    yield simulator
    session.placings.again.clear()


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:20_000])


def newer(file: Path) -> None:
    """As a Blender would write it that is not there yet."""
    content = file.read_bytes()
    head = b"BLENDER-v402" if content.startswith(b"BLENDER-v402") else content[:17]
    file.write_bytes(head[:-2] + b"99" + content[len(head) :])
    assert blend_version(file) > bpy.app.version[:2]


def garbage(file: Path) -> None:
    file.write_bytes(b"no .blend")


def swapped(file: Path) -> None:
    """For a model that is sound, and another one: nothing in it would be refused."""
    mesh = bpy.data.meshes.new("Another")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    another = bpy.data.objects.new("Another", mesh)
    bpy.data.libraries.write(str(file), {another})
    bpy.data.batch_remove([another, mesh])


def ready(monkeypatch: pytest.MonkeyPatch, **wanted: object) -> Job:
    """A job whose model is ready, and may not come into the scene yet."""
    with monkeypatch.context() as busy:
        busy.setattr(targets, "blocked", lambda: "Waiting.")
        return neural4d.generate("a cute bird", size_mm=120, **wanted).wait(60)


def files(job: Job, ending: str) -> list[Path]:
    return sorted((neural4d.api.generate.user_settings.data_dir() / "jobs" / job.id).glob(f"v?.{ending}"))


def stands(job: Job) -> bool:
    return [round(max(measure_mm([root], bpy.context.scene))) for root in job.objects] == [120]


def test_the_version_is_the_one_that_wrote_it(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    job = ready(monkeypatch)
    assert blend_version(files(job, "blend")[0]) == bpy.app.version[:2]
    assert blend_version(files(job, "glb")[0]) == (0, 0)


@pytest.mark.parametrize("harm", [cut, newer, swapped])
def test_it_comes_by_itself(sim: Simulator, monkeypatch: pytest.MonkeyPatch, harm: Harm) -> None:
    job = ready(monkeypatch)
    downloads = len(sim.requests("download"))
    (blend,) = files(job, "blend")
    harm(blend)
    job.wait(60)
    assert (job.state, stands(job)) == ("placed", True)
    assert blend_version(blend) == bpy.app.version[:2]
    assert len(sim.requests("download")) == downloads
    assert sim.spent == 60


@pytest.mark.parametrize("harm", [garbage, Path.unlink])
def test_it_is_placed_again(sim: Simulator, harm: Harm) -> None:
    job = neural4d.generate("a cute bird", size_mm=120).wait(60)
    bpy.data.batch_remove(job.objects)
    harm(files(job, "blend")[0])
    (root,) = job.place(location=(1, 2, 3))
    assert (root.location[:], stands(job)) == ((1, 2, 3), True)
    harm(files(job, "blend")[0])
    job.start_place(0, {**targets.bind((4, 5, 6)), "beside": False})  # what the panel's button does
    while len(job.objects) < 2:
        place_finished_models.pump()
    assert sorted(root.location.x for root in job.objects) == [1, 4]
    assert sim.spent == 60


@pytest.mark.one_blender
def test_all_of_them_side_by_side(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    job = ready(monkeypatch, variants=2, place_all=True)
    for blend in files(job, "blend"):
        cut(blend)
    job.wait(60)
    while len(job.objects) < 2:
        place_finished_models.pump()
    first, second = sorted(root.location.x for root in job.objects)
    assert first == 0 < second
    assert sim.spent == 60


@pytest.mark.one_blender
@pytest.mark.parametrize("left", [[], ["v1.glb"]], ids=["nothing", "another model"])
def test_without_the_download_retry_fetches_it_at_no_cost(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, left: list[str]
) -> None:
    job = ready(monkeypatch, variants=1 + len(left))
    for file in (files(job, "glb")[0], *files(job, "glb.etag")):
        file.unlink()
    newer(files(job, "blend")[0])
    if left:  # the job has another model, which comes instead
        job.wait(60)
        assert stands(job)
        (error,) = [variant.error for variant in job.variants if variant.error]
        told = error["what"] + error["remedy"]
    else:
        with pytest.raises(neural4d.JobFailed) as failed:
            job.wait(60)
        told = str(failed.value)
        assert (job.state, failed.value.cost) == ("failed", "60 points were paid. retry() does not pay them again.")
        assert not job._data.retry_pays
    assert "the download that it was made of is gone" in told
    assert "Call retry()" in told
    job.retry()
    job.wait(60)
    assert job.state == "placed"
    assert not any(variant.error for variant in job.variants)
    job.place(variant=0)
    assert sim.spent == 60


@pytest.mark.one_blender
def test_what_is_damaged_again_and_again_is_said(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is going, say: nothing is done over and over."""
    job = ready(monkeypatch)
    monkeypatch.setattr("neural4d_blender.scene.placing.append.blend_version", lambda path: (99, 0))
    with pytest.raises(neural4d.JobFailed, match=r"made by Blender 99\.0, which is newer"):
        job.wait(60)
    monkeypatch.undo()
    job.place()
    assert stands(job)


def test_an_asset_is_made_of_it(sim: Simulator, tmp_path: Path) -> None:
    job = neural4d.generate("a cute bird", size_mm=120).wait(60)
    for harm in (newer, Path.unlink):
        harm(files(job, "blend")[0])
        assert blend_version(job.save_asset(tmp_path / "library")) == (0, 0)  # it is compressed
        assert blend_version(files(job, "blend")[0]) == bpy.app.version[:2]
    files(job, "glb")[0].unlink()
    cut(files(job, "blend")[0])
    with pytest.raises(neural4d.JobFailed, match="is not what was prepared"):
        job.save_asset(tmp_path / "library")


@pytest.mark.one_blender
def test_a_command_writes_its_files(sim: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, harmed = place_finished_models.place_job, []

    def damaged_once(job, variant, target):
        if not harmed:
            harmed.append(shutil.copy(job.variants[0].blend, tmp_path / "whole.blend"))
            cut(Path(job.variants[0].blend))
        return place(job, variant, target)

    monkeypatch.setattr(place_finished_models, "place_job", damaged_once)
    assert main(["generate", "a cute bird", "--size-mm", "120", "-o", "bird.stl"], "neural4d", BlenderSession) == 0
    assert (tmp_path / "bird.stl").stat().st_size > 1000
    assert sim.spent == 60
