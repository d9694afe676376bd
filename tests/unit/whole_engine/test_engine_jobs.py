"""The engine process on the simulator: a job from the prompt to a prepared model, and its life cycle."""

from __future__ import annotations

import itertools
import os
import sqlite3
from pathlib import Path

import pytest

from scripts.simulator.launcher import Simulator
from tests.support.engine_process import PREPARER, STARTED, EngineProcess
from tests.support.one_engine import engine
from tests.support.simulator_client import Caller

__all__ = ["engine"]


@pytest.fixture
def sim(service: Caller) -> Simulator:
    return service.sim


def paid(sim: Simulator) -> list[int]:
    return [entry["points"] for entry in sim.ledger()]


def test_a_prompt_becomes_a_prepared_model(sim: Simulator, engine: EngineProcess) -> None:
    job = engine.submit("a cute bird")
    done = engine.wait(job, "ready")
    assert engine.states(job) == ["queued", "submitting", "generating", "downloading", "preparing_model", "ready"]
    assert (done["cost"], done["cost_estimated"]) == (60, False)
    assert paid(sim) == [60]
    variant = done["variants"][0]
    assert Path(variant["model"]).read_bytes().startswith(b"glTF")
    assert Path(variant["blend"]).exists()
    engine.until(lambda: not engine.jobs[job]["under_way"] or None, "the picture")
    assert not list(engine.folder.rglob("*.part"))
    assert not any(request["has_token"] for request in sim.requests() if request["host"] == "file")


