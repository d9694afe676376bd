"""When the service is asked again: rarely in the middle, quickly at the end, never for ever by progress alone."""

from __future__ import annotations

import itertools

import pytest

from neural4d_blender.engine.steps.poll_schedule import QUICKEST, SLOWEST, Pace


def simulate(duration: float, *, reports: bool = True, typical: float = 90.0) -> tuple[list[float], float]:
    """Times of the questions about a job with even progress, and when its result was noticed."""
    pace, asked, now = Pace(0.0, typical), [], 0.0
    while True:
        now = max(now, pace.due)
        asked.append(now)
        expect_done = pace.expect_done(now)
        if expect_done and now >= duration:
            return asked, now
        pace.heard(now, min(now / duration, 1.0) if reports and not expect_done else None, expect_done)


@pytest.mark.parametrize("duration", [5.0, 60.0, 300.0])
def test_few_questions_and_a_result_noticed_soon(duration: float) -> None:
    asked, noticed = simulate(duration)
    assert noticed - duration <= 3.0
    assert min(b - a for a, b in itertools.pairwise(asked)) >= QUICKEST
    assert len(asked) <= 8 + duration / SLOWEST


def test_a_job_of_a_minute_takes_at_most_twelve_requests_with_all_that_is_around_it() -> None:
    submit_and_balances, model_and_preview = 3, 2
    assert len(simulate(60.0)[0]) + submit_and_balances + model_and_preview <= 12


def test_without_progress_the_result_itself_is_asked_for() -> None:
    asked, noticed = simulate(60.0, reports=False)
    assert noticed - 60.0 <= SLOWEST
    assert len(asked) < 30


def test_progress_that_stands_still_is_shown_as_an_estimate() -> None:
    pace = Pace(0.0, typical=40.0)
    pace.heard(10.0, 0.37, False)
    assert pace.shown(11.0) == (0.37, False)
    shown, estimated = pace.shown(100.0)
    assert estimated
    assert 0.37 <= shown < 1.0
    assert pace.expect_done(100.0)


def test_progress_that_goes_backwards_is_not_believed() -> None:
    pace = Pace(0.0, typical=40.0)
    pace.heard(10.0, 0.5, False)
    pace.heard(12.0, 0.2, False)
    assert pace.shown(12.0)[0] == 0.5


def test_announced_as_finished_the_result_is_asked_for_at_once() -> None:
    pace = Pace(0.0, typical=40.0)
    pace.heard(10.0, 1.0, False)
    assert pace.due == 10.0 + QUICKEST
    assert pace.expect_done(pace.due)


def test_stuck_just_before_the_end_the_result_is_asked_for() -> None:
    pace = Pace(0.0, typical=40.0)
    pace.heard(10.0, 0.99, False)
    assert pace.expect_done(12.5)


def test_a_service_that_says_how_long_it_takes_is_believed() -> None:
    pace = Pace(0.0, 90.0)
    pace.promised(1.0, 4.0)
    pace.heard(1.0, None, True)
    assert pace.due == pytest.approx(1.0 + 4.0 * 0.8)
    assert pace.shown(3.0) == (pytest.approx(0.95 * 3.0 / 5.0), True)
    pace.promised(6.0, 0.0)  # overdue
    pace.heard(6.0, None, True)
    assert pace.due == pytest.approx(6.0 + QUICKEST)


def test_progress_that_comes_with_the_result_counts_too() -> None:
    """Services with one question for both tell it in each answer."""
    pace = Pace(0.0, typical=90.0)
    pace.heard(10.0, 0.4, True)
    assert pace.shown(10.0) == (0.4, False)


def test_an_estimate_gives_way_to_the_services_word_and_nothing_runs_backwards() -> None:
    pace, told = Pace(0.0, typical=40.0), 0.0
    for now, said in ((10.0, None), (30.0, None), (31.0, 0.1), (33.0, 0.2), (35.0, 0.6), (100.0, None), (101.0, 0.7)):
        pace.heard(now, said, False)
        shown, estimated = pace.shown(now, told)
        assert estimated == (said is None)
        assert shown > told or now in (31.0, 101.0)  # the first word after an estimate: it goes on from there
        assert shown >= told
        told = shown
    pace.heard(102.0, 0.9, False)
    assert told < pace.shown(102.0, told)[0] < 1.0
    pace.heard(103.0, 1.0, False)
    assert pace.shown(103.0, told) == (pytest.approx(1.0), False)


def test_the_word_of_a_service_stands_as_it_is_where_no_estimate_was_before() -> None:
    pace = Pace(0.0, typical=40.0)
    for now, said in ((1.0, 0.05), (2.0, 0.4), (3.0, 0.41)):
        pace.heard(now, said, False)
        assert pace.shown(now, 0.0) == (pytest.approx(said), False)
