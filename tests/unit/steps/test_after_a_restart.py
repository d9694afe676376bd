"""What an engine that comes later knows of the time, of the troubles before, and of what is under way already."""

from __future__ import annotations

import threading

import pytest

from neural4d_blender.engine.errors import (
    HeldBack,
    JournalUnusable,
    Neural4DError,
    OtherGeneration,
    ServiceBusy,
    UnexpectedAnswer,
)
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.model.states import State, VariantState
from neural4d_blender.engine.model.variant import Variant
from neural4d_blender.engine.process.scheduling.concurrency_limit import ConcurrencyLimit
from neural4d_blender.engine.process.scheduling.schedule import Schedule
from neural4d_blender.engine.process.take_over import TakeOver
from neural4d_blender.engine.services.results import Poll
from neural4d_blender.engine.steps import retry_and_choose
from neural4d_blender.engine.steps.active_job import ActiveJob
from tests.support.one_thread import World, done, waits

NIGHT = 9 * 3600.0


def over_night(world: World) -> tuple[World, ActiveJob]:
    """A job that was generating when Blender was closed, and is taken over the next morning."""
    active = world.job()
    world.provider.polls.clear()
    world.provider.polls.append(waits())
    world.until(active, State.GENERATING)
    for _ in range(3):
        world.step(active)
    world.clock.sleep(NIGHT)
    later = world.again()
    (active,) = later.taken_over()
    return later, active


def test_a_job_of_last_night_is_asked_for_at_once_and_is_there(world: World) -> None:
    world, active = over_night(world)
    world.provider.polls.append(done("one"))
    world.provider.polls.popleft()
    began = world.clock.passed
    asked: list[bool] = []
    poll = world.provider.poll
    world.provider.poll = lambda uuid, expect_done: (asked.append(expect_done), poll(uuid, expect_done))[1]  # type: ignore[method-assign]
    assert world.until(active, State.READY).error is None
    assert asked[0], "the result itself: it has long been there"
    assert world.clock.passed - began < 30


def test_a_job_of_last_night_is_given_its_hour_again(world: World) -> None:
    """The service may have stood still as long as the engine did: the wait counts from its own first question."""
    world, active = over_night(world)
    began = world.clock.passed
    while active.job.state is State.GENERATING:
        world.step(active)
        assert active.job.progress < 1.0
    assert active.job.state is State.FAILED
    assert 3600 <= world.clock.passed - began < 3700
    assert (active.job.error or {})["kept"] == "The job stays at the service."
    assert world.provider.bought == [60]


def test_time_in_each_state_counts_the_night(world: World) -> None:
    world, active = over_night(world)
    world.provider.polls.append(done("one"))
    world.provider.polls.popleft()
    world.until(active, State.READY)
    assert active.job.seconds["generating"] == pytest.approx(NIGHT, abs=120)


# Counters are of troubles in a row: whatever goes well begins them anew, and so does Retry.


@pytest.mark.parametrize("error", [UnexpectedAnswer("What?"), OtherGeneration("Another one.")])
def test_troubles_with_an_answer_between_them_are_not_added_up(world: World, error: Neural4DError) -> None:
    few = 2 if isinstance(error, OtherGeneration) else world.context.timing.attempts - 1
    answers: list[Poll | Neural4DError] = []
    for number in range(4):
        answers += [*[error] * few, waits(number / 10)]
    world.provider.polls.clear()
    world.provider.polls.extend([*answers, done("one")])
    active = world.job()
    assert world.until(active, State.READY, State.FAILED).error is None


@pytest.mark.parametrize(
    ("error", "times"), [(UnexpectedAnswer("What?"), 6), (OtherGeneration("Another one."), 3)], ids=["passing", "other"]
)
def test_so_many_in_a_row_are_too_many_and_retry_has_as_many_again(
    world: World, error: Neural4DError, times: int
) -> None:
    world.provider.polls.clear()
    world.provider.polls.extend([error] * times)
    active = world.job()
    assert world.until(active, State.FAILED).costs.total == 60
    assert len([call for call in world.provider.asked if call == "poll"]) == times
    world.provider.polls.clear()
    world.provider.polls.extend([*[error] * (times - 1), done("one")])
    retry_and_choose.retry(world.context, active)
    assert world.until(active, State.READY, State.FAILED).error is None
    assert world.provider.bought == [60]


def test_refusals_to_hurry_are_counted_anew_after_retry(world: World) -> None:
    world.provider.charges = False
    most = world.context.timing.refusals
    world.provider.answers.extend([ServiceBusy("Slow down.", retry_after=5.0)] * (2 * most - 1))
    active = world.job()
    error = world.until(active, State.FAILED).error or {}
    assert (error["code"], len(world.provider.submitted)) == ("ServiceBusy", most)
    retry_and_choose.retry(world.context, active)
    world.until(active, State.GENERATING, State.FAILED)
    assert (active.job.state, len(world.provider.submitted)) == (State.GENERATING, 2 * most)


