"""What is paid is never lost: siblings that failed, files that were deleted, conversions that do not work."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.errors import UnexpectedAnswer
from neural4d_blender.engine.model.request import Request
from neural4d_blender.engine.services.neural4d.provider import Neural4D
from scripts.simulator.launcher import Simulator
from tests.support.engine_process import PREPARER, EngineProcess, Snapshot
from tests.unit.whole_engine.test_engine_formats import saved
from tests.unit.whole_engine.test_engine_jobs import engine, paid, sim

__all__ = ["engine", "sim"]


def variants(engine: EngineProcess, job: str, *states: str) -> Snapshot:
    """Wait until the variants are in these states, and nothing more is to be done for the job."""

    def reached() -> Snapshot | None:
        now = engine.jobs[job]
        return now if not now["under_way"] and [v["state"] for v in now["variants"]] == list(states) else None

    found: Snapshot = engine.until(reached, f"the variants to be {states}")
    return found


def test_a_sibling_that_failed_is_taken_up_again(sim: Simulator, engine: EngineProcess) -> None:
    sim.set_fault(endpoint="file", fault="http_500", times=None, after=1, match=".glb")
    job = engine.submit(variants=2)
    told = variants(engine, job, "prepared", "failed")
    assert told["state"] == "ready"
    sim.clear_faults()
    assert engine.ask("retry", job=job)["error"] is None
    assert variants(engine, job, "prepared", "downloaded")["state"] == "ready"
    assert engine.ask("retry", job=job)["error"]["code"] == "InvalidInput", "nothing is left to be tried"
    assert paid(sim) == [60]


def test_a_sibling_that_cannot_be_prepared_gives_way_to_the_first(sim: Simulator, engine: EngineProcess) -> None:
    job = engine.submit(variants=2)
    variants(engine, job, "prepared", "downloaded")
    engine.configure(sim.api_url, sim.token, preparer=[*PREPARER, "broken"])
    engine.send("prepare", job=job, variant=1)
    told = variants(engine, job, "prepared", "failed")
    assert (told["state"], told["variants"][1]["error"]["code"]) == ("ready", "BrokenModel")
    assert paid(sim) == [60]


@pytest.mark.parametrize("behaviour", ["broken", "crash"])
def test_siblings_wanted_in_the_scene_may_fail_too(sim: Simulator, engine: EngineProcess, behaviour: str) -> None:
    sim.configure(job_seconds=1.0)
    job = engine.submit(variants=2, place_all=True)
    engine.wait(job, "generating")
    engine.wait(job, "ready")
    engine.configure(sim.api_url, sim.token, preparer=[*PREPARER, behaviour])
    engine.until(lambda: engine.jobs[job]["under_way"] is False or None, "the job to come to rest")
    assert engine.jobs[job]["state"] == "ready"
    assert paid(sim) == [60]


def test_a_deleted_file_is_fetched_again(sim: Simulator, engine: EngineProcess, tmp_path: Path) -> None:
    job = engine.submit()
    folder = Path(variants(engine, job, "prepared")["folder"])
    shutil.rmtree(folder)
    engine.send("prepare", job=job, variant=0)
    engine.until(lambda: (folder / "v0.blend").exists() or None, "the model to be prepared again")
    variants(engine, job, "prepared")
    shutil.rmtree(folder)
    answer = engine.ask("save", job=job, variant=0, format="GLB", folder=str(tmp_path / "kept"), size_mm=None)
    assert Path(saved(engine, job, answer["save"], "saved")["path"]).read_bytes()[:4] == b"glTF"
    assert paid(sim) == [60]


def test_cancelling_too_late_is_no_dead_end(sim: Simulator, engine: EngineProcess) -> None:
    job = engine.submit(variants=2)
    engine.wait(job, "ready")
    engine.send("cancel", job=job)
    assert variants(engine, job, "prepared", "downloaded")["state"] == "ready"


def test_a_cap_covers_the_conversion_before_anything_is_paid(sim: Simulator, engine: EngineProcess) -> None:
    job = engine.submit(format="STL", max_points=65)
    assert engine.wait(job, "failed")["error"]["code"] == "CapReached"
    assert paid(sim) == []


def test_the_glb_can_be_kept_where_the_conversion_does_not_work(
    sim: Simulator, engine: EngineProcess, tmp_path: Path
) -> None:
    sim.set_fault(endpoint="convertToFormat", fault="conversion_failed", times=None)
    job = engine.submit(format="STL")
    assert engine.wait(job, "failed")["retry_pays"] is False
    before = paid(sim)
    answer = engine.ask("save", job=job, variant=0, format="GLB", folder=str(tmp_path), size_mm=None)
    assert Path(saved(engine, job, answer["save"], "saved")["path"]).stat().st_size > 100
    assert engine.jobs[job]["state"] == "failed"
    assert paid(sim) == before


class _Answer:
    """A service that gives one answer."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer = answer

    def call(self, *_request: object, **_more: object) -> dict[str, Any]:
        return self.answer


def test_chibi_is_found_where_the_document_names_it_too() -> None:
    request = Request(images=["a.png"], options={"style": "Pixel-Style"})
    assert Neural4D(_Answer({"success": True, "uuids": ["a"]})).submit(request, []).uuids == ["a"]
    with pytest.raises(UnexpectedAnswer):  # accepted, so paid: no word of "nothing was paid"
        Neural4D(_Answer({"success": True, "results": []})).submit(request, [])
