"""CSM's sessions through the engine: stages, spins, options, sizes, formats, statuses of both generations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scripts.simulator.handle import Simulator
from tests.unit.engine_process import EngineProcess
from tests.unit.test_engine_images import picture
from tests.unit.test_engine_jobs import engine, sim

__all__ = ["engine", "picture", "sim"]

STAGES = ["csm.session", "csm.preview", "csm.refine"]
URL = "https://via.placeholder.com/300/09f/fff.png"


@pytest.fixture(autouse=True)
def _only_what_needs_no_blender(sim: Simulator) -> None:
    sim.configure(csm_formats=["glb"])


def start(engine: EngineProcess, image: str = URL, **request: Any) -> str:
    return engine.submit("", provider="csm", images=[image], **request)


def paid(sim: Simulator) -> list[str]:
    return [row["operation"] for row in sim.ledger("csm")]


def test_a_picture_becomes_a_model_in_three_stages(sim: Simulator, engine: EngineProcess, picture: str) -> None:
    job = start(engine, picture)
    done = engine.wait(job, "ready")
    assert engine.states(job) == ["queued", "submitting", "generating", "downloading", "preparing_model", "ready"]
    assert paid(sim) == STAGES
    assert [entry["operation"] for entry in done["spent"]] == ["session", "preview", "refine"]
    assert done["cost"] is None
    assert Path(done["variants"][0]["model"]).read_bytes().startswith(b"glTF")
    engine.until(lambda: engine.jobs[job]["variants"][0]["preview"] or None, "the chosen spin's picture")
