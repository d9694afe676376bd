"""The life of a job as its table has it, and what becomes of a transition that it does not have."""

from __future__ import annotations

import pytest

from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.model.states import FREE_TO_CANCEL, IDLE, LIFE, SETTLED, State

FOLLOWERS = {state: followers for state, (_, _, followers) in LIFE.items()}
OVER = {State.FAILED, State.CANCELLED}


def test_every_state_has_a_row_and_says_what_the_journal_has() -> None:
    assert list(LIFE) == list(State)
    assert all(len(journaled.split()) > 1 for journaled, _, _ in LIFE.values())


def test_every_state_is_reached_from_the_first() -> None:
    reached = {State.QUEUED}
    while more := {follower for state in reached for follower in FOLLOWERS[state]} - reached:
        reached |= more
    assert reached == set(State)


@pytest.mark.parametrize("state", State)
def test_a_job_may_end_in_any_state_until_its_model_is_there(state: State) -> None:
    there = state in (State.READY, State.PLACED)
    assert FOLLOWERS[state] & OVER == (set() if there else OVER)


@pytest.mark.parametrize("state", sorted(SETTLED))
def test_what_is_settled_goes_on_only_when_the_user_asks_for_it(state: State) -> None:
    """By Retry, or by Prepare, which wants another model or one that is there: see steps/retry_and_choose.py."""
    retried = {State.QUEUED, State.UNKNOWN, State.GENERATING, State.READY}
    assert FOLLOWERS[state] - OVER == (retried if state in OVER else {State.GENERATING, State.READY})
    assert not Job("a", "neural4d", {}, state=state).under_way


def test_nothing_is_paid_before_it_is_journaled_that_it_may_be() -> None:
    """A job is at the service after a submission, or where one was found; those before it can be cancelled for free."""
    free = {State.QUEUED, State.PREPARING_INPUT, State.CHOOSING_CUTOUT}
    assert free == FREE_TO_CANCEL
    assert {state for state in State if State.SUBMITTING in FOLLOWERS[state]} == free - {State.CHOOSING_CUTOUT}
    assert {state for state in State if State.UNKNOWN in FOLLOWERS[state]} == {State.SUBMITTING} | OVER


def test_who_waits_for_a_user_works_at_nothing() -> None:
    waiting = {State.QUEUED, State.CHOOSING_CUTOUT, State.READY}
    assert SETTLED | waiting == IDLE


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("state", State)
def test_a_job_enters_what_may_follow(state: State) -> None:
    for follower in FOLLOWERS[state]:
        job = Job("a", "neural4d", {}, state=state)
        job.enter(follower, 1.0)
        assert job.state is follower


def test_a_transition_that_nobody_knows_is_told_and_the_job_goes_on() -> None:
    job = Job("a", "neural4d", {}, state=State.QUEUED, entered=100.0)
    with pytest.warns(RuntimeWarning, match="queued is followed by placed"):
        job.enter(State.PLACED, 103.0)
    assert (job.state, job.entered, job.seconds) == (State.PLACED, 103.0, {State.QUEUED: 3.0})
