"""What a job cost: the service's own word at once, else the fall of the balance; to the point of the ledger."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from neural4d_blender.engine.http.transport import Transport
from neural4d_blender.engine.model.batch import BatchRecord
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.model.request import Request
from neural4d_blender.engine.model.server_facts import GENERATION
from neural4d_blender.engine.services.neural4d.provider import OLDER, Neural4D
from neural4d_blender.engine.spending.spending import Spending
from neural4d_blender.engine.store.journal import Journal
from scripts.simulator.launcher import Simulator
from tests.support.engine_process import EngineProcess
from tests.support.every_service import picture
from tests.support.today import QUICK, engine, points, sim, simulator
from tests.unit.whole_engine.test_engine_batches import end, submit

__all__ = ["engine", "sim", "simulator"]

TEXT = "generateModelWithText"
NOWHERE = Transport("Neural4D", "https://example.com", "a key")


@pytest.mark.parametrize("told", ["told", "null", "absent"])
@pytest.mark.parametrize("variants", [1, 4])
def test_four_variants_cost_four_times_as_much(sim: Simulator, engine: EngineProcess, told: str, variants: int) -> None:
    sim.configure(points_told=told)
    done = engine.wait(engine.submit(variants=variants), "ready")
    assert (done["cost"], done["cost_estimated"]) == (30 * variants, False)
    image = engine.submit("", images=[str(picture(engine.folder))], variants=variants)
    assert engine.wait(image, "ready")["cost"] == 30 * variants
    assert sum(points(sim)) == 60 * variants


@pytest.mark.parametrize("told", ["told", "null"])
@pytest.mark.parametrize("price", [7, 45])
def test_short_lived_engines_agree_with_the_ledger(sim: Simulator, tmp_path: Path, told: str, price: int) -> None:
    """Five commands, one after another, at a price that no document names."""
    sim.configure(points_told=told, prices={"text": price})
    costs = []
    for _ in range(5):
        with EngineProcess(tmp_path, sim.api_url, sim.keys) as engine:
            costs.append(engine.wait(engine.submit(variants=2), "ready")["cost"])
            engine.until(lambda: next((e for e in engine.events if e["event"] == "prices"), None), "prices")
    assert costs == points(sim) == [2 * price] * 5


def test_the_services_word_is_the_next_estimate_at_once(sim: Simulator, engine: EngineProcess) -> None:
    for price in (45, 20, 33):
        sim.configure(prices={"text": price})
        assert engine.wait(engine.submit(), "ready")["cost"] == price
        told = [event["prices"] for event in engine.events if event["event"] == "prices"]
        assert told[-1]["neural4d:text x1"] == price


def test_a_price_that_shows_late_is_found_when_the_job_is_done(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(points_told="null", booking_seconds=0.3, job_seconds=1.0, prices={"text": 45})
    done = engine.wait(engine.submit(), "ready")
    assert (done["cost"], done["cost_estimated"]) == (45, False)


def test_of_purchases_that_show_late_none_gets_the_price_of_another(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(points_told="null", booking_seconds=1.0, job_seconds=0.5, prices={"text": 45})
    jobs = [engine.submit(f"bird {number}") for number in range(3)]
    for job in jobs:
        done = engine.wait(job, "ready")
        assert done["cost"] == 45 or done["cost_estimated"]


@pytest.mark.parametrize("told", ["told", "null"])
def test_a_batch_keeps_its_budget_to_the_point(sim: Simulator, engine: EngineProcess, told: str) -> None:
    """Documented are 60 at the most; it is 45 a model."""
    sim.configure(points_told=told, prices={"text": 45})
    ids = submit(engine, 6, concurrency=2, budget=150)
    end(engine, ids, "ready", "failed")
    states = [engine.jobs[job]["state"] for job in ids]
    assert states.count("ready") == 3
    assert sum(points(sim)) == 135 == sum(engine.jobs[job]["cost"] or 0 for job in ids)
    assert {engine.jobs[job]["error"]["code"] for job in ids if engine.jobs[job]["error"]} == {"BudgetUsedUp"}


def test_a_price_that_is_only_documented_refuses_nothing(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(balance=25, prices={"text": 20})
    assert engine.wait(engine.submit(), "ready")["cost"] == 20
    error = engine.wait(engine.submit(), "failed")["error"]  # measured now, and 5 are left
    assert (error["code"], "20 points and 5 are left" in error["what"]) == ("NotEnoughPoints", True)
    assert len(sim.requests(TEXT)) == 1


def test_what_the_service_gives_back_is_no_price(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(refund_failed=True)
    sim.set_fault(TEXT, "generation_failed")
    engine.wait(engine.submit(), "failed")
    assert engine.wait(engine.submit(), "ready")["cost"] == 30


def test_another_computer_on_the_same_account(sim: Simulator, engine: EngineProcess, tmp_path: Path) -> None:
    """What it costs is told, so that the other's purchases at the same moment do not matter."""
    other = tmp_path / "other"
    other.mkdir()
    with EngineProcess(other, sim.api_url, sim.keys) as elsewhere:
        elsewhere.configure(sim.api_url, sim.keys, timing=QUICK)
        jobs = [(one, one.submit(f"bird {number}")) for number in range(5) for one in (engine, elsewhere)]
        costs = [one.wait(job, "ready")["cost"] for one, job in jobs]
    assert costs == [30] * 10
    assert sum(points(sim)) == 300


def test_a_price_is_the_one_of_the_servers_generation_until_it_was_measured(tmp_path: Path) -> None:
    spending, provider = Spending(Journal(tmp_path), lambda *_: None, lambda: None), Neural4D(NOWHERE)
    quote = provider.quotes(Request(prompt="a bird", variants=2))[0]
    assert spending.prices.expected(provider, quote) == 60
    provider.server.note(GENERATION, OLDER)
    assert spending.prices.expected(provider, quote) == 60
    quote = provider.quotes(Request(prompt="a bird"))[0]
    assert spending.prices.expected(provider, quote) == 60, "by the operation, not by the model"
    spending.journal.learn_price("neural4d", quote.operation, 45)
    assert spending.prices.expected(provider, quote) == 45


@pytest.mark.parametrize("shard", ["", "2/3"])
def test_a_fall_is_no_price_where_other_shares_buy_on_the_account(tmp_path: Path, shard: str) -> None:
    journal = Journal(tmp_path)
    spending, provider = Spending(journal, lambda *_: None, lambda: None), Neural4D(NOWHERE)
    job = Job("1", "neural4d", {"prompt": "a bird"}, batch="b")
    journal.save(job, batch=BatchRecord("b", shard=shard))
    assert spending.prices.is_ours(provider, job, "text x1", 60, 120, time.time()) is not bool(shard)
    assert spending.prices.others_pay(job) is bool(shard)
