"""Batches by operators, as the panel starts, stops, continues and reports them; with the simulator's ledger."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest

import neural4d_blender as neural4d
from neural4d_blender import ui
from neural4d_blender.client.request_reply import LOOK
from neural4d_blender.engine.protocol import Balance
from neural4d_blender.scene.finished_jobs import place_finished_models
from neural4d_blender.scene.session import session
from neural4d_blender.scene.shared_engine import bridge
from neural4d_blender.ui.lists import batch_list, batch_progress
from neural4d_blender.ui.operators.generate_from_files import price
from scripts.simulator.launcher import Simulator
from tests.scene.api.test_batches import sim, simulator

__all__ = ["sim", "simulator"]
pytestmark = pytest.mark.both_ends


@pytest.fixture
def panel(sim: Simulator) -> Iterator[Simulator]:
    ui.register()
    bpy.context.scene.neural4d.size_mm = 200
    yield sim
    batch_progress.forget()
    ui.unregister()


def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Work the pump, as the timer does in a window."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, [(job.state, job.error) for job in bridge.jobs.values()]
        if not place_finished_models.pump():
            time.sleep(LOOK)


def table(folder: Path, count: int) -> str:
    path = folder / "prompts.csv"
    path.write_text("prompt\n" + "".join(f"a bird number {number}\n" for number in range(count)))
    return str(path)


@pytest.mark.one_blender
def test_started_stopped_continued_and_reported(panel: Simulator, tmp_path: Path) -> None:
    panel.configure(job_seconds=600)
    given = {"filepath": table(tmp_path, 4), "concurrency": 2, "use_budget": True, "budget": 300}
    assert bpy.ops.neural4d.batch_from_file(**given) == {"FINISHED"}
    (record,) = bridge.batches.values()
    counts, batch = batch_progress.tally(record.id), record.id
    assert (record.budget, record.concurrency, record.name) == (300, 2, "prompts.csv")
    until(lambda: counts.working == 2 and counts.points == 120)
    assert (counts.waiting, counts.done, counts.failed) == (2, 0, 0)

    assert bpy.ops.neural4d.stop_batch(batch=batch) == {"FINISHED"}
    panel.configure(job_seconds=0)
    panel.finish_jobs()
    until(lambda: counts.done == 2 and counts.stopped == 2)
    assert panel.spent == 120
    assert bpy.ops.neural4d.continue_batch(batch=batch, use_budget=True, budget=180) == {"FINISHED"}
    until(lambda: counts.working + counts.waiting == 0 and counts.done == 3)
    assert counts.error is not None
    assert (counts.points, panel.spent) == (180, 180), "the budget covers three"
    bpy.ops.neural4d.continue_batch(batch=batch, use_budget=False)
    until(lambda: counts.done == 4)
    assert panel.spent == counts.points == 240

    report = tmp_path / "report.csv"
    assert bpy.ops.neural4d.report_batch(batch=batch, filepath=str(report)) == {"FINISHED"}
    with report.open() as file:
        assert [line["state"] for line in csv.DictReader(file)] == ["placed"] * 4
    assert max(bpy.data.objects["a bird number 0"].dimensions) == pytest.approx(0.2, rel=0.001), "the panel's size"
    bpy.ops.neural4d.dismiss_batch(batch=batch)
    assert not bridge.batches
    bpy.ops.neural4d.list_batches()
    until(lambda: batch in bridge.batches and batch_progress.tally(batch).done == 4)
    counts = batch_progress.tally(batch)
    assert counts.lost() == 0
    bpy.ops.neural4d.dismiss_ended()
    assert not any(job.dismissed for job in counts.jobs()), "the batch has a box of its own"

    bpy.ops.wm.read_factory_settings(use_empty=True)  # what stood there was never saved
    session.file_opened()  # the extension does this when it is registered
    assert counts.lost() == 4
    assert bpy.ops.neural4d.place_batch(batch=batch) == {"FINISHED"}
    until(lambda: len([thing for thing in bpy.data.objects if thing.parent is None]) == 4)
    until(lambda: counts.lost() == 0)
    assert panel.spent == 240


@pytest.mark.one_blender
def test_what_failed_is_tried_again(panel: Simulator, tmp_path: Path) -> None:
    panel.set_fault(endpoint="file", fault="http_500", times=None, match=".glb")
    bpy.ops.neural4d.batch_from_file(filepath=table(tmp_path, 2))
    (batch,) = bridge.batches
    counts = batch_progress.tally(batch)
    until(lambda: counts.failed == 2)
    assert buttons(batch) == ["retry_failed", "report_batch"]
    panel.clear_faults()
    assert bpy.ops.neural4d.retry_failed(batch=batch) == {"FINISHED"}
    until(lambda: counts.done == 2)
    assert panel.spent == 120
    assert buttons(batch) == ["report_batch"]


class Buttons:
    """A row of the panel that notes which operators it was given."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def operator(self, name: str, **_: object) -> SimpleNamespace:
        self.names.append(name.removeprefix("neural4d."))
        return SimpleNamespace()


