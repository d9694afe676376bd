"""Batches on the bpy module: from a table to models in the scene, each one undo step; the report and the ledger."""

from __future__ import annotations

import csv
import inspect
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest
from PIL import Image

import neural4d_blender as neural4d
from neural4d_blender.batching.reports import report_files
from neural4d_blender.batching.table.columns import COLUMNS
from neural4d_blender.scene import timer_and_file_handlers
from neural4d_blender.scene.finished_jobs import place_finished_models
from neural4d_blender.scene.session import session
from neural4d_blender.scene.shared_engine import bridge
from scripts.simulator.launcher import ROOT, Simulator
from tests.support.connected import connect

pytestmark = pytest.mark.one_blender


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(generation="2024", job_seconds=0.1, matting_seconds=0.1, triangles=200, texture_size=16) as process:
        yield process


@pytest.fixture
def sim(
    simulator: Simulator, empty_file: bpy.types.Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Simulator:
    return connect(simulator, tmp_path / "data", monkeypatch)


def test_a_table_becomes_a_grid_of_sized_models_and_each_is_one_undo_step(sim: Simulator, tmp_path: Path) -> None:
    table = tmp_path / "prompts.csv"
    table.write_text("prompt;size_mm;name;location\na bird;120;;\na chair;;Chair;\na mug;95;;5 6 7\na dog;;;\n")
    bpy.context.scene.cursor.location = (1, 2, 3)
    heard: list[str] = []
    batch = neural4d.batch(
        table,
        concurrency=2,
        budget=300,
        size_mm=200,
        collections=True,
        on_progress=lambda batch, job: heard.append(job.state),
    )
    assert [job.state for job in batch.results] == ["queued"] * 4
    batch.wait(120)
    assert str(batch.progress) == "4 of 4 done; 240 points"
    roots = [job.objects[0] for job in batch.results]
    step = 0.2 * 1.25
    assert [tuple(round(x, 4) for x in root.location) for root in roots] == [
        (1, 2, 3),
        (1 + step, 2, 3),
        (5, 6, 7),
        (1 + step, 2 + step, 3),
    ]
    assert [round(max(root.dimensions), 4) for root in roots] == [0.12, 0.2, 0.095, 0.2]
    assert [[own.name for own in root.users_collection] for root in roots] == [
        ["a bird"],
        ["Chair"],
        ["a mug"],
        ["a dog"],
    ]
    assert heard.count("placed") == 4
    assert not list(bpy.context.view_layer.objects.selected), "whatever somebody has selected meanwhile stays so"

    with batch.report(tmp_path / "report.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert [line["input"] for line in lines] == ["a bird", "a chair", "a mug", "a dog"]
    assert sum(int(line["points"]) for line in lines) == sim.spent == batch.cost == 240
    sides = [max(float(line[side]) for side in ("width_mm", "depth_mm", "height_mm")) for line in lines]
    assert sides == pytest.approx([120, 200, 95, 200], rel=0.001)
    assert all(int(line["faces"]) > 0 and Path(line["files"]).is_file() and not line["error"] for line in lines)

    bpy.ops.ed.undo()
    assert sum(bool(job.objects) for job in batch.results) == 3
    bpy.ops.ed.undo()
    assert sum(bool(job.objects) for job in batch.results) == 2
    bpy.ops.ed.redo()
    assert sum(bool(job.objects) for job in batch.results) == 3


def test_an_engine_that_is_killed_in_the_middle_costs_nothing(sim: Simulator) -> None:
    batch = neural4d.batch([f"robot {number}" for number in range(5)], concurrency=2, layout="row", size_mm=50)
    while not any(job.state == "placed" for job in batch.results):
        assert not batch.done
        place_finished_models.pump()
    assert bridge._process is not None
    bridge._process.kill()
    batch.wait(120)
    assert batch.progress.done == 5
    assert sim.spent == batch.cost == 300
    assert sorted(round(job.objects[0].location.x, 4) for job in batch.results) == [0, 0.0625, 0.125, 0.1875, 0.25]


def test_a_killed_script_is_continued_by_another_whose_scene_is_whole(sim: Simulator, tmp_path: Path) -> None:
    table = tmp_path / "prompts.csv"
    table.write_text("prompt,size_mm\n" + "".join(f"robot {number},50\n" for number in range(5)))

    def run(what: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "tests" / "support" / "batch_run.py"), what, str(table)]
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True, timeout=180)

    assert run("start").returncode != 0
    assert 120 <= sim.spent <= 300
    done = run("resume")
    assert done.returncode == 0
    assert json.loads(done.stdout.rpartition("STANDING=")[2]) == [[0], [0.0625], [0.125], [0.1875], [0.25]]
    lines = report_files.read(tmp_path / "report.csv")
    assert [line.state for line in lines] == ["placed"] * 5
    assert sum(line.points or 0 for line in lines) == sim.spent == 300


