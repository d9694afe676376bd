"""One submission and all that may come of it: what is sent, what is known of it, and what the job says that it cost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from neural4d_blender.engine.errors import (
    AnswerLost,
    InvalidInput,
    JournalUnusable,
    KeyRejected,
    Neural4DError,
    NotEnoughPoints,
    OtherGeneration,
    RequestRefused,
    ServiceBusy,
    ServiceDown,
    ServiceUnreachable,
    UnexpectedAnswer,
)
from neural4d_blender.engine.model.batch import BatchRecord
from neural4d_blender.engine.model.declaration import Quote
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.model.server_facts import AT_ONCE, BOOKS, LATE
from neural4d_blender.engine.model.states import State
from neural4d_blender.engine.services.results import Submission, Trace
from neural4d_blender.engine.spending.spending import LATEST
from neural4d_blender.engine.steps import retry_and_choose
from neural4d_blender.engine.steps.active_job import ActiveJob
from tests.support.one_thread import BEGIN, TEXT, World

Make = Callable[[], Neural4DError]
REFUSALS: list[Make] = [
    lambda: KeyRejected("Not that key."),
    lambda: NotEnoughPoints("Too few."),
    lambda: RequestRefused("Not that."),
    lambda: _with_status(InvalidInput("Not so."), 422),
]
LOST: list[Make] = [lambda: AnswerLost("Gone."), lambda: ServiceDown("Down."), lambda: UnexpectedAnswer("What?")]
NAMES = ["key", "points", "refused", "invalid"]


def _with_status(error: Neural4DError, status: int) -> Neural4DError:
    error.http = status
    return error


def code(job: Job) -> str:
    return (job.error or {}).get("code", "")


def written(world: World, active: ActiveJob) -> Job:
    """The job as the next engine would find it."""
    found = world.journal.get(active.job.id)
    assert found is not None
    return found


# It went well


def test_what_it_really_cost_is_the_jobs_and_the_price_from_then_on(world: World) -> None:
    world.provider.documented = lambda quote: 70  # type: ignore[method-assign]
    first = world.job()
    world.until(first, State.GENERATING)
    assert (first.job.costs.total, first.job.costs.estimated) == (TEXT, False)
    assert world.journal.price("neural4d", "text") == TEXT
    assert written(world, first).costs.total == TEXT
    assert world.provider.server.get(BOOKS) == AT_ONCE
    assert first.job.submission.in_doubt is False
    assert first.job.costs.reserved == 0


def test_the_journal_has_it_before_it_leaves(world: World) -> None:
    seen: list[Job] = []
    active = world.job()
    submit = world.provider.submit
    world.provider.submit = lambda *all, **named: (seen.append(written(world, active)), submit(*all, **named))[1]  # type: ignore[method-assign]
    world.until(active, State.GENERATING)
    (there,) = seen
    assert (there.state, there.submission.in_doubt, there.submission.number) == (State.SUBMITTING, True, 1)
    assert (there.submission.balance_before, there.submission.tickets) == (1000, ["1-0-0"])
    assert there.submission.sent_at == BEGIN
    assert there.committed == TEXT, "points that may be spent any moment count"


def test_what_cannot_be_written_is_not_sent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    active, save = world.job(), world.journal.save

    def full(*jobs: Job, batch: BatchRecord | None = None) -> None:
        if any(job.state is State.SUBMITTING for job in jobs):
            raise JournalUnusable("The disk is full.", "Make room.")
        save(*jobs, batch=batch)

    monkeypatch.setattr(world.journal, "save", full)
    for _ in range(5):
        world.step(active)
        assert (active.job.state, active.job.submission.in_doubt) == (State.QUEUED, False)
        assert active.job.submission.number == 0
    assert (world.provider.submitted, written(world, active).state) == ([], State.QUEUED)
    monkeypatch.setattr(world.journal, "save", save)
    assert world.until(active, State.READY).costs.total == TEXT
    assert world.provider.bought == [TEXT]


@pytest.mark.parametrize("how", ["cancelled", "halted", "stopping"])
def test_the_last_moment_at_which_it_is_free(world: World, how: str) -> None:
    active, balance = world.job(), world.provider.balance

    def at_the_last_moment() -> object:
        (world.context.stopping if how == "stopping" else getattr(active, how)).set()
        return balance()

    world.provider.balance = at_the_last_moment  # type: ignore[method-assign, assignment]
    world.step(active)
    assert world.provider.submitted == []
    assert active.job.state is (State.QUEUED if how == "stopping" else State.CANCELLED)
    assert active.job.submission.number == 0
    assert how == "stopping" or active.job.note == "Nothing was paid."


# It was refused


@pytest.mark.parametrize("make", REFUSALS, ids=NAMES)
def test_what_is_refused_and_not_charged_has_cost_nothing(world: World, make: Make) -> None:
    world.provider.charges = False
    world.provider.answers.append(make())
    active = world.job()
    job = world.until(active, State.FAILED)
    assert (code(job), job.costs.total, job.retry_pays) == (make().code, None, False)
    looked_at_again = make().http == 0  # where it was watched already it is over
    assert (job.submission.in_doubt, job.submission.documented) == (False, looked_at_again)
    assert (job.submission.tickets, job.submission.number) == (["1-0-0"] if looked_at_again else [], 0)
    assert "balance stands" in (job.error or {})["cost"], "that is all that is known of a service never bought from"
    assert written(world, active).committed == 0
    retry_and_choose.retry(world.context, active)
    world.provider.charges = True
    assert world.until(active, State.READY).costs.total == TEXT
    again = "1-0-0" if looked_at_again else "1-1-0"
    assert world.provider.submitted == [["1-0-0"], [again]], "should the first turn up late, it is found under its ids"
    assert ("look_for" in world.provider.asked) is True, "nothing is sent again that was not looked for"


@pytest.mark.parametrize("make", REFUSALS, ids=NAMES)
def test_of_a_service_that_books_at_once_it_is_known(world: World, make: Make) -> None:
    world.provider.server.note(BOOKS, AT_ONCE)
    world.provider.charges = False
    world.provider.answers.append(make())
    assert (world.until(world.job(), State.FAILED).error or {})["cost"] == "Nothing was paid."


@pytest.mark.parametrize(
    ("known", "cost"),
    [(False, "Nothing was paid."), (True, "The service refused the request, and no payment was seen.")],
)
def test_whom_it_does_not_know_it_cannot_charge(world: World, known: bool, cost: str) -> None:
    """That a free question is refused for the key too is the witness; the refusal alone may be a gateway's."""

    def balance() -> object:
        if world.provider.submitted and not known:
            raise KeyRejected("Who are you?")
        raise UnexpectedAnswer("No balance.")

    world.provider.charges = False
    world.provider.balance = balance  # type: ignore[method-assign, assignment]
    world.provider.answers.append(_with_status(KeyRejected("Who are you?"), 401))
    error = world.until(world.job(), State.FAILED).error or {}
    assert (error["code"], error["cost"]) == ("KeyRejected", cost)


