"""A request whose answer was lost: looked for, watched, and sent again only where it certainly was not taken."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import pytest

from neural4d_blender.engine.errors import AnswerLost, HeldBack, UnexpectedAnswer
from neural4d_blender.engine.model.declaration import Feature
from neural4d_blender.engine.model.server_facts import AT_ONCE, BOOKS
from neural4d_blender.engine.model.states import State
from neural4d_blender.engine.services.neural4d.polls import Known, is_known
from neural4d_blender.engine.services.results import Submission, Trace
from neural4d_blender.engine.steps import retry_and_choose
from neural4d_blender.engine.steps.active_job import ActiveJob
from tests.support.one_thread import TEXT, StoppedClock, World

NO_TRACE, PROOF = Trace(), Trace(proof=True)


def lost(world: World, *, charged: bool, traces: Trace | None = None, **request: object) -> ActiveJob:
    """A job whose submission was answered by nothing."""
    world.provider.answers.append(AnswerLost("Gone."))
    world.provider.charges = charged
    if traces:
        world.provider.traces.append(traces)
    active = world.job(**request)
    world.until(active, State.UNKNOWN)
    assert active.job.submission.in_doubt
    return active


def code(active: ActiveJob) -> str:
    return (active.job.error or {}).get("code", "")


def test_what_the_service_has_is_the_jobs(world: World) -> None:
    active = lost(world, charged=True, traces=Trace(Submission(["there"])))
    job = world.until(active, State.READY)
    assert ([one.uuid for one in job.variants], job.submission.in_doubt) == (["there"], False)
    assert (job.costs.total, job.costs.estimated) == (TEXT, False)
    assert world.provider.bought == [TEXT]
    later = world.job("2")
    assert world.until(later, State.READY).costs.total == TEXT, "nothing is held up any more"


def test_what_it_costs_is_its_own_word_first(world: World) -> None:
    active = lost(world, charged=True, traces=Trace(Submission(["there"], points=50)))
    assert world.until(active, State.READY).costs.total == 50


def test_what_others_bought_meanwhile_is_not_its_price(world: World) -> None:
    active = lost(world, charged=True)
    world.provider.traces.append(Trace(Submission(["there"])))
    world.clock.sleep(1)
    world.journal.note_purchase(world.job("2").job)
    world.provider.points -= 11
    job = world.until(active, State.READY)
    assert (job.costs.total, job.costs.estimated) == (TEXT, True)


def test_a_balance_that_fell_says_that_it_was_taken(world: World) -> None:
    active = lost(world, charged=True)
    job = world.until(active, State.FAILED)
    assert (code(active), job.costs.total, job.costs.estimated, job.retry_pays) == ("PaymentUnknown", TEXT, False, True)
    assert str(TEXT) in (job.error or {})["cost"]
    assert (job.submission.in_doubt, job.committed) == (False, TEXT)
    assert len(world.provider.submitted) == 1


@pytest.mark.parametrize("after", [1.0, 40.0, 79.0])
def test_a_balance_that_falls_late_too(world: World, after: float) -> None:
    active = lost(world, charged=False)
    began = world.clock.passed
    while active.job.state is State.UNKNOWN:
        world.step(active)
        if world.clock.passed - began >= after and world.provider.points == 1000:
            world.provider.points -= TEXT
    assert (code(active), active.job.costs.total) == ("PaymentUnknown", TEXT)
    assert len(world.provider.submitted) == 1


def test_a_balance_that_rose_tells_nothing(world: World) -> None:
    active = lost(world, charged=False)
    world.provider.points += 500
    job = world.until(active, State.FAILED)
    assert (code(active), job.costs.total, job.retry_pays) == ("PaymentUnknown", None, True)
    assert job.committed == TEXT, "caps go on counting what may have been paid"
    assert "Unknown" in (job.error or {})["cost"]


def test_a_balance_that_others_use_tells_nothing(world: World) -> None:
    active = lost(world, charged=True)
    world.clock.sleep(1)
    world.journal.note_purchase(world.job("2").job)
    job = world.until(active, State.FAILED)
    assert (code(active), job.costs.total, job.committed) == ("PaymentUnknown", None, TEXT)


def test_where_nothing_can_be_asked_it_is_not_known_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        type(world.provider), "lacks", classmethod(lambda cls, feature, facts: feature == Feature.BALANCE)
    )
    active = lost(world, charged=True)
    began = world.clock.passed
    job = world.until(active, State.FAILED)
    assert (code(active), job.costs.total, job.committed) == ("PaymentUnknown", None, TEXT)
    assert world.clock.passed - began < world.context.timing.watch
    assert job.submission.tickets[0] in (job.error or {})["remedy"], "what to look for there"


def test_a_balance_that_stands_still_says_that_it_was_not_taken(world: World) -> None:
    active = lost(world, charged=False)
    began = world.clock.passed
    job = world.until(active, State.FAILED)
    assert (code(active), (job.error or {})["cost"]) == ("SubmissionLost", "Nothing was paid.")
    assert world.clock.passed - began >= world.context.timing.watch
    assert (len(world.provider.submitted), job.committed, job.submission.in_doubt) == (1, 0, False)
    assert 4 <= world.provider.asked.count("balance") <= 12, "it is not asked in a busy loop"
    world.provider.charges = True
    retry_and_choose.retry(world.context, active)
    assert world.until(active, State.READY).costs.total == TEXT
    assert world.provider.bought == [TEXT]


def test_at_a_service_that_books_at_once_it_is_sent_again_by_itself(world: World) -> None:
    world.provider.server.note(BOOKS, AT_ONCE)
    active = lost(world, charged=False)
    world.provider.charges = True
    job = world.until(active, State.READY)
    assert (job.costs.total, world.provider.bought) == (TEXT, [TEXT])
    assert world.provider.submitted == [["1-0-0"]] * 2, "under the same id, should the first one turn up"


@pytest.mark.parametrize("balance", [True, False])
def test_what_the_services_records_prove_it_is_sent_again_three_times_in_all(world: World, balance: bool) -> None:
    world.provider.answers.extend([AnswerLost("Gone.")] * 5)
    world.provider.charges = False
    world.provider.traces.append(PROOF)
    if not balance:
        world.provider.told = False
        world.provider.balance = _none  # type: ignore[method-assign, assignment]
    active = world.job()
    job = world.until(active, State.FAILED)
    assert (code(active), len(world.provider.submitted)) == ("SubmissionLost", world.context.timing.looks)
    assert (job.error or {})["cost"] == "Nothing was paid."
    assert (job.submission.number, job.submission.in_doubt) == (0, False)


def _none() -> object:
    raise UnexpectedAnswer("No balance.")


def test_records_that_prove_nothing_and_no_balance_leave_it_open(world: World) -> None:
    world.provider.balance = _none  # type: ignore[method-assign, assignment]
    active = lost(world, charged=False, traces=NO_TRACE)
    job = world.until(active, State.FAILED)
    assert (code(active), len(world.provider.submitted), job.costs.total) == ("PaymentUnknown", 1, None)


def test_what_shows_in_the_records_a_little_later_than_in_the_balance_is_found(world: World) -> None:
    active = lost(world, charged=True, traces=NO_TRACE)
    for _ in range(2):
        world.step(active)
    assert active.job.state is State.UNKNOWN
    world.provider.traces[0] = Trace(Submission(["there"]))
    assert world.until(active, State.READY).costs.total == TEXT


def test_what_does_not_show_in_the_records_is_told_by_the_balance(world: World) -> None:
    active = lost(world, charged=True, traces=NO_TRACE)
    assert world.until(active, State.FAILED).costs.total == TEXT
    assert code(active) == "PaymentUnknown"


def test_a_sentence_that_names_no_model_is_the_reason_where_nothing_was_taken(world: World) -> None:
    said = UnexpectedAnswer("No ids.")
    said.refusal = "Prompts about birds are not allowed."
    world.provider.answers.append(said)
    world.provider.charges = False
    active = world.job()
    error = world.until(active, State.FAILED).error or {}
    assert error["code"] == "RequestRefused"
    assert error["what"].startswith("Prompts about birds are not allowed.")
    assert error["cost"].startswith("Nothing was paid")
    assert len(world.provider.submitted) == 1


def test_the_same_sentence_with_a_fall_of_the_balance_is_a_payment(world: World) -> None:
    said = UnexpectedAnswer("No ids.")
    said.refusal = "Something went wrong."
    world.provider.answers.append(said)
    active = world.job()
    job = world.until(active, State.FAILED)
    assert (code(active), job.costs.total) == ("PaymentUnknown", TEXT)
    assert (job.error or {})["what"].startswith("Something went wrong.")


# The user, and other engines, meanwhile


def test_cancelled_in_doubt_nothing_is_said_of_money_and_retry_asks(world: World) -> None:
    active = lost(world, charged=True)
    active.cancelled.set()
    job = world.until(active, State.CANCELLED)
    assert job.submission.in_doubt
    assert "Nothing was paid" not in job.note
    assert "Retry asks" in job.note
    assert job.committed == TEXT
    world.provider.traces.append(Trace(Submission(["there"])))
    retry_and_choose.retry(world.context, active)
    assert job.state is State.UNKNOWN
    assert world.until(active, State.READY).costs.total == TEXT
    assert world.provider.bought == [TEXT]


def test_cancelled_in_doubt_it_holds_nobody_up(world: World) -> None:
    active = lost(world, charged=True)
    active.cancelled.set()
    world.until(active, State.CANCELLED)
    began = world.clock.passed
    assert world.until(world.job("2"), State.GENERATING).costs.total == TEXT
    assert world.clock.passed - began < 10


def test_the_next_engine_looks_before_anything_is_sent(world: World) -> None:
    lost(world, charged=True)
    later = world.again()
    (active,) = later.taken_over()
    later.provider.traces.append(Trace(Submission(["there"])))
    job = later.until(active, State.READY)
    assert (job.costs.total, later.provider.bought, len(later.provider.submitted)) == (TEXT, [TEXT], 1)


def test_an_engine_that_died_while_it_was_sent_is_in_doubt(world: World) -> None:
    class Killed(BaseException):
        pass

    def send(*_: object, **__: object) -> Submission:
        world.provider._charge(TEXT)
        raise Killed

    submit, world.provider.submit = world.provider.submit, send  # type: ignore[method-assign]
    with pytest.raises(Killed):
        world.until(world.job(), State.GENERATING)
    later = world.again()
    later.provider.submit = submit  # type: ignore[method-assign]
    (active,) = later.taken_over()
    assert (active.job.state, active.job.submission.in_doubt) == (State.SUBMITTING, True)
    job = later.until(active, State.FAILED)
    assert (code(active), job.costs.total, later.provider.bought) == ("PaymentUnknown", TEXT, [TEXT])


def test_the_trouble_of_looking_is_no_answer(world: World) -> None:
    """While the service is down nobody knows; a day long it is asked again."""
    active = lost(world, charged=True)
    look = world.provider.look_for

    def down(*_: object) -> Trace:
        raise AnswerLost("Still down.")

    world.provider.look_for = down  # type: ignore[method-assign, assignment]
    for _ in range(20):
        world.step(active)
        assert (active.job.state, active.job.submission.in_doubt) == (State.UNKNOWN, True)
    world.provider.look_for = look  # type: ignore[method-assign]
    world.provider.traces.append(Trace(Submission(["there"])))
    assert world.until(active, State.READY).costs.total == TEXT


def test_an_outage_of_a_day_ends_it_and_it_stays_in_doubt(world: World) -> None:
    active = lost(world, charged=True)

    def down(*_: object) -> Trace:
        raise AnswerLost("Still down.")

    world.provider.look_for = down  # type: ignore[method-assign, assignment]
    began = world.clock.passed
    job = world.until(active, State.FAILED)
    assert world.context.timing.outage <= world.clock.passed - began < world.context.timing.outage * 1.1
    assert (job.submission.in_doubt, job.retry_pays, job.committed) == (True, False, TEXT)
    assert "Nothing was paid" not in (job.error or {})["cost"]


def test_troubles_that_pass_are_said_with_the_time_of_the_next_try(world: World) -> None:
    active = lost(world, charged=True)

    def down(*_: object) -> Trace:
        raise AnswerLost("Still down.")

    world.provider.look_for = down  # type: ignore[method-assign, assignment]
    for _ in range(6):
        delay = world.step(active) or 0.0
        assert active.job.until == pytest.approx(world.clock.now())
        assert delay <= world.context.timing.slowest
        assert "Still down." in active.job.note


def test_where_calls_are_held_back_each_gets_its_turn(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One call a step may leave: the balance has its turn too, or the job, and all that wait for it, never end."""
    active = lost(world, charged=False, traces=NO_TRACE)
    left = 0

    def paced(call: Callable[..., object]) -> Callable[..., object]:
        def made(*arguments: object) -> object:
            nonlocal left
            if not left:
                raise HeldBack("Not so fast.", retry_after=20.0)
            left -= 1
            return call(*arguments)

        return made

    monkeypatch.setattr(world.provider, "look_for", paced(world.provider.look_for))
    monkeypatch.setattr(world.provider, "balance", paced(world.provider.balance))
    for _ in range(100):
        left = 1
        if world.step(active) is None:
            break
    assert code(active) == "SubmissionLost"


