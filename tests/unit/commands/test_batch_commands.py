"""Batches as commands have them: turns, stops, going on, what fails all, after a restart too."""

from __future__ import annotations

import pytest

from neural4d_blender.engine.errors import (
    BudgetUsedUp,
    KeyMissing,
    KeyRejected,
    NotEnoughPoints,
    OnlineAccessOff,
    RequestRefused,
    ServiceUnreachable,
)
from neural4d_blender.engine.model.states import State
from neural4d_blender.engine.process import batches
from neural4d_blender.engine.services.results import Outcome
from tests.support.engine_in_thread import Desk
from tests.support.one_thread import TEXT, done, waits

#: What one item fails of, and every other one at that service would fail of as well.
OF_ALL = [KeyMissing("None."), KeyRejected("Wrong."), NotEnoughPoints("Too few."), OnlineAccessOff("Off.")]


def at_service(desk: Desk) -> int:
    return sum(state in ("submitting", "unknown", "generating") for state in desk.states())


def test_only_so_many_are_at_the_service(desk: Desk) -> None:
    desk.service.polls.clear()
    desk.service.polls.extend([waits(0.1)] * 30 + [done("x")])
    desk.batch(6, concurrency=2)
    most = 0
    while desk.turn():
        most = max(most, at_service(desk))
    assert most == 2
    assert desk.states() == ["ready"] * 6
    assert desk.service.bought == [TEXT] * 6
    began = [
        event["job"]["item"] for event in desk.told if event["event"] == "job" and event["job"]["state"] == "submitting"
    ]
    assert sorted(began) == began, "in the order of the input"


def test_more_at_once_when_the_user_says_so(desk: Desk) -> None:
    desk.service.polls[0] = waits(0.1)
    desk.batch(5, concurrency=1)
    desk.until(lambda: at_service(desk) == 1)
    for _ in range(20):
        desk.turn()
    assert at_service(desk) == 1
    assert desk.ask("continue_batch", batch="b", changes={"concurrency": 3})["again"] == 0
    desk.until(lambda: at_service(desk) == 3)
    assert desk.engine.journal.batch("b").concurrency == 3  # type: ignore[union-attr]


def test_a_stopped_batch_sends_nothing_more_and_finishes_what_is_paid(desk: Desk) -> None:
    desk.service.polls[0] = waits(0.1)
    desk.batch(4, concurrency=2)
    desk.until(lambda: at_service(desk) == 2)
    assert desk.ask("stop_batch", batch="b")["error"] is None
    assert desk.states() == ["generating", "generating", "cancelled", "cancelled"]
    assert "nothing was paid" in desk.jobs["b3"]["note"]
    assert [event["batch"]["stopped"] for event in desk.told if event["event"] == "batch"] == [False, True]
    desk.service.polls[0] = done("x")
    desk.rest()
    assert desk.states() == ["ready", "ready", "cancelled", "cancelled"]
    assert desk.service.bought == [TEXT] * 2
    assert desk.ask("continue_batch", batch="b")["again"] == 2
    desk.rest()
    assert desk.states() == ["ready"] * 4
    assert desk.service.bought == [TEXT] * 4
    assert desk.engine.journal.batch("b").stopped is False  # type: ignore[union-attr]


def test_a_stopped_batch_stays_stopped_after_a_restart(desk: Desk) -> None:
    desk.service.charges = False
    desk.service.answers.extend([ServiceUnreachable("Down.")] * 999)
    desk.batch(3, concurrency=2)
    for _ in range(6):
        desk.turn()
    desk.ask("stop_batch", batch="b")
    desk.service.answers.clear()
    desk.rest()
    assert desk.states() == ["cancelled"] * 3
    later = desk.again()
    later.rest()
    assert later.service.bought == []
    assert [later.written(f"b{n}").state for n in range(3)] == [State.CANCELLED] * 3
    assert later.engine.batches.halted("b").is_set()
    assert not later.engine.batches.halted("").is_set()
    later.close()


def test_an_unsent_item_of_a_batch_that_was_stopped_by_an_engine_that_died_is_not_sent(desk: Desk) -> None:
    """The word was in the journal, the items not yet: the next engine gives them up."""
    desk.service.polls[0] = waits(0.1)
    desk.batch(3, concurrency=1)
    desk.until(lambda: at_service(desk) == 1)
    record = desk.engine.journal.batch("b")
    assert record is not None
    record.stopped = True
    desk.engine.journal.save(batch=record)
    later = desk.again()
    later.service.polls[0] = done("x")
    later.rest()
    assert later.service.bought == [TEXT]
    assert later.states("b0", "b1", "b2") == ["ready", "cancelled", "cancelled"]
    later.close()


def test_a_batch_goes_on_after_a_restart_and_pays_nothing_twice(desk: Desk) -> None:
    desk.service.polls[0] = waits(0.1)
    desk.batch(4, concurrency=2)
    desk.until(lambda: at_service(desk) == 2)
    later = desk.again()
    for _ in range(30):
        later.turn()
    assert later.service.bought == [TEXT] * 2, "those that were sent by the other engine count"
    later.service.polls[0] = done("x")
    later.rest()
    assert later.states() == ["ready"] * 4
    assert later.service.bought == [TEXT] * 4
    later.close()