def _no_balance() -> object:
    raise UnexpectedAnswer("No balance.")


def test_a_refusal_at_a_service_without_a_balance_says_what_is_known(world: World) -> None:
    world.provider.balance = _no_balance  # type: ignore[method-assign, assignment]
    world.provider.charges = False
    world.provider.answers.append(_with_status(RequestRefused("Not that."), 400))
    cost = (world.until(world.job(), State.FAILED).error or {})["cost"]
    assert "refused" in cost
    assert "Nothing was paid" not in cost
    assert "balance" not in cost


@pytest.mark.parametrize("make", REFUSALS, ids=NAMES)
def test_what_is_refused_and_charged_all_the_same_is_told(world: World, make: Make) -> None:
    world.provider.answers.append(make())
    active = world.job()
    job = world.until(active, State.FAILED)
    assert (code(job), job.costs.total, job.costs.estimated) == ("PaymentUnknown", TEXT, False)
    assert str(TEXT) in (job.error or {})["cost"]
    assert (job.retry_pays, job.submission.in_doubt) == (True, False)
    assert written(world, active).committed >= TEXT


@pytest.mark.parametrize(
    ("error", "balances"), [(ServiceUnreachable("Nobody there."), 1), (OtherGeneration("Of another year."), 2)]
)
def test_what_was_not_taken_is_sent_again(world: World, error: Neural4DError, balances: int) -> None:
    """No balance is asked for where nothing left; it is the witness where something did."""
    world.provider.charges = False
    world.provider.answers.extend([error, None])
    active = world.job()
    world.step(active)
    assert (active.job.state, active.job.submission.in_doubt, active.job.submission.number) == (State.QUEUED, False, 0)
    assert world.provider.asked.count("balance") == balances
    world.provider.charges = True
    assert world.until(active, State.READY).costs.total == TEXT


