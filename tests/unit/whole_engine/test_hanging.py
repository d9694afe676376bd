"""A service that hangs: the others go on, and what is not sent yet is cancelled at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.simulator.launcher import Simulator
from tests.support.engine_process import EngineProcess
from tests.support.gate import Gate
from tests.unit.whole_engine.test_engine_jobs import paid, sim
from tests.unit.whole_engine.test_engine_journal import batch

__all__ = ["sim"]

BALANCE, GENERATE, PROGRESS = "queryPointsInfo", "generateModelWithText", "queryJobProgress"
PICTURE = "https://via.placeholder.com/300/09f/fff.png"
#: Far less than a request may take that hangs, far more than anything else does.
SOON = 20.0


@pytest.fixture
def held(sim: Simulator, request: pytest.FixtureRequest) -> Iterator[Gate]:
    with Gate(sim.api_url, *request.param) as gate:
        yield gate


@pytest.fixture
def engine(sim: Simulator, held: Gate, tmp_path: Path) -> Iterator[EngineProcess]:
    sim.configure(balance=100_000, csm_formats=["glb"])
    with EngineProcess(tmp_path, held.url, sim.keys) as process:
        yield process
        held.open()


def arrived(engine: EngineProcess, gate: Gate, count: int = 1) -> None:
    engine.until(lambda: gate.count >= count or None, f"{count} calls to hang")


def csm(engine: EngineProcess) -> str:
    return engine.submit("", provider="csm", images=[PICTURE])


@pytest.mark.parametrize("held", [[BALANCE], [GENERATE], [PROGRESS]], indirect=True)
def test_the_jobs_of_other_services_go_on(sim: Simulator, held: Gate, engine: EngineProcess) -> None:
    """More jobs hang at one service than there are threads for such steps."""
    jobs = [engine.submit(f"bird {number}") for number in range(20)]
    arrived(engine, held, 16 if held._held == (PROGRESS,) else 1)
    engine.wait(csm(engine), "ready", seconds=SOON)
    assert all(engine.jobs[job]["under_way"] for job in jobs)


@pytest.mark.parametrize("held", [[BALANCE]], indirect=True)
def test_a_job_that_is_not_sent_is_cancelled_at_once(sim: Simulator, held: Gate, engine: EngineProcess) -> None:
    """The first one's step hangs, others wait for their turn to buy, or for a thread."""
    jobs = [engine.submit(f"bird {number}") for number in range(20)]
    arrived(engine, held)
    for job in jobs:
        engine.send("cancel", job=job)
    for job in jobs:
        assert engine.wait(job, "cancelled", seconds=SOON)["note"] == "Nothing was paid."
    held.open()
    assert engine.ask("retry", job=jobs[0])["error"] is None
    engine.wait(jobs[0], "ready")
    assert paid(sim) == [60]


@pytest.mark.parametrize("held", [["checkHumanImage", "mattingImage"]], indirect=True)
def test_so_is_one_whose_picture_is_on_its_way(held: Gate, engine: EngineProcess, tmp_path: Path) -> None:
    from tests.support.simulator_client import picture

    path = tmp_path / "mug.png"
    path.write_bytes(picture(kind="PNG"))
    jobs = [engine.submit("", images=[str(path)], options={"portrait_check": check}) for check in ("on", "off")]
    arrived(engine, held, 2)
    for job in jobs:
        engine.send("cancel", job=job)
    for job in jobs:
        engine.wait(job, "cancelled", seconds=SOON)


@pytest.mark.parametrize("held", [[BALANCE]], indirect=True)
def test_a_batch_that_is_stopped_sends_nothing_more(sim: Simulator, held: Gate, engine: EngineProcess) -> None:
    jobs = batch(engine, 5, concurrency=3)
    arrived(engine, held)
    assert engine.ask("stop_batch", batch="b")["error"] is None
    for job in jobs:
        engine.wait(job, "cancelled", seconds=SOON)
    held.open()
    assert engine.ask("continue_batch", batch="b")["again"] == 5
    for job in jobs:
        engine.wait(job, "ready")
    assert paid(sim) == [60] * 5


@pytest.mark.parametrize("held", [[PROGRESS, "retrieveModel"]], indirect=True)
def test_nobody_waits_for_a_question_about_a_job_that_is_given_up(held: Gate, engine: EngineProcess) -> None:
    job = engine.submit()
    arrived(engine, held)
    engine.send("cancel", job=job)
    assert "paid for" in engine.wait(job, "cancelled", seconds=SOON)["note"]
    held.open()
    engine.send("retry", job=job)
    engine.wait(job, "ready")


@pytest.mark.parametrize("held", [["hangs"]], indirect=True)
def test_a_model_that_is_done_waits_for_no_submission(sim: Simulator, held: Gate, engine: EngineProcess) -> None:
    """Its price is looked for in the balance, which a submission on its way would blur."""
    sim.configure(job_seconds=600, booking_seconds=600)
    first = engine.submit()
    engine.wait(first, "generating")
    held._held = (GENERATE,)
    second = engine.submit()
    arrived(engine, held)
    sim.configure(job_seconds=0)
    sim.finish_jobs()
    engine.wait(first, "ready", seconds=SOON)
    held.open()
    engine.wait(second, "ready")
    assert len(paid(sim)) == 2
