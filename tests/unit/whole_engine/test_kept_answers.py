"""Answers to what may cost points are kept in the journal until the job is over; an error says so where one cannot be
read.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.errors import RequestRefused
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.model.states import JOURNAL, State
from neural4d_blender.engine.store.history import History
from neural4d_blender.engine.store.journal import Journal
from scripts.simulator.launcher import Simulator
from tests.support.engine_process import EngineProcess
from tests.support.today import QUICK, engine, points, sim, simulator
from tests.unit.whole_engine.test_odd_answers import TEXT, Answer, Desk, desk, left, odd

__all__ = ["desk", "engine", "odd", "sim", "simulator"]

KEY = "sk-very-secret/key+1"


def kept(folder: Path, job: str) -> list[str]:
    journal = Journal(folder)
    answers = journal.answers(job)
    journal.close()
    return answers


def test_the_answer_is_there_as_long_as_the_job_is_under_way(
    sim: Simulator, engine: EngineProcess, tmp_path: Path
) -> None:
    sim.configure(job_seconds=600)
    job = engine.submit()
    engine.until(lambda: engine.jobs[job]["cost"], "its cost")
    (answer,) = kept(tmp_path, job)
    assert json.loads(answer)["uuids"] == [variant["uuid"] for variant in engine.jobs[job]["variants"]]
    sim.configure(job_seconds=0)
    sim.finish_jobs()
    engine.until(lambda: engine.jobs[job]["under_way"] is False or None, "its end")
    assert engine.jobs[job]["state"] == "ready"
    assert kept(tmp_path, job) == []


@pytest.mark.parametrize("content", ["<html>Taken, thank you</html>", json.dumps({"made": KEY, "who": ["one"]})])
@pytest.mark.parametrize("fell", [False, True])
def test_an_answer_that_cannot_be_read(tmp_path: Path, desk: Desk, content: str, fell: bool) -> None:
    def sold() -> Answer:
        desk.says["/api/queryPointsInfo"] = left(970 if fell else 1000)
        return 200, content

    desk.says[TEXT] = sold
    with EngineProcess(tmp_path, desk.url, KEY) as odd:
        odd.configure(desk.url, KEY, timing=QUICK)
        job = odd.submit()
        error = odd.wait(job, "failed")["error"]
        words = "who: one" in error["what"]  # it says something, after all
        assert error["code"] == ("PaymentUnknown" if fell else "RequestRefused" if words else "SubmissionLost")
        assert str(tmp_path / JOURNAL) in error["kept"]
        assert set(kept(tmp_path, job)) == {content.replace(KEY, "***")}
        odd.ask("dismiss", job=job)
        assert kept(tmp_path, job) == []
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or KEY.encode() not in path.read_bytes(), path
        assert path.is_dir() or json.dumps(KEY)[1:-1].encode() not in path.read_bytes(), path


def test_of_a_conversion_too(sim: Simulator, engine: EngineProcess, tmp_path: Path) -> None:
    job = engine.submit()
    engine.wait(job, "ready")
    for field in ("statusType", "modelUrl", "message"):
        sim.set_fault(endpoint="convertToFormat", fault="set_field", field=field, value=[], times=None)
    engine.ask("save", job=job, variant=0, format="STL", folder=str(tmp_path / "kept"), size_mm=None)

    def failed() -> dict[str, Any] | None:
        return next((save["error"] for save in engine.jobs[job]["saves"] if save["error"]), None)

    error = engine.until(failed, "its end")
    assert "table answers" in error["kept"]
    assert kept(tmp_path, job)


def test_they_are_bounded(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.save(job := Job("a", "neural4d", {}))
    for number in range(30):
        journal.keep_answer("a", "/api", 200, f"{number}")
    journal.keep_answer("b", "/api", None, "half an emoji \ud83d")
    assert journal.answers("a") == [f"{number}" for number in range(18, 30)]
    assert journal.answers("b") == ["half an emoji ?"]
    History(journal).delete(job)
    assert journal.answers("a") == []
    journal.close()


@pytest.mark.parametrize("length", [100, 60_000, 200_000])
def test_a_long_one_is_kept_by_its_ends(tmp_path: Path, desk: Desk, length: int) -> None:
    content = json.dumps({"image": "x" * length, "nothing": "here"})
    desk.says[TEXT] = (200, content)
    with EngineProcess(tmp_path, desk.url, KEY) as odd:
        odd.configure(desk.url, KEY, timing=QUICK)
        job = odd.submit()
        odd.wait(job, "failed")
        answer = kept(tmp_path, job)[0]
    assert len(answer) < 60_010
    assert answer.startswith('{"image": "xxx')
    assert answer.endswith('"nothing": "here"}')


@pytest.mark.parametrize(
    ("change", "keeps"),
    [
        (lambda job: None, True),
        (lambda job: setattr(job, "state", State.PLACED), False),
        (lambda job: setattr(job, "state", State.CANCELLED), False),
        (lambda job: setattr(job, "state", State.CHOOSING_CUTOUT), True),
        (
            lambda job: (setattr(job, "state", State.FAILED), setattr(job, "error", RequestRefused("no").to_dict())),
            False,
        ),
        (lambda job: (setattr(job, "state", State.CANCELLED), setattr(job.submission, "in_doubt", True)), True),
    ],
)
def test_when_a_job_is_over(change: Callable[[Job], object], *, keeps: bool) -> None:
    job = Job("a", "neural4d", {})
    change(job)
    assert job.keeps_answers is keeps


def test_nothing_is_paid_twice_by_it(sim: Simulator, engine: EngineProcess) -> None:
    engine.wait(engine.submit(variants=2), "ready")
    assert points(sim) == [60]
