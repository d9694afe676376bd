"""Files that a virus scanner or another program has open: waited for, or named for what they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from neural4d_blender.batching.reports import report_files
from neural4d_blender.engine.clock import Clock
from neural4d_blender.engine.errors import Neural4DError
from neural4d_blender.engine.store import lock_file
from neural4d_blender.engine.system import SYSTEM, System
from scripts.simulator.launcher import Simulator
from tests.support.engine_process import EngineProcess
from tests.support.scanner import held, scanned


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulator]:
    with Simulator(job_seconds=0.2, triangles=200, texture_size=16) as simulator:
        yield simulator


def test_a_file_is_replaced_when_the_scanner_is_done(tmp_path: Path) -> None:
    (tmp_path / "new").write_text("new")
    (tmp_path / "old").write_text("old")
    with held(tmp_path / "new", 0.5), held(tmp_path / "old", 1.0):
        SYSTEM.replace(tmp_path / "new", tmp_path / "old")
    assert (tmp_path / "old").read_text() == "new"


def test_a_folder_is_removed_when_the_scanner_is_done(tmp_path: Path) -> None:
    for name in ("a/b/one", "a/two"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    with held(tmp_path / "a/b/one", 0.5):
        SYSTEM.remove(tmp_path / "a")
    SYSTEM.remove(tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_a_paid_job_is_done_whatever_the_scanner_looks_at(sim: Simulator, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    (folder / "jobs").mkdir(parents=True)
    with EngineProcess(folder, sim.api_url, sim.keys) as engine, scanned(folder / "jobs", 0.1) as names:
        job = engine.submit("a bird", variants=2)
        done = engine.wait(job, "ready", "failed")
        save = engine.ask("save", job=job, variant=0, format="GLB", folder=str(tmp_path / "kept"), size_mm=None)
        engine.until(lambda: (tmp_path / "kept").exists() and list((tmp_path / "kept").glob("*.glb")), "the file")
    assert done["state"] == "ready", done["error"]
    assert save["error"] is None, save["error"]
    assert "job.json" in names
    assert any(name.endswith(".part") for name in names)
    assert sum(entry["points"] for entry in sim.ledger()) == done["cost"]


def test_an_engine_that_is_about_to_end_is_seen_to_be(tmp_path: Path) -> None:
    with lock_file.hold(tmp_path / "lock") as handle:
        lock_file.mark(handle)
        assert lock_file.is_marked(tmp_path / "lock")
    assert not lock_file.is_held(tmp_path / "lock")
    assert not (tmp_path / "lock").exists()


def test_a_report_that_a_spreadsheet_has_open_is_named_and_nothing_is_left_behind(tmp_path: Path) -> None:
    there = report_files.write([], tmp_path / "report.csv")
    with held(there), pytest.raises(Neural4DError, match=r"report\.csv: another program has it open"):
        report_files.write([], there)
    assert list(tmp_path.iterdir()) == [there]


class Hurried(Clock):
    """Nothing is waited for."""

    passed = 0.0

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds


def test_what_cannot_be_tidied_up_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "left").write_text("x")
    with held(tmp_path / "left"):
        System(Hurried()).discard(tmp_path / "left")
    assert (tmp_path / "left").exists()