def test_models_of_a_lost_file_come_to_the_open_one_for_free(sim: Simulator, tmp_path: Path) -> None:
    def opened() -> None:
        session.file_opened()  # the extension does this when it is registered
        bpy.context.preferences.system.use_online_access = True

    def standing() -> list[float]:
        return sorted(round(root.location.x, 4) for job in batch.results for root in job.objects)

    row = [0, 0.0625, 0.125, 0.1875]
    batch = neural4d.batch([f"robot {number}" for number in range(4)], concurrency=2, layout="row", size_mm=50)
    while sum(job.state == "placed" for job in batch.results) < 2:
        place_finished_models.pump()
    bpy.ops.wm.read_factory_settings(use_empty=True)  # and was never saved
    opened()
    batch.wait(120)
    assert (batch.progress.done, standing()) == (4, [])
    batch = neural4d.resume().wait(60)
    assert standing() == row
    assert neural4d.resume().wait(60).resume() == 0, "what stands there does not come twice"

    file = str(tmp_path / "street.blend")
    batch.results[0].objects[0].location.x = 5
    bpy.data.objects.remove(batch.results[1].objects[0])
    bpy.ops.wm.save_as_mainfile(filepath=file)
    timer_and_file_handlers._file_saved(file)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    opened()
    assert neural4d.resume().resume() == 0, "they are in a file that is there"
    bpy.ops.wm.open_mainfile(filepath=file)
    opened()
    assert neural4d.resume().resume() == 0, "somebody removed it"
    assert standing() == [0.125, 0.1875, 5]
    one = neural4d.batch(["a mug"]).wait(60)
    bpy.ops.wm.open_mainfile(filepath=file)  # as it was saved before the mug came
    opened()
    assert not one.results[0].objects
    one = neural4d.resume().wait(60)
    assert len(one.results[0].objects) == 1
    assert sim.spent == 300


def test_images_that_fit_go_as_they_are_and_others_as_copies_that_do(sim: Simulator, tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    Image.effect_noise((300, 300), 90).save(pictures / "a mug.png")
    Image.effect_noise((300, 300), 90).save(pictures / "b.tga")
    (pictures / "notes.txt").write_text("no picture")
    assert neural4d.batch(pictures, dry_run=True) == neural4d.Estimate(2, 60, 0, {"neural4d": 2}, 2)
    assert not list((tmp_path / "data").glob("jobs/*/*"))
    batch = neural4d.batch(pictures, layout="files", output=tmp_path / "models").wait(120)
    assert batch.results[0].request["images"] == [str(pictures / "a mug.png")]
    assert [path.name for path in sorted((tmp_path / "models").glob("*.glb"))] == ["0001 a mug.glb", "0002 b.glb"]
    assert not bpy.data.objects
    assert sim.spent == 160
    image = bpy.data.images.new("Painted", 300, 300)
    batch = neural4d.batch([{"image": image}], layout="files", output=tmp_path / "painted").wait(120)
    assert [(job.state, job.title) for job in batch.results] == [("ready", "Painted")]


def test_what_is_wrong_is_said_of_every_line_before_anything_is_sent(sim: Simulator) -> None:
    with pytest.raises(neural4d.InvalidInput) as caught:
        neural4d.batch([{"prompt": "a bird", "sise": 3}, "fine", {"image": "no.png"}, {"prompt": "x", "axis": "W"}])
    told = str(caught.value)
    assert all(text in told for text in ("item 1: there is no column 'sise'", "item 3:", "item 4: axis"))
    assert "item 2" not in told
    with pytest.raises(neural4d.InvalidInput, match="layout"):
        neural4d.batch(["a bird"], layout="circle")
    with pytest.raises(neural4d.InvalidInput, match="folder"):
        neural4d.batch(["a bird"], layout="files")
    assert not sim.requests()


def test_the_columns_are_the_arguments_of_generate() -> None:
    assert {*COLUMNS, "output"} - {"bring_in"} == set(inspect.signature(neural4d.generate).parameters)
    assert {"source", "shard", "layout"} <= set(inspect.signature(neural4d.batch).parameters)
    assert "resume" in (inspect.getdoc(neural4d.batch) or "")
