"""Which fall of the balance belongs to which job: what shows late, what two engines buy at once, what nobody knows."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from neural4d_blender.engine.errors import AnswerLost, RequestRefused, ServiceBusy, ServiceUnreachable
from neural4d_blender.engine.model.states import State
from neural4d_blender.engine.process.batches import _cost_so_far
from neural4d_blender.engine.services.results import Balance, Cutout
from neural4d_blender.engine.spending import spending_limits
from neural4d_blender.engine.steps import next_step, retry_and_choose, retry_or_fail
from neural4d_blender.engine.steps.active_job import ActiveJob
from neural4d_blender.engine.store.journal import Journal
from tests.support.one_thread import PICTURES, TEXT, World
from tests.support.virtual_service import Acted, Steps, begin, refused

__all__ = ["begin"]

Begin = Callable[..., Steps]


@pytest.mark.parametrize("documented", [False, True])
@pytest.mark.parametrize("kind", [RequestRefused, ServiceBusy])
def test_what_another_job_has_bought_before_is_not_blamed_on_one_that_is_refused(
    begin: Begin, kind: type[RequestRefused], documented: bool
) -> None:
    steps = begin(lag=20.0)
    first, second = steps.job("1"), steps.job("2")
    steps.run(first, State.GENERATING)
    steps.system.clock.sleep(2)
    steps.service.answers = [refused(kind, 429, documented=documented, wait=30.0 if kind is ServiceBusy else None)]
    steps.run(second)
    own = steps.paid.count("text") - 1
    assert (second.job.costs.total or 0) == 30 * own, "it is told what it has paid, and nothing that it has not"
    assert own == (kind is ServiceBusy and documented)


def test_a_refusal_after_acting_is_seen_although_another_job_has_bought_before(begin: Begin) -> None:
    """More is gone than the other one can have cost: it is not sent again, and nobody says what it was."""
    steps = begin(lag=5.0)
    steps.run(steps.job("1"), State.GENERATING)
    steps.system.clock.sleep(2)
    steps.service.answers = [Acted(refused(ServiceBusy, 429, documented=True, wait=30.0))]
    second = steps.job("2")
    steps.run(second)
    assert (second.job.error or {})["code"] == "PaymentUnknown"
    assert (second.job.costs.total, second.job.costs.estimated, second.job.committed) == (None, True, 30)
    assert steps.paid == ["text"] * 2


def test_the_jobs_own_pictures_are_not_the_price_of_a_model_that_is_refused(world: World) -> None:
    world.provider.charges = False
    world.provider.choices.append([Cutout("one", "https://x/one.png")])
    active = world.job(picture_first=True)
    world.until(active, State.PREPARING_INPUT)
    world.provider.answers.append(ServiceBusy("Not so fast.", retry_after=1.0))
    world.until(active, State.UNKNOWN)
    world.provider.points -= PICTURES  # which shows only now
    job = world.until(active, State.READY)
    assert (job.costs.total, len(world.provider.submitted)) == (PICTURES + TEXT, 2)


def test_of_two_engines_that_have_read_the_same_balance_one_waits(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = begin()
    other = begin(one.folder, beside=one)
    first, second = one.job("1"), other.job("2")
    told, before = one.service.balance, one.service.balance()

    def meanwhile() -> Balance:
        monkeypatch.setattr(one.service, "balance", told)
        thread = threading.Thread(target=other.run, args=(second, State.GENERATING))  # for it has steps of its own
        thread.start()
        thread.join()
        return before

    monkeypatch.setattr(one.service, "balance", meanwhile)
    assert next_step.step(one.context, first) == one.context.timing.look_again
    assert (first.job.state, "another job" in first.job.note) == (State.QUEUED, True)
    one.run(first)
    assert [job.costs.total for job in (first.job, second.job)] == [30, 30]


@pytest.mark.parametrize("back", [0.0, 7200.0])
def test_a_clock_that_was_set_back_holds_nobody_up(world: World, back: float) -> None:
    world.until(world.job("1"), State.READY)
    world.clock.passed -= back
    began = world.clock.passed
    world.until(world.job("2"), State.GENERATING)
    assert world.clock.passed - began < 10


def lost(world: World, **request: object) -> ActiveJob:
    """A submission that may have been paid, and of which nobody can say whether it was."""
    active = world.job(**request)
    world.provider.answers.append(AnswerLost("Gone."))
    world.until(active, State.UNKNOWN)
    world.provider.points += 500  # somebody else tops it up
    world.until(active, State.FAILED)
    assert (active.job.error or {})["code"] == "PaymentUnknown"
    return active


def test_what_may_have_been_paid_is_in_the_costs_and_stays_there(world: World, tmp_path: Path) -> None:
    active = lost(world)
    assert (active.job.costs.total, active.job.costs.estimated, active.job.costs.free) == (None, True, False)
    retry_and_choose.retry(world.context, active)
    world.provider.answers.append(ServiceUnreachable("No network."))
    world.step(active)
    retry_or_fail.fail(world.context, active.job, ServiceUnreachable("No network."))
    said = (active.job.error or {})["cost"]
    assert "may have been paid" in said
    assert "paid again" in said
    assert active.job.retry_pays
    retry_and_choose.retry(world.context, active)
    active.cancelled.set()
    world.step(active)
    assert "may have been" in active.job.note
    retry_and_choose.retry(world.context, active)
    job = world.until(active, State.READY)
    assert (job.costs.total, job.costs.estimated) == (TEXT, True)
    with_it = Journal(tmp_path, world.system).get(job.id)
    assert with_it
    assert with_it.costs.unsure


def test_the_caps_own_words_know_of_it_too(world: World) -> None:
    active = lost(world, max_points=TEXT)
    retry_and_choose.retry(world.context, active)
    active.job.request["max_points"] = 1
    world.until(active, State.FAILED)
    assert (active.job.error or {})["code"] == "CapReached"
    assert spending_limits.NOTHING_SENT not in (active.job.error or {})["cost"]


def test_pictures_that_are_paid_are_part_of_what_is_not_known(world: World) -> None:
    world.provider.choices.append([Cutout("one", "https://x/one.png")])
    active = world.job(picture_first=True)
    world.until(active, State.PREPARING_INPUT)
    world.provider.answers.append(AnswerLost("Gone."))
    world.until(active, State.UNKNOWN)
    world.provider.points += 500
    job = world.until(active, State.FAILED)
    assert (job.costs.total, job.costs.estimated) == (PICTURES, True)


def test_a_refusal_of_which_nobody_can_say_more_stays_a_risk(begin: Begin) -> None:
    steps = begin(tells=False)
    steps.service.answers = [Acted(refused(RequestRefused, 403))]
    steps.service.told = 30
    active = steps.job()
    steps.run(active)
    assert active.job.retry_pays
    retry_and_choose.retry(steps.context, active)
    steps.run(active)
    assert (active.job.costs.total, active.job.costs.estimated) == (30, True)
    assert steps.paid == ["text"] * 2


def test_a_batch_that_is_stopped_says_it_too(world: World) -> None:
    assert _cost_so_far(lost(world).job).startswith("What was paid for it before, or may have been")


def test_what_others_buy_is_seen_though_the_clock_was_set_back(world: World) -> None:
    active = world.job()
    world.provider.answers.append(AnswerLost("Gone."))
    world.provider.charges = False
    world.until(active, State.UNKNOWN)
    world.clock.passed -= 3600
    world.provider.charges = True
    world.until(world.job("2"), State.GENERATING)
    world.clock.began += 3600  # the time that passes for a process is another one
    world.until(active, State.FAILED)
    assert (active.job.costs.total, active.job.costs.estimated) == (None, True), "it has paid nothing"


def test_nor_is_it_taken_for_the_price_of_what_is_sent_again(world: World) -> None:
    world.until(world.job("0"), State.GENERATING)  # by which it is seen that the service books at once
    active = world.job("1")
    world.provider.charges = False
    world.provider.answers.append(ServiceBusy("Not so fast.", retry_after=1.0))
    world.until(active, State.QUEUED)
    world.clock.passed -= 3600
    world.clock.began += 3600
    world.provider.charges = True
    world.until(world.job("2"), State.GENERATING)
    job = world.until(active, State.READY)
    assert (job.costs.total, job.error) == (TEXT, None), "it was refused, and the other one has paid"