@pytest.mark.parametrize("error", OF_ALL, ids=lambda error: error.code)
def test_what_one_fails_of_all_would_fail_of(desk: Desk, error: Exception) -> None:
    desk.service.charges = False
    if isinstance(error, (KeyMissing, OnlineAccessOff)):
        desk.offline = error
    else:
        desk.service.answers.extend([error] * 9)  # type: ignore[list-item]
    desk.batch(6, concurrency=2)
    desk.rest()
    assert desk.states() == ["failed"] * 6
    assert len(desk.service.submitted) <= 2, "those that had their turn"
    assert {desk.jobs[job]["error"]["code"] for job in desk.jobs} == {type(error).__name__}
    assert desk.jobs["b5"]["error"]["cost"] == "Nothing was sent and nothing was paid."
    assert desk.written("b5").state is State.FAILED
    desk.offline, desk.service.charges = None, True
    desk.service.answers.clear()
    assert desk.ask("continue_batch", batch="b")["again"] == 6
    desk.rest()
    assert desk.states() == ["ready"] * 6


def test_a_budget_that_is_used_up_ends_it(desk: Desk) -> None:
    desk.batch(5, concurrency=1, budget=2 * TEXT)
    desk.rest()
    assert desk.states() == ["ready", "ready", "failed", "failed", "failed"]
    assert {desk.jobs[f"b{n}"]["error"]["code"] for n in (2, 3, 4)} == {BudgetUsedUp.__name__}
    assert desk.ask("continue_batch", batch="b", changes={"budget": 4 * TEXT})["again"] == 3
    desk.rest()
    assert (desk.states().count("ready"), desk.service.bought) == (4, [TEXT] * 4)
    assert desk.ask("continue_batch", batch="b", changes={"budget": None})["again"] == 1
    desk.rest()
    assert desk.service.bought == [TEXT] * 5, "a budget can be taken off"


def test_what_fails_all() -> None:
    alike = {"BudgetUsedUp", "NotEnoughPoints", "KeyMissing", "KeyRejected", "OnlineAccessOff"}
    alike |= {"AllowanceUsedUp", "PolicyUnusable"}
    assert alike == batches._OF_ALL


def test_what_one_fails_of_alone_stops_nobody(desk: Desk) -> None:
    desk.service.charges = False
    desk.service.answers.append(RequestRefused("Not that."))
    desk.batch(3, concurrency=1)
    desk.until(lambda: desk.jobs.get("b0", {}).get("state") == "failed")
    desk.service.charges = True
    desk.rest()
    assert desk.states() == ["failed", "ready", "ready"]


def test_going_on_does_not_pay_again_what_was_paid(desk: Desk) -> None:
    desk.service.polls.clear()
    desk.service.polls.append(done("x"))
    desk.service.polls[0] = type(done("x"))(Outcome.FAILED, message="No.")
    desk.batch(2, concurrency=1)
    desk.rest()
    assert desk.states() == ["failed", "failed"]
    assert desk.ask("continue_batch", batch="b")["again"] == 0
    desk.rest()
    assert desk.service.bought == [TEXT] * 2


def test_a_batch_is_told_whole(desk: Desk) -> None:
    desk.batch(3, name="Chairs", settings={"grid": 2})
    desk.rest()
    desk.jobs.clear()
    answer = desk.ask("batch", batch="b")
    assert (answer["batch"]["name"], answer["batch"]["settings"], sorted(desk.jobs)) == (
        *("Chairs", {"grid": 2}),
        ["b0", "b1", "b2"],
    )
    desk.batch(1, batch="c")
    assert {one["id"] for one in desk.ask("batches")["batches"]} == {"b", "c"}
    assert len(desk.ask("batches", limit=1)["batches"]) == 1


@pytest.mark.parametrize("do", ["stop_batch", "continue_batch", "batch"])
def test_of_a_batch_that_is_not_there(desk: Desk, do: str) -> None:
    assert desk.ask(do, batch="nowhere")["error"]["code"] == "JobNotFound"


@pytest.mark.parametrize(
    "record", [{"concurrency": 0}, {"concurrency": 101}, {"concurrency": True}, {"budget": -1}, {"budget": 1.5}]
)
def test_what_makes_no_sense_is_refused_whole(desk: Desk, record: dict[str, object]) -> None:
    assert desk.batch(2, **record)["error"]["code"] == "InvalidInput"
    assert desk.engine.journal.newest() == []
    assert desk.engine.journal.batch("b") is None


def test_an_item_that_makes_no_sense_has_none_of_them_taken_in(desk: Desk) -> None:
    answer = desk.batch(2, request={"format": "DOCX"})
    assert answer["error"]["code"] == "InvalidInput"
    assert desk.engine.journal.newest() == []


def test_files_that_could_not_be_written_are_written_by_going_on(desk: Desk) -> None:
    folder = desk.folder / "kept"
    folder.write_text("in the way")
    desk.batch(2, request={"keep_in": str(folder)})
    desk.rest()
    assert list(folder.parent.glob("kept/*")) == []
    folder.unlink()
    assert desk.ask("continue_batch", batch="b")["again"] == 2
    desk.rest()
    files = ["0001 0.glb", "0002 1.glb"]
    assert sorted(path.name for path in folder.iterdir()) == sorted([*files, *(f"{name}.json" for name in files)])
    assert desk.service.bought == [TEXT] * 2


def test_a_batch_of_another_blender_is_left_to_it(desk: Desk) -> None:
    desk.service.polls[0] = waits(0.1)
    desk.batch(2, concurrency=1)
    desk.until(lambda: at_service(desk) == 1)
    other = Desk(desk.folder, desk)
    for do in ("stop_batch", "continue_batch"):
        assert other.ask(do, batch="b")["error"]["code"] == "WorkedOnElsewhere"
    other.rest()
    assert other.service.bought == [TEXT]
    other.close()