def test_what_never_left_ends_as_nothing_paid(world: World) -> None:
    world.provider.charges = False
    world.provider.answers.extend([ServiceUnreachable("Nobody there.")] * 6)
    job = world.until(world.job(), State.FAILED)
    assert (code(job), (job.error or {})["cost"]) == ("ServiceUnreachable", "Nothing was paid.")
    assert len(world.provider.submitted) == world.context.timing.attempts


# It was told to wait


@pytest.mark.parametrize("books", ["", AT_ONCE])
def test_a_busy_service_is_sent_the_same_request_once_more(world: World, books: str) -> None:
    world.provider.server.note(BOOKS, books)
    world.provider.charges = False
    world.provider.answers.append(ServiceBusy("Slow down.", retry_after=30.0))
    active = world.job()
    assert world.step(active) == 30.0
    assert (active.job.state, active.job.submission.number, active.job.submission.tickets) == (
        *(State.UNKNOWN, 1),
        ["1-0-0"],
    )
    assert (active.job.until, world.provider.calls.slowed) == (world.clock.now(), [30.0])
    world.until(active, State.QUEUED)
    waited = world.clock.passed
    assert waited == 30.0 if books else waited >= world.context.timing.watch, "unless it books at once it may book late"
    assert world.provider.asked.count("look_for") >= 1, "it is asked whether it has taken it all the same"
    assert len(world.provider.submitted) == 1
    world.provider.charges = True
    assert world.until(active, State.READY).costs.total == TEXT
    assert world.provider.submitted == [["1-0-0"]] * 2


def test_a_busy_service_that_has_taken_it_is_believed(world: World) -> None:
    world.provider.answers.append(ServiceBusy("Slow down.", retry_after=30.0))
    world.provider.traces.append(Trace(Submission(["there"])))
    active = world.job()
    job = world.until(active, State.READY)
    assert ([one.uuid for one in job.variants], job.costs.total) == (["there"], TEXT)
    assert (len(world.provider.submitted), world.provider.bought) == (1, [TEXT])


def test_a_busy_service_that_has_charged_it_is_not_sent_it_again(world: World) -> None:
    world.provider.answers.append(ServiceBusy("Slow down.", retry_after=30.0))
    job = world.until(world.job(), State.FAILED)
    assert (code(job), job.costs.total, job.costs.estimated) == ("PaymentUnknown", TEXT, False)
    assert world.provider.bought == [TEXT]


# Caps and balances: before anything is sent


@pytest.mark.parametrize(("cap", "sent"), [(TEXT - 1, False), (TEXT, True), (None, True)])
def test_the_cap_of_a_job(world: World, cap: int | None, sent: bool) -> None:
    job = world.until(world.job(max_points=cap), State.GENERATING, State.FAILED)
    assert bool(world.provider.submitted) is sent
    if not sent:
        assert (code(job), (job.error or {})["cost"]) == ("CapReached", "Nothing was sent and nothing was paid.")


def test_the_cap_of_a_group_counts_what_is_under_way(world: World) -> None:
    jobs = [world.job(str(number), group="team", group_points=2 * TEXT) for number in range(3)]
    for active in jobs[:2]:
        world.until(active, State.GENERATING)
    assert code(world.until(jobs[2], State.FAILED)) == "CapReached"
    other = world.job("9", group="others", group_points=2 * TEXT)
    world.until(other, State.GENERATING)
    assert world.provider.bought == [TEXT] * 3


def test_the_budget_of_a_batch_counts_what_is_in_doubt(world: World) -> None:
    first = world.job("1", batch="b")
    world.journal.save(first.job, batch=BatchRecord("b", budget=2 * TEXT - 1))
    world.provider.answers.append(AnswerLost("Gone."))
    world.until(first, State.UNKNOWN)
    second = world.job("2", batch="b")
    assert code(world.until(second, State.FAILED)) == "BudgetUsedUp"
    assert len(world.provider.submitted) == 1