def test_what_ids_a_service_knows_is_asked_one_by_one_where_calls_are_held_back() -> None:
    clock = StoppedClock()
    known, asked, left = Known(clock), [], 0

    def call(path: str, body: dict[str, str]) -> dict[str, int]:
        nonlocal left
        if not left:
            raise HeldBack("Not so fast.")
        left -= 1
        asked.append(body["uuid"])
        return {"codeStatus": 1 if body["uuid"] == "b" else -2}

    for _ in range(2):
        left = 1
        with pytest.raises(HeldBack):
            known.among(call, ["a", "b", "c"])
    left = 1
    assert known.among(call, ["a", "b", "c"]) == ["b"]
    assert asked == ["a", "b", "c"]
    left = 1
    with pytest.raises(HeldBack):
        known.among(call, ["a", "b", "c"])
    clock.sleep(301)  # it may know that one by now
    left = 3
    assert known.among(call, ["a", "b", "c"]) == ["b"]
    assert asked[3:] == ["a", "a", "b", "c"]


@pytest.mark.parametrize("arrives", [10.0, 100.0, 170.0, None])
def test_what_a_dead_engine_has_sent_may_still_arrive(
    world: World, monkeypatch: pytest.MonkeyPatch, arrives: float | None
) -> None:
    """It is waited for as long as its answer would have been, and watched from then on."""

    def dies(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(world.provider, "submit", dies)
    active, began = world.job(), world.clock.passed
    with pytest.raises(KeyboardInterrupt):
        world.until(active, State.READY)
    later = world.again()
    (taken,) = later.taken_over()
    while taken.job.under_way:
        later.step(taken)
        if arrives is not None and later.clock.passed - began >= arrives and later.provider.points == 1000:
            later.provider.points -= TEXT
    assert code(taken) == ("PaymentUnknown" if arrives else "SubmissionLost")
    assert later.provider.asked.count("balance") <= 14


@pytest.mark.parametrize(("status", "known"), [(0, True), (1, True), (-3, True), (-2, False), (7, None), (None, None)])
def test_a_status_that_no_document_has_is_neither_yes_nor_no(status: int | None, known: bool | None) -> None:
    """Taken for a yes the job would be followed under ids that nobody knows, for a no it would be sent again."""
    if known is None:
        with pytest.raises(UnexpectedAnswer):
            is_known(lambda *_: {"codeStatus": status}, "a")
    else:
        assert is_known(lambda *_: {"codeStatus": status}, "a") == known
