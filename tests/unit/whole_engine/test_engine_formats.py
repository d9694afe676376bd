"""Other formats: converted by the service at its price, unpacked, imported; and files that are kept."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from scripts.simulator.launcher import Simulator
from tests.support.engine_process import EngineProcess
from tests.unit.whole_engine.test_engine_jobs import engine, paid, sim

__all__ = ["engine", "sim"]


def conversions(sim: Simulator) -> list[dict[str, Any]]:
    return [request["body"] for request in sim.requests() if request["endpoint"] == "convertToFormat"]


def saved(engine: EngineProcess, job: str, save: str, *states: str) -> dict[str, Any]:
    def find() -> dict[str, Any] | None:
        return next((s for s in engine.jobs[job]["saves"] if s["id"] == save and s["state"] in states), None)

    found: dict[str, Any] = engine.until(find, f"the file to be {states}")
    return found


def test_the_glb_itself_is_kept_for_free(sim: Simulator, engine: EngineProcess, tmp_path: Path) -> None:
    job = engine.submit("a cute bird: no/slash?")
    done = engine.wait(job, "ready")
    folder = str(tmp_path / "new" / "folder")
    for name in ("a cute bird noslash.glb", "a cute bird noslash (2).glb"):
        answer = engine.ask("save", job=job, variant=0, format="GLB", folder=folder, size_mm=None)
        path = Path(saved(engine, job, answer["save"], "saved")["path"])
        assert path.name == name
        assert _digest(path) == _digest(Path(done["variants"][0]["model"]))
    assert conversions(sim) == []
    assert paid(sim) == [60]


@pytest.mark.parametrize(
    ("fault", "code"), [("conversion_failed", "ConversionFailed"), ("unknown_code", "UnexpectedAnswer")]
)
def test_a_conversion_that_fails_leaves_the_job_alone(
    sim: Simulator, engine: EngineProcess, tmp_path: Path, fault: str, code: str
) -> None:
    sim.set_fault(endpoint="convertToFormat", fault=fault, times=None)
    job = engine.submit()
    engine.wait(job, "ready")
    answer = engine.ask("save", job=job, variant=0, format="STL", folder=str(tmp_path), size_mm=50)
    error = saved(engine, job, answer["save"], "failed")["error"]
    assert (error["code"], bool(error["remedy"])) == (code, True)
    assert engine.jobs[job]["state"] == "ready"


def test_what_cannot_be_saved_is_refused(engine: EngineProcess, tmp_path: Path) -> None:
    job = engine.submit()
    engine.wait(job, "ready")
    refused = engine.ask("save", job=job, variant=0, format="DOCX", folder=str(tmp_path), size_mm=None)
    assert refused["error"]["code"] == "UnsupportedFeature"
    refused = engine.ask("save", job=job, variant=3, format="STL", folder=str(tmp_path), size_mm=None)
    assert refused["error"]["code"] == "InvalidInput"


def test_a_folder_that_cannot_be_written(engine: EngineProcess, tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file is in the way")
    job = engine.submit()
    engine.wait(job, "ready")
    answer = engine.ask("save", job=job, variant=0, format="GLB", folder=str(blocked), size_mm=None)
    assert str(blocked) in saved(engine, job, answer["save"], "failed")["error"]["what"]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