def test_a_budget_that_covers_it_to_the_point(world: World) -> None:
    jobs = [world.job(str(number), batch="b") for number in range(3)]
    world.journal.save(jobs[0].job, batch=BatchRecord("b", budget=2 * TEXT))
    states = [world.until(active, State.GENERATING, State.FAILED).state for active in jobs]
    assert states == [State.GENERATING, State.GENERATING, State.FAILED]
    assert code(jobs[2].job) == "BudgetUsedUp"


def test_a_price_that_nobody_knows_fits_under_no_cap(world: World) -> None:
    world.provider.quotes = lambda _: [Quote("text", None)]  # type: ignore[method-assign, assignment]
    job = world.until(world.job(max_points=1000), State.FAILED)
    assert (code(job), world.provider.submitted) == ("InvalidInput", [])
    job = world.until(world.job("2"), State.GENERATING)
    assert job.costs.total == TEXT, "the balance tells"


@pytest.mark.parametrize(("left", "sent"), [(TEXT - 1, 0), (TEXT, 1)])
def test_too_few_points_for_a_price_that_was_measured(world: World, left: int, sent: int) -> None:
    world.journal.learn_price("neural4d", "text", TEXT)
    world.provider.points = left
    job = world.until(world.job(), State.GENERATING, State.FAILED)
    assert len(world.provider.submitted) == sent
    assert (code(job) == "NotEnoughPoints") is not bool(sent)


def test_a_price_that_is_only_documented_stops_nothing(world: World) -> None:
    world.provider.points = TEXT - 1
    assert world.until(world.job(), State.GENERATING).costs.total == TEXT


def test_what_follows_has_to_be_covered_too(world: World) -> None:
    world.journal.learn_price("neural4d", "text", TEXT)
    world.journal.learn_price("neural4d", "conversion", 7)
    world.provider.points = TEXT + 6
    assert code(world.until(world.job(format="STL"), State.FAILED)) == "NotEnoughPoints"
    assert code(world.until(world.job("2", format="STL", max_points=TEXT + 6), State.FAILED)) == "CapReached"
    assert world.provider.submitted == []


# What the balance tells of a price


def buy(world: World, number: int, points: int) -> Job:
    """A job that really costs so much."""
    world.provider._charge = lambda _: _take(world, points)  # type: ignore[method-assign]
    return world.until(world.job(str(number)), State.READY)


def _take(world: World, points: int) -> None:
    world.provider.points -= points
    world.provider.bought.append(points)


def test_a_price_that_fell_is_believed_at_once(world: World) -> None:
    assert [buy(world, 1, TEXT).costs.total, buy(world, 2, 40).costs.total] == [TEXT, 40]
    assert world.journal.price("neural4d", "text") == 40


def test_a_price_that_rose_is_believed_when_it_was_seen_three_times(world: World) -> None:
    buy(world, 1, TEXT)
    told = [buy(world, 2 + number, 90).costs for number in range(4)]
    assert [(cost.total, cost.estimated) for cost in told] == [(TEXT, True), (TEXT, True), (90, False), (90, False)]
    assert world.journal.price("neural4d", "text") == 90


def test_somebody_else_between_them_begins_the_count_anew(world: World) -> None:
    buy(world, 1, TEXT)
    told = []
    for number in range(4):
        told.append(buy(world, 2 + number, 90).costs.total)
        world.provider.points -= 5
    assert told == [TEXT] * 4


def test_a_fall_while_another_share_of_the_batch_buys_is_nobodys_price(world: World) -> None:
    active = world.job(batch="b")
    world.journal.save(active.job, batch=BatchRecord("b", shard="1/2"))
    world.provider._charge = lambda _: _take(world, 2 * TEXT)  # type: ignore[method-assign]
    job = world.until(active, State.READY)
    assert (job.costs.total, job.costs.estimated) == (TEXT, True)
    assert world.journal.price("neural4d", "text") is None


def test_a_price_of_nothing_is_not_learned(world: World) -> None:
    world.provider.charges = False
    job = world.until(world.job(), State.READY)
    assert (job.costs.total, job.costs.estimated) == (TEXT, True)
    assert world.journal.price("neural4d", "text") is None


def test_the_services_own_word_counts_for_more(world: World) -> None:
    world.provider.answers.append(Submission(["one"], points=33))
    job = world.until(world.job(), State.READY)
    assert (job.costs.total, job.costs.estimated) == (33, False)
    assert world.journal.price("neural4d", "text") == 33