def buttons(batch: str) -> list[str]:
    row = Buttons()
    batch_list._draw_actions(row, bridge.batches[batch], batch_progress.tally(batch), running=False)
    return row.names


@pytest.mark.one_blender
def test_a_batch_whose_budget_is_used_up_goes_on_with_another(panel: Simulator, tmp_path: Path) -> None:
    bpy.ops.neural4d.batch_from_file(filepath=table(tmp_path, 3), use_budget=True, budget=60)
    (batch,) = bridge.batches
    counts = batch_progress.tally(batch)
    until(lambda: counts.done == 1 and counts.failed == 2)
    assert buttons(batch) == ["continue_batch", "report_batch"]
    panel.set_fault(endpoint="file", fault="http_500", times=None, match=".glb")
    bpy.ops.neural4d.continue_batch(batch=batch, use_budget=True, budget=120)
    until(lambda: counts.failed == 2 and counts.points == 120)
    panel.clear_faults()
    bpy.ops.neural4d.continue_batch(batch=batch, use_budget=False)
    until(lambda: counts.done == 3)
    assert buttons(batch) == ["report_batch"]
    assert panel.spent == 180


def test_lines_of_another_service_have_that_service_s_settings(panel: Simulator, tmp_path: Path) -> None:
    chosen = bpy.context.scene.neural4d
    chosen.variants, chosen.place_all, chosen.options_neural4d.portrait_check = 4, True, "on"
    chosen.input, chosen.options_modelslab.resolution = "IMAGE", 128
    path = tmp_path / "table.jsonl"
    path.write_text('{"prompt": "a bird"}\n{"provider": "modelslab", "image": "https://images.example/mug.png"}\n')
    bpy.ops.neural4d.batch_from_file(filepath=str(path), use_budget=False)
    (batch,) = bridge.batches
    bird, mug = (job.request for job in batch_progress.tally(batch).jobs())
    assert (bird.format, bird.variants, bird.options) == ("GLB", 4, {"portrait_check": "on"})
    assert (mug.format, mug.variants, mug.options) == ("GLB", 1, {"resolution": 128})
    assert bird.size_mm == mug.size_mm == 200


def test_a_bad_file_starts_nothing(panel: Simulator, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("prompt,color\na bird,red\n")
    with pytest.raises(RuntimeError, match=r"line 2 of bad\.csv: there is no column 'color'"):
        bpy.ops.neural4d.batch_from_file(filepath=str(path))
    assert not bridge.batches
    assert panel.requests() == []


def test_the_price_in_words(panel: Simulator, tmp_path: Path) -> None:
    estimate = neural4d.batch(table(tmp_path, 3), dry_run=True)
    bridge.balances["neural4d"] = Balance(50)
    assert price(estimate, "neural4d").splitlines() == [
        "3 models, about 90 points",
        "50 points are left: not enough for all of them",
    ]
