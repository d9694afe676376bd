"""Requests that are refused by somebody in the service's place: one operation each, and true sentences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from neural4d_blender.engine.errors import (
    HeldBack,
    JournalUnusable,
    KeyRejected,
    Neural4DError,
    NotEnoughPoints,
    RequestRefused,
    ServiceBusy,
    ServiceDown,
)
from neural4d_blender.engine.model.declaration import Quote
from neural4d_blender.engine.model.server_facts import AT_ONCE
from neural4d_blender.engine.model.states import State
from neural4d_blender.engine.services.results import Outcome, Poll, Submission, Trace
from neural4d_blender.engine.steps import next_step, retry_and_choose
from tests.support.virtual_service import Acted, Killed, Steps, begin, refused

__all__ = ["begin"]

Begin = Callable[..., Steps]
KINDS: list[tuple[type[Neural4DError], int]] = [
    *((RequestRefused, status) for status in (400, 403, 404, 422)),
    *((KeyRejected, 401), (NotEnoughPoints, 402), (ServiceDown, 408), (ServiceDown, 409)),
    *((ServiceBusy, 429), (ServiceBusy, 503)),
]
each = pytest.mark.parametrize(("kind", "status"), KINDS, ids=lambda value: getattr(value, "__name__", str(value)))


def error_of(steps: Steps, name: str = "1") -> dict[str, str]:
    job = steps.journal.get(name)
    assert job
    assert job.error
    return job.error


@each
@pytest.mark.parametrize("lag", [0.0, 30.0, 70.0])
@pytest.mark.parametrize("books", ["", AT_ONCE])
def test_what_a_gateway_refuses_after_the_service_has_acted_is_paid_once(
    begin: Begin, kind: type[Neural4DError], status: int, lag: float, books: str
) -> None:
    steps = begin(lag=lag, books=books)
    steps.service.answers = [Acted(refused(kind, status, wait=1.0 if kind is ServiceBusy else None))]
    active = steps.job()
    steps.run(active)
    assert (steps.paid, steps.service.sent) == (["text"], 1)
    error = error_of(steps)
    assert (error["code"], active.job.costs.total, active.job.retry_pays) == ("PaymentUnknown", 30, True)
    assert "not to be" in error["what"] or kind is ServiceDown
    assert "Nothing" not in error["cost"]


@each
def test_what_it_refuses_and_was_not_taken_is_told_as_that_and_sent_again_by_retry(
    begin: Begin, kind: type[Neural4DError], status: int
) -> None:
    steps = begin()
    steps.service.answers = [refused(kind, status, wait=1.0 if kind is ServiceBusy else None)]
    active = steps.job()
    took = steps.run(active)
    assert took >= steps.context.timing.watch
    if kind is ServiceBusy:
        assert (active.job.state, steps.service.sent, steps.paid) == (State.READY, 2, ["text"])
        return
    assert (steps.paid, steps.service.sent) == ([], 1)
    error = error_of(steps)
    assert error["code"] == ("SubmissionLost" if kind is ServiceDown else kind.__name__)
    assert not active.job.retry_pays
    retry_and_choose.retry(steps.context, active)
    assert steps.run(active, State.GENERATING) < 5, "the balance has stood still: nothing is waited for any more"
    assert steps.paid == ["text"]


@pytest.mark.parametrize("lag", [0.0, 30.0])
@pytest.mark.parametrize("kind", [RequestRefused, NotEnoughPoints, KeyRejected])
def test_what_the_documents_have_fails_at_once_and_retry_looks_before_it_sends(
    begin: Begin, kind: type[Neural4DError], lag: float
) -> None:
    steps = begin(lag=lag)
    steps.service.answers = [Acted(refused(kind, 400, documented=True))]
    active = steps.job()
    assert steps.run(active) < 1
    if lag:
        assert error_of(steps)["cost"] == "The service refused the request, and the balance stands where it stood."
        active = steps.again()
        retry_and_choose.retry(steps.context, active)
        steps.run(active)
    assert error_of(steps)["code"] == "PaymentUnknown"
    assert (steps.paid, steps.service.sent) == (["text"], 1)


def test_where_its_server_books_at_once_nothing_is_waited_for(begin: Begin) -> None:
    steps = begin(books=AT_ONCE)
    steps.service.answers = [refused(RequestRefused, 400, documented=True)]
    active = steps.job()
    steps.run(active)
    assert error_of(steps)["cost"] == "Nothing was paid."
    retry_and_choose.retry(steps.context, active)
    assert steps.run(active) < 5
    assert steps.paid == ["text"]


def test_when_others_have_bought_since_the_documents_word_has_to_do(begin: Begin) -> None:
    """A refused prompt is tried again, hours later and on a balance that tells nothing of it."""
    steps = begin()
    steps.service.answers = [refused(RequestRefused, 400, documented=True)]
    active = steps.job()
    steps.run(active)
    steps.run(steps.job("2"))
    steps.system.clock.sleep(3600)
    retry_and_choose.retry(steps.context, active)
    assert steps.run(active) < 5
    assert steps.paid == ["text"] * 2


@pytest.mark.parametrize(("books", "lag", "quick"), [(AT_ONCE, 0.0, True), ("", 0.0, False), ("late", 30.0, False)])
@pytest.mark.parametrize("acted", [True, False])
def test_a_plain_429_costs_its_wait_where_the_balance_tells_at_once(
    begin: Begin, books: str, lag: float, quick: bool, acted: bool
) -> None:
    steps = begin(lag=lag, books=books)
    busy = refused(ServiceBusy, 429, documented=True, wait=2.0)
    steps.service.answers = [Acted(busy) if acted else busy]
    active = steps.job()
    took = steps.run(active)
    assert steps.paid == ["text"]
    assert active.job.state is (State.FAILED if acted else State.READY)
    assert (took < 10) == (quick or (acted and not lag))


def test_a_service_that_is_always_busy_ends_the_job_after_a_while(begin: Begin) -> None:
    steps = begin()
    steps.service.answers = [refused(ServiceBusy, 429, wait=2.0) for _ in range(99)]
    steps.run(steps.job())
    assert (error_of(steps)["code"], steps.service.sent) == ("ServiceBusy", steps.context.timing.refusals)
    assert "no payment was seen" in error_of(steps)["cost"]


@pytest.mark.parametrize("documented", [True, False])
@pytest.mark.parametrize("acted", [True, False])
@pytest.mark.parametrize(("kind", "status"), [(ServiceBusy, 429), (RequestRefused, 400), (KeyRejected, 401)])
def test_where_nobody_can_tell_only_the_documents_word_sends_it_again(
    begin: Begin, kind: type[Neural4DError], status: int, acted: bool, documented: bool
) -> None:
    steps = begin(tells=False)
    error = refused(kind, status, documented=documented, wait=1.0 if kind is ServiceBusy else None)
    steps.service.answers = [Acted(error) if acted else error]
    active = steps.job()
    steps.run(active)
    if kind is ServiceBusy and documented:
        assert active.job.state is State.READY
        return
    assert steps.service.sent == 1
    assert error_of(steps)["cost"] == "The service refused the request, and no payment was seen."
    assert error_of(steps)["code"] == kind.__name__
    assert active.job.retry_pays is not documented, "continuing a batch does not send it again, the user does"
    retry_and_choose.retry(steps.context, active)
    steps.run(active)
    assert active.job.state is State.READY


def test_a_key_that_is_refused_everywhere_was_not_charged(begin: Begin) -> None:
    steps = begin()
    steps.service.answers = [refused(KeyRejected, 401)]
    steps.service.balances = [None, KeyRejected("Not this key.")]
    steps.run(steps.job())
    assert error_of(steps)["cost"] == "Nothing was paid."


@pytest.mark.parametrize("kind", [RequestRefused, ServiceBusy])
def test_what_the_service_shows_of_it_is_the_jobs(begin: Begin, kind: type[Neural4DError]) -> None:
    steps = begin(lag=30.0)
    steps.service.answers = [Acted(refused(kind, 400, wait=1.0 if kind is ServiceBusy else None))]
    steps.service.shows = lambda: Trace(Submission(["its own"]))
    active = steps.job()
    steps.run(active)
    assert (active.job.state, active.job.variants[0].uuid, steps.paid) == (State.READY, "its own", ["text"])


@pytest.mark.parametrize("kind", [RequestRefused, ServiceBusy, ServiceDown])
def test_killed_while_it_is_found_out(begin: Begin, kind: type[Neural4DError]) -> None:
    steps = begin(lag=30.0)
    steps.service.answers = [Acted(refused(kind, 429, wait=1.0 if kind is ServiceBusy else None))]
    steps.run(steps.job(), State.UNKNOWN)
    steps.restart()
    active = steps.again()
    steps.run(active)
    assert (error_of(steps)["code"], steps.paid) == ("PaymentUnknown", ["text"])


@pytest.mark.parametrize("kind", [RequestRefused, ServiceDown])
@pytest.mark.parametrize("acted", [True, False])
def test_cancelled_in_doubt_claims_nothing_and_retry_asks_first(
    begin: Begin, kind: type[Neural4DError], acted: bool
) -> None:
    steps = begin(lag=30.0)
    error = refused(kind, 400)
    steps.service.answers = [Acted(error) if acted else error]
    active = steps.job()
    steps.run(active, State.UNKNOWN)
    active.cancelled.set()
    steps.run(active)
    assert active.job.state is State.CANCELLED
    assert "Nothing was paid" not in active.job.note
    assert "Retry asks before anything is sent again" in active.job.note
    active = steps.again()
    retry_and_choose.retry(steps.context, active)
    assert active.job.state is State.UNKNOWN
    steps.run(active)
    if acted:
        assert (error_of(steps)["code"], steps.service.sent, steps.paid) == ("PaymentUnknown", 1, ["text"])
    elif kind is RequestRefused:
        assert (active.job.state, steps.paid) == (State.READY, ["text"])
    else:
        assert (error_of(steps)["code"], steps.paid) == ("SubmissionLost", [])


@pytest.mark.parametrize("kind", [RequestRefused, ServiceDown])
def test_a_failure_in_doubt_claims_nothing(begin: Begin, kind: type[Neural4DError]) -> None:
    """The key ends while it is found out whether the job was paid."""
    steps = begin(lag=30.0)
    steps.service.answers = [Acted(refused(kind, 400))]
    active = steps.job()
    steps.run(active, State.UNKNOWN)
    steps.service.key_is_good = False
    steps.run(active)
    assert error_of(steps)["code"] == "KeyRejected"
    assert error_of(steps)["cost"] == "Not known yet: press Retry to ask the service."
    assert active.job.submission.in_doubt
    steps.service.key_is_good = True
    active = steps.again()
    retry_and_choose.retry(steps.context, active)
    steps.run(active)
    assert (error_of(steps)["code"], steps.paid) == ("PaymentUnknown", ["text"])


def test_what_cannot_be_journaled_is_not_sent(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = begin()
    active = steps.job()
    save = steps.journal.save

    def full(*jobs: Any, **more: Any) -> None:
        if jobs[0].state is State.SUBMITTING:
            raise JournalUnusable("The disk is full.")
        save(*jobs, **more)

    monkeypatch.setattr(steps.journal, "save", full)
    next_step.step(steps.context, active)
    assert (active.job.state, active.job.submission.in_doubt, active.job.submission.number) == (State.QUEUED, False, 0)
    assert steps.service.sent == 0


def test_nothing_else_is_bought_meanwhile_by_any_engine(begin: Begin) -> None:
    steps = begin(lag=30.0)
    steps.service.answers = [Acted(refused(RequestRefused, 400))]
    first = steps.job("1")
    steps.run(first, State.UNKNOWN)
    other = begin(beside=steps)
    second = other.job("2")
    next_step.step(other.context, second)
    assert (second.job.state, steps.service.sent) == (State.QUEUED, 1)
    assert "another job was paid" in second.job.note
    steps.run(first)
    assert error_of(steps)["code"] == "PaymentUnknown"
    other.run(second)
    assert steps.paid == ["text"] * 2


def test_killed_between_the_journal_and_the_answer(begin: Begin) -> None:
    steps = begin(lag=30.0)
    steps.service.answers = [Acted(Killed())]
    with pytest.raises(Killed):
        steps.run(steps.job())
    steps.restart()
    steps.run(steps.again())
    assert (error_of(steps)["code"], steps.service.sent) == ("PaymentUnknown", 1)


# Orders of further stages


class InStages:
    """Makes the service one whose model is ordered once more, and shows that ``late`` seconds after it was."""

    def __init__(self, steps: Steps, late: float = 0.0) -> None:
        self.steps, self.late = steps, late
        service: Any = steps.service
        service.poll, service.order, service.order_quote = self.poll, self.order, lambda order: Quote(order, 10)

    def poll(self, uuid: str, expect_done: bool) -> Poll:
        ordered = [at for at, what, _ in self.steps.service.ledger if what == "refine"]
        if ordered and self.steps.system.clock.now() >= ordered[0] + self.late:
            return Poll(Outcome.DONE, model_url="https://x/one.glb")
        return Poll(Outcome.NEXT, order="refine")

    def order(self, *_: Any) -> str:
        self.steps.service._charge("refine", 10)
        return ""


@each
@pytest.mark.parametrize("late", [0.0, 6.0])
@pytest.mark.parametrize("acted", [True, False])
def test_an_order_that_is_refused(
    begin: Begin, kind: type[Neural4DError], status: int, late: float, acted: bool
) -> None:
    steps = begin(books=AT_ONCE)
    InStages(steps, late)
    error = refused(kind, status, wait=1.0 if kind is ServiceBusy else None)
    steps.service.answers = [None, Acted(error) if acted else error]
    active = steps.job()
    steps.run(active)
    if not acted and kind not in (ServiceBusy, ServiceDown):
        assert (error_of(steps)["code"], steps.paid) == (kind.__name__, ["text"])
        assert "The service refused the request, and no payment was seen." in error_of(steps)["cost"]
        assert (active.job.submission.in_doubt, active.job.ordered) == (False, "")
        retry_and_choose.retry(steps.context, active)
        steps.run(active)
    assert (active.job.state, steps.paid) == (State.READY, ["text", "refine"])
    assert [entry["operation"] for entry in active.job.costs.spent] == ["text", "refine"]


def test_an_order_that_cannot_be_journaled_is_not_sent(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = begin(books=AT_ONCE)
    InStages(steps)
    active = steps.job()
    steps.run(active, State.GENERATING)
    save, full = steps.journal.save, [True]

    def limited(*jobs: Any, **more: Any) -> None:
        if full[0] and jobs[0].ordered:
            raise JournalUnusable("The disk is full.")
        save(*jobs, **more)

    monkeypatch.setattr(steps.journal, "save", limited)
    for _ in range(3):
        next_step.step(steps.context, active)
    assert (active.job.ordered, active.job.submission.in_doubt, steps.paid) == ("", False, ["text"])
    full[0] = False
    steps.run(active)
    assert (active.job.state, steps.paid) == (State.READY, ["text", "refine"])


def test_an_order_that_is_held_back_after_a_refusal_is_sent_later(begin: Begin) -> None:
    steps = begin(books=AT_ONCE)
    InStages(steps)
    steps.service.answers = [None, refused(ServiceBusy, 429, wait=1.0)]
    held = [HeldBack("Not yet.", retry_after=5.0)] * 3

    def check_pace(*, paid: bool) -> None:
        if steps.service.sent == 2 and held:
            raise held.pop()

    steps.service.http.check_pace = check_pace  # type: ignore[method-assign]
    active = steps.job()
    steps.run(active)
    assert (active.job.state, steps.paid, held) == (State.READY, ["text", "refine"], [])


def test_a_fall_of_another_sum_may_be_somebody_else_s(begin: Begin) -> None:
    steps = begin()
    steps.service.price = 10.0  # 30 by the documents
    steps.service.answers = [Acted(refused(ServiceBusy, 429, wait=1.0))]
    active = steps.job()
    steps.run(active)
    assert error_of(steps)["code"] == "PaymentUnknown"
    assert (active.job.costs.total, active.job.costs.estimated) == (10, True)


def test_what_is_acted_on_late_is_seen_though_the_balance_could_not_be_read_before(begin: Begin) -> None:
    steps = begin()
    steps.service.balances = [ServiceDown("Not now.")]
    steps.service.answers = [refused(ServiceBusy, 429, documented=True, wait=60.0)]
    active = steps.job()
    steps.run(active, State.UNKNOWN)
    steps.run(active, State.QUEUED)
    steps.service.ledger.append((steps.system.clock.now(), "text", 30.0))  # the service acts on the first one only now
    steps.run(active)
    assert (steps.paid, steps.service.sent) == (["text"], 1)
    error = error_of(steps)
    assert (error["code"], active.job.costs.total) == ("PaymentUnknown", 30)
    assert "Nothing" not in error["cost"]