def test_a_price_that_shows_late_is_found_when_the_job_is_done(world: World) -> None:
    world.provider.charges = False
    active = world.job()
    world.until(active, State.GENERATING)
    assert (active.job.costs.total, active.job.costs.estimated) == (TEXT, True)
    world.provider.points -= 48
    job = world.until(active, State.READY)
    assert (job.costs.total, job.costs.estimated) == (48, False)
    assert world.provider.server.get(BOOKS) == LATE
    assert world.journal.price("neural4d", "text") == 48


def test_what_another_engine_has_bought_meanwhile_is_not_a_price_that_shows_late(world: World) -> None:
    world.provider.charges = False
    active = world.job()
    world.until(active, State.GENERATING)
    world.clock.sleep(1)
    world.journal.note_purchase(Job("another", "neural4d", {"prompt": "a bird"}))
    world.provider.points -= 48
    job = world.until(active, State.READY)
    assert (job.costs.total, job.costs.estimated) == (TEXT, True)


def test_what_shows_before_the_next_purchase_is_not_that_ones_price(world: World) -> None:
    world.provider.charges = False
    first = world.job("1")
    world.until(first, State.GENERATING)
    world.provider.points -= 48
    world.provider.charges = True
    second = world.job("2")
    world.until(second, State.GENERATING)
    assert (second.job.costs.total, second.job.costs.estimated) == (TEXT, True), "more of the first may show in it"
    assert (world.until(first, State.READY).costs.total, first.job.costs.estimated) == (48, False)


def test_what_shows_in_the_middle_of_the_next_purchase_is_nobodys_price(world: World) -> None:
    world.provider.charges = False
    first = world.job("1")
    world.until(first, State.GENERATING)
    world.provider.charges = True
    told = [buy(world, 2, 48 + TEXT)]
    world.clock.sleep(500)
    told.append(buy(world, 3, 30))
    world.clock.sleep(101)
    told.append(buy(world, 4, 30))
    world.clock.sleep(LATEST + 1)
    told.append(buy(world, 5, 30))
    told.append(buy(world, 6, 25))
    assert [(one.costs.total, one.costs.estimated) for one in told] == [(TEXT, True)] * 3 + [(30, False), (25, False)]


def test_a_balance_that_was_topped_up_meanwhile_tells_no_price_later_either(world: World) -> None:
    world.provider._charge = lambda _: _take(world, -500)  # type: ignore[method-assign]
    active = world.job()
    world.until(active, State.GENERATING)
    world.provider.points -= 700
    job = world.until(active, State.READY)
    assert (job.costs.total, job.costs.estimated) == (TEXT, True)
    assert world.journal.price("neural4d", "text") is None


@pytest.mark.parametrize(("fell", "ours"), [(0, True), (TEXT, False), (2 * TEXT, False), (TEXT + 1, True), (7, True)])
def test_what_is_free_is_not_given_the_price_of_something_else(world: World, fell: int, ours: bool) -> None:
    prices, job = world.spending.prices, world.job().job
    prices.note("neural4d", [TEXT, None, 0])
    assert prices.is_ours(world.provider, job, "matting", 0, fell, 0.0) is ours


@pytest.mark.parametrize("make", LOST, ids=["lost", "down", "unexpected"])
def test_while_one_is_in_doubt_no_other_is_sent(world: World, make: Make) -> None:
    world.provider.answers.append(make())
    first, second = world.job("1"), world.job("2")
    world.until(first, State.UNKNOWN)
    for _ in range(5):
        world.step(second)
    assert (second.job.state, len(world.provider.submitted)) == (State.QUEUED, 1)
    assert code(world.until(first, State.FAILED)) == "PaymentUnknown"
    assert world.until(second, State.READY).costs.total == TEXT


def test_a_doubt_that_nobody_ends_holds_the_others_up_for_a_while(world: World) -> None:
    """Its engine forgot it, by a mistake of ours say: until what it cost has surely shown in the balance."""
    world.provider.answers.append(AnswerLost("Gone."))
    began = world.clock.passed
    world.until(world.job("1"), State.UNKNOWN)
    second = world.job("2")
    assert world.until(second, State.READY).costs.total == TEXT
    assert LATEST <= world.clock.passed - began < LATEST + world.context.timing.watch