def test_the_price_is_what_the_balance_really_fell_by(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(prices={"text": 20})
    done = engine.wait(engine.submit(), "ready")
    assert done["cost"] == 20
    assert engine.ask("balance", provider="neural4d")["balance"]["total"] == sim.balance
    told = {"event": "prices", "prices": {"neural4d:text x1": 20}, "spent": {"neural4d": 20}}
    assert told in engine.events


def test_what_others_buy_meanwhile_is_not_taken_for_the_price(sim: Simulator, engine: EngineProcess) -> None:
    """A measured price that really rises is believed when it was seen three times; until then it is an estimate."""
    engine.wait(engine.submit("the bird before"), "ready")
    sim.configure(prices={"text": 80})
    costs = [engine.wait(engine.submit(f"bird {number}"), "ready") for number in range(4)]
    assert [(job["cost"], job["cost_estimated"]) for job in costs] == [(60, True), (60, True), (80, False), (80, False)]


def test_the_preview_comes_after_the_model(sim: Simulator, engine: EngineProcess) -> None:
    job = engine.submit()
    engine.wait(job, "ready")
    done = engine.until(lambda: engine.jobs[job] if engine.jobs[job]["variants"][0]["preview"] else None, "the preview")
    assert Path(done["variants"][0]["preview"]).read_bytes().startswith(b"\xff\xd8")
    assert not done["under_way"]


def test_all_variants_are_fetched_and_one_is_prepared(sim: Simulator, engine: EngineProcess) -> None:
    job = engine.submit(variants=4)
    done = engine.until(
        lambda: (
            engine.jobs[job]
            if job in engine.jobs and engine.jobs[job]["state"] == "ready" and not engine.jobs[job]["under_way"]
            else None
        ),
        "all variants",
    )
    assert sorted(v["state"] for v in done["variants"]) == ["downloaded"] * 3 + ["prepared"]
    assert paid(sim) == [60]
    engine.send("prepare", job=job, variant=3)
    done = engine.until(lambda: engine.jobs[job] if engine.jobs[job]["variants"][3]["blend"] else None, "variant 3")
    assert paid(sim) == [60]


@pytest.mark.parametrize("pbr", [True, False])
def test_pbr_is_asked_for_unless_it_is_switched_off(sim: Simulator, engine: EngineProcess, pbr: bool) -> None:
    engine.wait(engine.submit(pbr=pbr), "ready")
    (sent,) = [request for request in sim.requests() if request["endpoint"] == "generateModelWithText"]
    assert sent["body"]["disablePbr"] == (0 if pbr else 1)


def test_one_variant_that_fails_does_not_cost_the_others(sim: Simulator, engine: EngineProcess) -> None:
    sim.set_fault(endpoint="generateModelWithText", fault="generation_failed", variants=[0, 2])
    done = engine.wait(engine.submit(variants=3), "ready")
    assert [v["state"] for v in done["variants"]][1] == "prepared"


def test_never_more_than_one_request_a_second_for_a_job(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(job_seconds=4.0)
    engine.configure(sim.api_url, sim.token, timing={})
    engine.wait(engine.submit(variants=4), "ready")
    polls = [r["time"] for r in sim.requests() if r["endpoint"] in ("queryJobProgress", "retrieveModel")]
    assert len(polls) >= 3
    assert min(b - a for a, b in itertools.pairwise(polls)) > 0.95


def test_cancelling_before_it_is_sent_is_free(sim: Simulator, engine: EngineProcess) -> None:
    sim.set_fault(endpoint="queryPointsInfo", fault="slow_drip", times=1, chunk=20, delay=0.1)
    job = engine.submit()
    engine.send("cancel", job=job)
    assert engine.wait(job, "cancelled")["cost"] is None
    assert paid(sim) == []


def test_cancelling_later_keeps_what_is_paid_and_retry_picks_it_up(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(job_seconds=2.0)
    job = engine.submit()
    engine.wait(job, "generating")
    engine.send("cancel", job=job)
    assert "paid for" in engine.wait(job, "cancelled")["note"]
    engine.send("retry", job=job)
    engine.wait(job, "ready")
    assert paid(sim) == [60]


def test_a_killed_engine_goes_on_where_it_was(sim: Simulator, tmp_path: Path) -> None:
    sim.configure(job_seconds=2.0)
    first = EngineProcess(tmp_path, sim.api_url, sim.token)
    job = first.submit()
    first.wait(job, "generating")
    first.kill()
    assert (tmp_path / "unfinished").exists()
    with EngineProcess(tmp_path, sim.api_url, sim.token) as second:
        second.wait(job, "ready")
        second.until(lambda: second.jobs[job]["under_way"] is False or None, "everything to be fetched")
        assert (tmp_path / "unfinished").exists(), "nobody has placed it yet"
        second.send("placed", job=job, target={})
        second.wait(job, "placed")
    assert paid(sim) == [60]
    assert not (tmp_path / "unfinished").exists()


def test_killed_while_the_answer_was_on_its_way(sim: Simulator, tmp_path: Path) -> None:
    """The service took the job, nobody heard the answer: it is found by our own uuid, not paid again."""
    sim.set_fault(endpoint="generateModelWithText", fault="hang_after")
    first = EngineProcess(tmp_path, sim.api_url, sim.token)
    job = first.submit()
    first.wait(job, "submitting")
    first.until(lambda: sim.ledger() or None, "the service to charge it")
    first.kill()
    with EngineProcess(tmp_path, sim.api_url, sim.token) as second:
        second.wait(job, "ready")
        assert "unknown" in second.states(job)
    assert paid(sim) == [60]


def test_two_engines_share_a_folder_and_not_a_job(sim: Simulator, tmp_path: Path) -> None:
    sim.configure(job_seconds=2.0)
    with EngineProcess(tmp_path, sim.api_url, sim.token) as first:
        job = first.submit()
        first.wait(job, "generating")
        with EngineProcess(tmp_path, sim.api_url, sim.token) as second:
            answer = second.ask("cancel", job=job)
            assert "another Blender window" in answer["error"]["what"]
            assert second.ask("list")["jobs"] == [], "its progress is not told here, so it would stand still"
            first.wait(job, "ready")
            first.until(lambda: first.jobs[job]["under_way"] is False or None, "its preview too")
            assert [listed["id"] for listed in second.ask("list")["jobs"]] == [job]
    assert paid(sim) == [60]


def test_a_model_whose_file_is_lost_is_ready_once_more(sim: Simulator, tmp_path: Path) -> None:
    lost = {"target": {"session": "another"}, "lost": True}
    with EngineProcess(tmp_path, sim.api_url, sim.token) as first:
        job = first.submit()
        first.wait(job, "ready")
        first.send("placed", job=job, variant=0, target={"session": "one"})
        first.wait(job, "placed")
        first.until(lambda: first.jobs[job]["under_way"] is False or None, "its preview too")
        first.ask("dismiss", job=job)
        with EngineProcess(tmp_path, sim.api_url, sim.token) as second:
            answer = second.ask("retarget", job=job, **lost)
            assert "another Blender has open" in answer["error"]["what"]
            assert second.ask("find", job=job)["jobs"][0]["target"] == {"session": "one"}
    with EngineProcess(tmp_path, sim.api_url, sim.token) as third:
        assert third.ask("retarget", job=job, **lost)["error"] is None
        told = third.wait(job, "ready")
    assert (told["target"], told["placed"], told["dismissed"]) == ({"session": "another"}, [], False)
    assert paid(sim) == [60]


def test_the_journal_knows_each_transition(engine: EngineProcess) -> None:
    job = engine.submit()
    engine.wait(job, "ready")
    engine.send("placed", job=job, target={})
    engine.wait(job, "placed")
    with sqlite3.connect(engine.folder / "journal.sqlite3") as db:
        rows = db.execute("SELECT state FROM transitions WHERE job = ? ORDER BY rowid", (job,)).fetchall()
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert [state for (state,) in rows] == [
        *("queued", "submitting", "generating", "downloading", "preparing_model", "ready", "placed")
    ]


def test_the_key_is_nowhere_but_on_the_pipe(sim: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURAL4D_API_TOKEN", sim.token)  # even where a script has it in its environment
    with EngineProcess(tmp_path, sim.api_url, sim.token, preparer=[*PREPARER, "secret"], command=STARTED) as engine:
        sim.set_fault(endpoint="queryJobProgress", fault="http_500", message=f"bad token {sim.token}")
        job = engine.submit()
        done = engine.wait(job, "ready")
        command_line = Path(f"/proc/{engine.process.pid}/cmdline")
        if command_line.exists():
            assert sim.token not in command_line.read_text()
        assert "PATH" in done["variants"][0]["facts"]["environment"]
        assert sim.token not in repr(engine.events)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert sim.token.encode() not in path.read_bytes(), path


def test_what_is_no_message_is_passed_over(engine: EngineProcess) -> None:
    assert engine.process.stdin is not None
    engine.process.stdin.write(b'not json\n[1]\n{"do": "dance", "tag": "x"}\n')
    engine.process.stdin.flush()
    job = engine.submit()
    engine.wait(job, "ready")
    assert any(e.get("tag") == "x" and e["error"]["code"] == "InvalidInput" for e in engine.events)


def test_it_ends_when_its_pipe_closes(sim: Simulator, tmp_path: Path) -> None:
    sim.set_fault(endpoint="queryPointsInfo", fault="hang", times=None)
    engine = EngineProcess(tmp_path, sim.api_url, sim.token)
    engine.submit()
    engine.close()
    assert engine.process.returncode == 0
    assert os.listdir(tmp_path)


def test_a_command_that_ends_in_a_mistake_costs_that_command(sim: Simulator, engine: EngineProcess) -> None:
    answer = engine.ask("find")  # of no job
    assert "internal error stopped the command 'find' (KeyError)" in answer["error"]["what"]
    assert "KeyError" in (engine.folder / "engine.log").read_text(encoding="utf-8")
    engine.wait(engine.submit(), "ready")
