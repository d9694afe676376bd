"""When a model is asked for, to the second: by its progress, by its usual time, by the service's word."""

from __future__ import annotations

import pytest

from neural4d_blender.engine.steps.poll_schedule import Pace


def pace(reported: float | None = None, *, typical: float = 100.0, **more: float) -> Pace:
    """Of a model that was begun at 0, and said so much just then."""
    made = Pace(0.0, typical, **more)
    if reported is not None:
        made.heard(0.001, reported, False)
    return made


def test_the_first_question_is_at_once_or_a_moment_later() -> None:
    assert pace().due == 1.0
    assert pace(quickest=0.1).due == 0.1
    assert pace(due=7.0).due == 7.0


@pytest.mark.parametrize(
    ("reported", "at", "expected"),
    [
        *((0.5, 20.0, False), (0.5, 29.9, False), (0.5, 30.0, True)),  # the result itself twice a minute in any case
        *((0.949, 5.0, False), (0.95, 5.0, True), (1.0, 0.1, True)),
        *((None, 12.0, False), (None, 12.5, True)),  # an eighth of the usual time
    ],
)
def test_whether_the_result_itself_is_asked_for(reported: float | None, at: float, expected: bool) -> None:
    assert pace(reported).expect_done(at) is expected


@pytest.mark.parametrize(("typical", "at", "expected"), [(8.0, 1.9, False), (8.0, 2.0, True), (400.0, 29.9, False),
                                                       (400.0, 30.0, True)])  # fmt: skip
def test_without_progress_not_too_often_and_not_too_rarely(typical: float, at: float, expected: bool) -> None:
    assert pace(typical=typical).expect_done(at) is expected


def test_nearly_done_every_second_question_is_for_the_result() -> None:
    one = pace(0.96)
    assert one.expect_done(2.0)
    one.heard(2.0, 0.96, True)
    assert not one.expect_done(3.0)
    one.heard(3.0, 0.96, False)
    assert one.expect_done(4.0)


def test_a_doubtful_answer_has_the_result_asked_for() -> None:
    one = pace(0.5)
    one.doubtful = True
    assert one.expect_done(1.0)


@pytest.mark.parametrize(("typical", "at", "stalled"), [(10.0, 20.0, False), (10.0, 20.1, True), (100.0, 50.0, False),
                                                       (100.0, 50.1, True)])  # fmt: skip
def test_when_progress_stands_still(typical: float, at: float, stalled: bool) -> None:
    assert pace(0.5, typical=typical).stalled(at) is stalled


def test_progress_that_moves_is_none() -> None:
    one = pace(0.5, typical=10.0)
    one.heard(15.0, 0.6, False)
    assert not one.stalled(30.0)
    one.heard(30.0, 0.6, False)
    assert one.stalled(36.0)


def test_the_next_question_comes_before_the_end_that_progress_promises() -> None:
    one = pace()
    one.heard(10.0, 0.5, False)  # so it ends at 20
    assert one.due == pytest.approx(18.0)
    one.heard(18.0, 0.9, False)  # at 20
    assert one.due == pytest.approx(19.6)
    one.heard(19.6, 0.98, False)  # at 20, and nearly there: when the result itself is
    assert one.due == pytest.approx(19.6 + 1.0)


@pytest.mark.parametrize(("progress", "most"), [(0.01, 15.0), (None, 7.5)])
def test_the_longest_wait(progress: float | None, most: float) -> None:
    one = pace(typical=1000.0)
    one.heard(10.0, progress, False)
    assert one.due == 10.0 + most


def test_announced_as_finished_it_is_asked_for_each_second() -> None:
    one = pace()
    one.heard(50.0, 1.0, False)
    one.heard(51.0, None, True)
    assert one.due == 52.0


def test_what_the_service_says_of_the_time_counts() -> None:
    one = pace()
    one.promised(20.0, 60.0)
    assert one.typical == 80.0
    one.promised(20.0, -500.0)
    assert one.typical == one.quickest


@pytest.mark.parametrize(
    ("reported", "at", "shown"),
    [
        *((0.5, 10.0, (0.5, False)), (None, 50.0, (0.475, True)), (None, 500.0, (0.95, True))),
        *((0.6, 55.0, (0.6, True)), (0.1, 80.0, (0.76, True))),
    ],
)
def test_what_is_shown(reported: float | None, at: float, shown: tuple[float, bool]) -> None:
    assert pace(reported).shown(at) == (pytest.approx(shown[0]), shown[1])
