"""What is told of money is true or said not to be known; conversions are journaled before they are sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.errors import (
    AnswerLost,
    ConversionFailed,
    Neural4DError,
    NotEnoughPoints,
    RequestRefused,
    ServiceBusy,
    ServiceDown,
    UnexpectedAnswer,
)
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.model.server_facts import AT_ONCE, LATE
from neural4d_blender.engine.model.states import State
from neural4d_blender.engine.services.goneural import responses as goneural
from neural4d_blender.engine.services.neural4d import responses as neural4d
from neural4d_blender.engine.services.results import Submission, Trace, part, whole
from neural4d_blender.engine.steps import retry_and_choose
from neural4d_blender.engine.steps.active_job import ActiveJob
from neural4d_blender.engine.steps.delivery import kept_files
from tests.support.virtual_service import Acted, Killed, Steps, begin, refused

__all__ = ["begin"]

Begin = Callable[..., Steps]


def journaled(steps: Steps, name: str = "1") -> Job:
    job = steps.journal.get(name)
    assert job
    return job


def save(steps: Steps, active: ActiveJob, folder: Path, format: str = "STL", size_mm: float | None = 50.0) -> Job:
    kept_files.add(steps.context, active.job, 0, format, str(folder), size_mm)
    steps.run(active)
    return active.job


# Conversions


def test_a_conversion_is_in_the_journal_before_it_is_sent(begin: Begin) -> None:
    steps = begin(books=AT_ONCE)
    seen: list[dict[str, Any]] = []
    steps.service.before_conversion = lambda: seen.append(dict(journaled(steps).delivery.converting))
    active = steps.job(format="STL", size_mm=50.0)
    steps.run(active)
    (written,) = seen[0].items()
    assert written[0] == "model 1 STL 50"
    assert written[1]["before"] == 970
    assert (active.job.delivery.converting, steps.paid, active.job.costs.total) == ({}, ["text", "conversion"], 40)
    assert not active.job.costs.estimated


@pytest.mark.parametrize("acted", [True, False])
@pytest.mark.parametrize("lag", [0.0, 5.0])
@pytest.mark.parametrize("kept", [True, False])
def test_killed_while_a_conversion_was_on_its_way(
    begin: Begin, tmp_path: Path, acted: bool, lag: float, kept: bool
) -> None:
    steps = begin(lag=lag, books=LATE if lag else AT_ONCE)
    steps.journal.learn_price("neural4d", "conversion", 10)
    steps.service.answers = [None, Acted(Killed()) if acted else Killed()]
    active = steps.job() if kept else steps.job(format="STL", size_mm=50.0)
    if kept:
        steps.run(active)
        steps.system.clock.sleep(lag)
        kept_files.add(steps.context, active.job, 0, "STL", str(tmp_path / "kept"), 50.0)
    with pytest.raises(Killed):
        steps.run(active)
    steps.restart()
    steps.system.clock.sleep(lag)
    active = steps.again()
    steps.run(active)
    assert steps.paid == ["text", "conversion"]
    (spent,) = [entry for entry in active.job.costs.spent if entry["operation"] == "conversion"]
    assert spent["points"] == 10
    # The balance from before it was first sent tells, unless the model may show in it only now.
    assert spent["estimated"] is bool(lag)
    if kept:
        assert Path(active.job.delivery.saves[0].path).is_file()


TROUBLE = [
    refused(RequestRefused, 400),
    refused(NotEnoughPoints, 402),
    refused(RequestRefused, 404),
    refused(ServiceBusy, 429, wait=1.0),
    refused(ServiceDown, 409),
    AnswerLost("No answer came."),
    ConversionFailed("It cannot be made."),
]


@pytest.mark.parametrize("error", TROUBLE, ids=lambda error: f"{error.code}-{error.http}")
@pytest.mark.parametrize("acted", [True, False])
def test_a_conversion_that_is_refused_is_paid_and_told_once(begin: Begin, error: Neural4DError, acted: bool) -> None:
    steps = begin(books=AT_ONCE)
    steps.service.answers = [None, Acted(error) if acted else error]
    active = steps.job(format="STL", size_mm=50.0)
    steps.run(active)
    if active.job.state is State.FAILED:
        assert not acted
        assert steps.paid == ["text"]
        told = (journaled(steps).error or {})["cost"]
        assert "30 points were paid" in told
        surely = isinstance(error, ConversionFailed)  # that is the service's own word
        assert ("Whether the conversion is paid is not known" in told) is not surely
        retry_and_choose.retry(steps.context, active)
        steps.run(active)
    assert (active.job.state, steps.paid, active.job.costs.total) == (State.READY, ["text", "conversion"], 40)
    assert active.job.delivery.converting == {}


def test_each_size_of_a_conversion_is_booked_once(begin: Begin, tmp_path: Path) -> None:
    steps = begin(books=AT_ONCE)
    active = steps.job(format="STL", size_mm=50.0)
    steps.run(active)
    for size in (80.0, 50.0, 80.0, 120.0):
        save(steps, active, tmp_path, size_mm=size)
    assert steps.paid == ["text", *["conversion"] * 3]
    assert active.job.costs.total == 60 == sum(points for _, _, points in steps.service.ledger)
    asked = [save.size_mm for save in active.job.delivery.saves]
    names = [Path(save.path).name for save in active.job.delivery.saves]
    assert names == ["a bird 80mm.stl", "a bird 50mm.stl", "a bird 80mm (2).stl", "a bird 120mm.stl"]
    assert asked == [80.0, 50.0, 80.0, 120.0]


@pytest.mark.parametrize("size", [None, 80.0])
def test_the_same_format_in_another_size_is_asked_for(begin: Begin, tmp_path: Path, size: float | None) -> None:
    """The file that is here is of 50 mm, and would be kept under the other label."""
    steps = begin(books=AT_ONCE)
    active = steps.job(format="STL", size_mm=50.0)
    steps.run(active)
    model = Path(active.job.variants[0].model)
    model.write_bytes(b"solid of 50 mm\n" + b" " * 300)
    job = save(steps, active, tmp_path, size_mm=size)
    assert b"50 mm" not in Path(job.delivery.saves[0].path).read_bytes()
    job = save(steps, active, tmp_path, size_mm=50.0)
    assert b"50 mm" in Path(job.delivery.saves[1].path).read_bytes()


# What is told


def test_a_price_of_nothing_needs_the_balances_word(begin: Begin) -> None:
    """The service says 0 with its answer, and the balance cannot be read."""
    steps = begin()
    steps.service.told = 0
    steps.service.balances = [None, ServiceDown("Down."), ServiceDown("Down."), ServiceDown("Down.")]
    active = steps.job()
    steps.run(active)
    assert steps.journal.price("neural4d", "text") is None
    assert (active.job.costs.total, active.job.costs.estimated, active.job.costs.free) == (30, True, False)


def test_no_credits_used_is_no_price(begin: Begin) -> None:
    assert goneural.points({"status": "succeeded", "creditUsed": 0}, over=True) is None
    assert goneural.points({"status": "failed", "creditUsed": 30, "refunded": True}, over=True) == 0


def test_a_conversion_that_failed_and_is_paid_again_is_not_told_as_free_before_the_balance_says_so(
    begin: Begin,
) -> None:
    steps = begin(lag=100.0, books=LATE)
    active = steps.job(format="STL", size_mm=50.0)
    active.job.delivery.conversions["model 1 STL 50"] = "failed"
    steps.run(active)
    assert steps.paid == ["text", "conversion"]
    (spent,) = [entry for entry in active.job.costs.spent if entry["operation"] == "conversion"]
    assert (spent["points"], spent["estimated"]) == (10, True)


@pytest.mark.parametrize("books", ["", LATE])
def test_a_price_is_not_that_of_a_job_before_a_kill(begin: Begin, books: str) -> None:
    """The first one's points go when the second one is bought: by then nobody remembers the first but the journal."""
    steps = begin(lag=30.0, books=books)
    steps.service.price = 45.0
    steps.run(steps.job("1"), State.GENERATING)
    steps.restart()
    steps.system.clock.sleep(29.9995)
    steps.service.price = 30.0
    submit = steps.service.submit

    def slowly(*given: Any, **more: Any) -> Submission:
        done = submit(*given, **more)
        steps.system.clock.sleep(1.0)
        return done

    steps.service.submit = slowly  # type: ignore[method-assign]
    second = steps.job("2")
    steps.run(second, State.GENERATING)
    assert second.job.costs.spent[0]["estimated"]
    assert steps.journal.price("neural4d", "text") is None
    assert steps.service.server.get("books") != AT_ONCE, (
        "that is not seen of a balance that somebody else's points left"
    )