def test_what_holds_a_job_back_here_counts_as_no_refusal(world: World) -> None:
    held = [HeldBack("Not yet.", retry_after=5.0)] * (2 * world.context.timing.refusals)
    world.provider.answers.extend(held)
    world.provider.charges = False
    active = world.job()
    assert world.until(active, State.GENERATING, State.FAILED).state is State.GENERATING


# Of a batch only so many are at the service, whoever sent them there.


def job(number: int, state: State, *variants: VariantState) -> Job:
    made = [Variant(index, f"{number}-{index}", each) for index, each in enumerate(variants)]
    return Job(str(number), "neural4d", {"prompt": "p"}, state=state, variants=made, batch="b", item=number)


AT_SERVICE = [
    (State.PREPARING_INPUT,),
    (State.SUBMITTING,),
    (State.UNKNOWN,),
    (State.GENERATING, VariantState.GENERATING),
    (State.DOWNLOADING, VariantState.DONE, VariantState.GENERATING),
    (State.READY, VariantState.PREPARED, VariantState.GENERATING),
]
GONE = [
    (State.CONVERTING, VariantState.DONE),
    (State.DOWNLOADING, VariantState.DONE),
    (State.PREPARING_MODEL, VariantState.DOWNLOADED),
    (State.READY, VariantState.PREPARED),
    (State.FAILED, VariantState.GENERATING),
    (State.CANCELLED, VariantState.GENERATING),
]


@pytest.mark.parametrize("life", AT_SERVICE, ids=lambda life: life[0])
def test_a_job_that_an_engine_before_sent_has_its_place(life: tuple[State, VariantState]) -> None:
    slots = ConcurrencyLimit({"b": 1}.__getitem__)
    left = job(0, *life)
    assert slots.may_go(ActiveJob(left))
    waiting = ActiveJob(job(1, State.QUEUED))
    assert not slots.may_go(waiting)
    assert slots.stepped(left) == []
    left.state, left.variants = State.FAILED, []
    assert slots.stepped(left) == ["1"]
    assert slots.may_go(waiting)


@pytest.mark.parametrize("life", GONE, ids=lambda life: life[0])
def test_a_job_that_has_left_the_service_takes_nobodys_place(life: tuple[State, VariantState]) -> None:
    slots = ConcurrencyLimit({"b": 1}.__getitem__)
    assert slots.may_go(ActiveJob(job(0, *life)))
    assert slots.may_go(ActiveJob(job(1, State.QUEUED)))
    assert not slots.may_go(ActiveJob(job(2, State.QUEUED)))


def test_those_at_the_service_are_taken_over_before_those_that_wait(world: World) -> None:
    """Else the next in the line would be let go before it is known that all places are taken."""

    class Jobs:
        woken: list[str] = []

        def wake(self, active: ActiveJob) -> None:
            self.woken.append(active.job.id)

    lives = [(State.QUEUED,), (State.GENERATING, VariantState.GENERATING), (State.QUEUED,), (State.UNKNOWN,)]
    for number, life in enumerate(lives):
        left = job(number, *life)
        left.created = world.clock.now() + number
        world.context.save(left)
    later = world.again()
    later.context.preparers.argv = ["blender"]
    TakeOver(later.context, Jobs(), Schedule(later.clock), lambda _: threading.Event()).now()  # type: ignore[arg-type]
    assert Jobs.woken == ["1", "3", "0", "2"]


def test_one_that_waits_for_a_choice_at_the_service_keeps_its_place_over_a_restart(world: World) -> None:
    """Nobody works on it until its user has chosen; then the service goes on with it at once."""
    chosen = job(0, State.CHOOSING_CUTOUT, VariantState.GENERATING)
    for left in (chosen, job(1, State.CHOOSING_CUTOUT), job(2, State.QUEUED)):  # the second one is not sent yet
        world.context.save(left)
    later = world.again()
    slots = ConcurrencyLimit({"b": 1}.__getitem__, later.journal.choosing)
    assert not slots.may_go(ActiveJob(job(2, State.QUEUED)))
    assert slots.reopened("b") == []
    taken = later.journal.get("0")
    assert taken
    taken.state = State.GENERATING
    assert slots.may_go(ActiveJob(taken))
    taken.variants[0].state, taken.state = VariantState.DONE, State.DOWNLOADING
    later.journal.save(taken)
    assert slots.stepped(taken) == ["2"]


def test_what_a_full_disk_did_not_take_is_not_newer_than_what_it_has(world: World) -> None:
    """A host passes over what seems older than what it was told: so would all that the next engine says of the job."""
    left = world.job().job
    world.context.save(left)
    told = left.revision
    with world.journal.reading() as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")
        left.note = "long " * 20_000
        for _ in range(5):
            with pytest.raises(JournalUnusable, match="full"):
                world.context.save(left)
        assert left.revision == told
        small = world.job("2").job
        before = small.revision
        with pytest.raises(JournalUnusable, match="full"), world.journal.transaction():
            world.journal.save(small, left)
        assert (small.revision, left.revision) == (before, told)
        db.execute("PRAGMA max_page_count = 100000")
    world.context.save(left)
    assert left.revision == told + 1