@pytest.mark.parametrize("price", [0.5, 30.5])
def test_parts_of_a_point_are_seen(begin: Begin, price: float) -> None:
    steps = begin()
    steps.service.left, steps.service.price = 1000.75, price
    steps.service.answers = [Acted(AnswerLost("No answer came."))]
    active = steps.job()
    steps.run(active)
    error = journaled(steps).error or {}
    assert error["code"] == "PaymentUnknown"
    assert f"fell by {price:g} points" in error["what"]
    assert active.job.costs.estimated
    other = steps.job("2")
    steps.run(other)
    assert other.job.costs.estimated, "prices are whole: this one is only about as much"


@pytest.mark.parametrize(("given", "points", "rest"), [("1000", 1000, 0), (999.5, 999, 0.5), ("12.25", 12, 0.25)])
def test_a_balance_as_a_text_or_with_a_fraction(given: object, points: int, rest: float) -> None:
    balance = neural4d.balance({"statusType": 0, "data": {"total_points": given}})
    assert (balance.total, balance.part, balance.exact) == (points, rest, points + rest)
    assert (whole(given), part(given)) == (points, rest)


@pytest.mark.parametrize("trouble", [ServiceDown("Down."), UnexpectedAnswer("Odd."), RequestRefused("No.")])
@pytest.mark.parametrize("acted", [True, False])
def test_an_error_of_the_balances_endpoint_is_no_number(begin: Begin, trouble: Neural4DError, acted: bool) -> None:
    steps = begin()
    lost = AnswerLost("No answer came.")
    steps.service.answers = [Acted(lost) if acted else lost]
    steps.service.balances = [None, *[trouble] * 50]
    active = steps.job()
    steps.run(active)
    error = journaled(steps).error or {}
    assert (error["code"], active.job.costs.total) == ("PaymentUnknown", None)
    assert error["cost"].startswith("Unknown")


def test_what_a_part_of_it_cost_is_not_told_as_all(begin: Begin) -> None:
    steps = begin()
    active = steps.job()
    active.job.costs.book("picture", 4)
    active.job.costs.book("session", None)
    steps.service.shows = lambda: Trace()
    from neural4d_blender.engine.steps.failure_texts import cost_in_words

    told = cost_in_words(active.job, RequestRefused("No."))
    assert "what the rest cost is not known" in told


@pytest.mark.parametrize(("spent", "told"), [(0, None), (30, 30)])
def test_a_job_in_doubt_is_not_said_to_have_cost_what_it_cost_before(spent: int, told: int | None) -> None:
    job = Job("1", "neural4d", {"prompt": "a bird"}, State.CANCELLED)
    job.costs.book("matting", spent)
    job.costs.measured(spent)
    assert (job.to_dict()["cost"], job.to_dict()["cost_estimated"]) == (spent, False)
    job.submission.in_doubt = True
    assert (job.to_dict()["cost"], job.to_dict()["cost_estimated"]) == (told, True)


def test_a_conversion_that_may_have_been_paid_is_not_left_out() -> None:
    job = Job("1", "neural4d", {"prompt": "a bird"}, State.PLACED)
    job.costs.book("text", 60)
    job.costs.measured(60)
    job.delivery.converting["uuid STL"] = {"at": 1.0, "before": 100.0}
    assert (job.to_dict()["cost"], job.to_dict()["cost_estimated"]) == (60, True)
