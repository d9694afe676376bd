"""Further stages that are ordered, pictures that come first, and what the user chooses of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from neural4d_blender.engine.errors import (
    AnswerLost,
    GenerationFailed,
    JournalUnusable,
    RequestRefused,
    ServiceBusy,
    UnexpectedAnswer,
)
from neural4d_blender.engine.model.batch import BatchRecord
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.model.states import State
from neural4d_blender.engine.services.results import Cutout, Outcome, Poll, Submission, Trace
from neural4d_blender.engine.steps import later_stages, polling, retry_and_choose
from neural4d_blender.engine.steps.active_job import ActiveJob
from tests.support.one_thread import PICTURES, STAGE, TEXT, World, done, waits

SPINS = (Cutout("spin-a", "https://x/a.png"), Cutout("spin-b", "https://x/b.png"))


def code(job: Job) -> str:
    return (job.error or {}).get("code", "")


def stage(order: str = "refine", **more: object) -> Poll:
    return Poll(Outcome.NEXT, order=order, **more)  # type: ignore[arg-type]


def staged(world: World, *polls: Poll, **request: object) -> ActiveJob:
    """A job that comes to a stage, and is done when that was ordered."""
    world.provider.polls.clear()
    world.provider.polls.extend(polls or [stage()])
    active = world.job(**request)
    world.until(active, State.GENERATING)
    return active


def ordered(world: World) -> int:
    return len(world.provider.stages)


def test_a_stage_is_ordered_once_and_paid_once(world: World) -> None:
    active = staged(world, stage(), stage(), waits(0.5), done("one"))
    job = world.until(active, State.READY)
    assert (world.provider.stages, world.provider.bought) == (["refine"], [TEXT, STAGE])
    assert [(one["operation"], one["points"], one["estimated"]) for one in job.costs.spent] == [
        *(("text", TEXT, False), ("refine", STAGE, False)),
    ]


def test_the_journal_has_an_order_before_it_leaves(world: World) -> None:
    seen: list[Job | None] = []
    active = staged(world)
    order = world.provider.order
    world.provider.order = lambda *all: (seen.append(world.journal.get("1")), order(*all))[1]  # type: ignore[method-assign]
    while not seen:
        world.step(active)
    assert seen[0] is not None
    assert (seen[0].ordered, seen[0].submission.in_doubt) == ("refine", True)
    assert seen[0].submission.sent_at > 0


def test_an_order_that_cannot_be_written_is_not_sent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    active, save = staged(world), world.journal.save

    def full(*jobs: Job, batch: BatchRecord | None = None) -> None:
        if any(job.submission.in_doubt for job in jobs):
            raise JournalUnusable("The disk is full.", "Make room.")
        save(*jobs, batch=batch)

    monkeypatch.setattr(world.journal, "save", full)
    for _ in range(6):
        world.step(active)
    assert (ordered(world), active.job.ordered, active.job.submission.in_doubt) == (0, "", False)
    monkeypatch.setattr(world.journal, "save", save)
    world.provider.polls.extend([stage(), done("one")])
    assert world.until(active, State.READY).costs.total == TEXT + STAGE
    assert ordered(world) == 1


def test_an_order_that_is_refused_was_never_made(world: World) -> None:
    active = staged(world)
    world.provider.answers.append(ServiceBusy("Slow down.", retry_after=20.0))  # type: ignore[arg-type]
    world.provider.charges = False
    while not ordered(world):
        world.step(active)
    written = world.journal.get("1")
    assert written is not None
    for job in (active.job, written):
        assert (job.ordered, job.submission.in_doubt) == ("refine", True), "that it says so is no witness"
    world.provider.answers.append(RequestRefused("Not that."))
    for _ in range(world.context.timing.looks - 1):
        world.step(active)
        assert ordered(world) == 1, "it is not ordered again before the service was seen to wait for it"
    assert code(world.until(active, State.FAILED)) == "RequestRefused"
    assert (active.job.ordered, active.job.submission.in_doubt, active.job.costs.total) == ("", False, TEXT)


def test_a_lost_order_that_arrived_is_paid(world: World) -> None:
    active = staged(world)
    world.provider.answers.append(AnswerLost("Gone."))
    while not active.job.submission.in_doubt:
        world.step(active)
    world.provider.polls.clear()
    world.provider.polls.extend([waits(0.6), done("one")])
    job = world.until(active, State.READY)
    assert ([one["operation"] for one in job.costs.spent], job.submission.in_doubt) == (["text", "refine"], False)
    assert (ordered(world), job.costs.total) == (1, TEXT + STAGE)


def test_a_lost_order_that_the_service_still_waits_for_is_sent_again(world: World) -> None:
    active = staged(world)
    world.provider.answers.extend([AnswerLost("Gone."), AnswerLost("Gone again.")])
    world.provider.charges = False
    while ordered(world) < 2:
        world.step(active)
    looks = world.provider.asked.count("poll")
    assert looks >= 1 + world.context.timing.looks, "several looks, some time apart"
    world.provider.charges = True
    while ordered(world) < 3:
        world.step(active)
    world.provider.polls.clear()
    world.provider.polls.append(done("one"))
    assert world.until(active, State.READY).costs.total == TEXT + STAGE


def test_a_lost_order_is_sent_three_times_at_the_most(world: World) -> None:
    active = staged(world)
    world.provider.answers.extend([AnswerLost("Gone.")] * 9)
    world.provider.charges = False
    job = world.until(active, State.FAILED)
    assert (code(job), ordered(world)) == ("SubmissionLost", 3)
    assert (job.ordered, job.submission.number, job.submission.in_doubt) == ("", 0, False)
    assert job.costs.total == TEXT
    world.provider.answers.clear()
    world.provider.charges = True
    world.provider.polls.extend([stage(), done("one")])
    retry_and_choose.retry(world.context, active)
    assert world.until(active, State.READY).costs.total == TEXT + STAGE


def test_a_service_that_may_be_at_it_already_is_not_sent_it_again(world: World) -> None:
    active = staged(world)
    world.provider.answers.append(AnswerLost("Gone."))
    while not ordered(world):
        world.step(active)
    world.provider.polls.append(stage(doubtful=True))
    world.provider.polls.popleft()
    for _ in range(20):
        world.step(active)
    assert ordered(world) == 1


def found_in_records(world: World, *traces: Trace) -> ActiveJob:
    """An order that makes a new model, whose answer was lost."""
    kept = list(traces)
    world.provider.look_for_order = lambda *_: kept.pop(0) if len(kept) > 1 else kept[0]  # type: ignore[method-assign]
    active = staged(world)
    world.provider.answers.append(AnswerLost("Gone."))
    while not ordered(world):
        world.step(active)
    return active


def test_a_lost_order_of_a_new_model_is_found_in_the_records(world: World) -> None:
    active = found_in_records(world, Trace(), Trace(Submission(["new"])))
    while active.job.submission.in_doubt:
        world.step(active)
    assert (active.job.variants[0].uuid, active.job.variants[0].before) == ("new", "1-0-0")
    assert active.job.costs.total == TEXT + STAGE
    world.provider.polls.append(done("new"))
    world.provider.polls.popleft()
    assert world.until(active, State.READY).costs.total == TEXT + STAGE
    assert ordered(world) == 1


def test_a_lost_order_of_which_the_records_prove_nothing_is_the_users_to_look_for(world: World) -> None:
    active = found_in_records(world, Trace())
    began = world.clock.passed
    job = world.until(active, State.FAILED)
    assert (code(job), ordered(world)) == ("PaymentUnknown", 1)
    assert world.clock.passed - began >= world.context.timing.watch
    assert (job.ordered, job.submission.in_doubt) == ("", False)
    assert "Unknown" in (job.error or {})["cost"]


def test_a_lost_order_that_the_records_disprove_is_sent_again(world: World) -> None:
    active = found_in_records(world, Trace(proof=True))
    began = world.clock.passed
    while ordered(world) < 2:
        world.step(active)
    assert world.clock.passed - began >= world.context.timing.watch
    assert not active.job.submission.in_doubt


def test_a_stage_that_fails_gives_the_model_before_it_back(world: World) -> None:
    active = staged(world)
    world.provider.order = lambda *_: world.provider.stages.append("refine") or "new"  # type: ignore[method-assign, func-returns-value]
    while not ordered(world):
        world.step(active)
    assert active.job.variants[0].uuid == "new"
    world.provider.polls.clear()
    world.provider.polls.extend([Poll(Outcome.FAILED, message="No."), done("one")])
    job = world.until(active, State.READY)
    assert (job.variants[0].uuid, job.variants[0].before) == ("1-0-0", "")
    assert job.service["refine"] == "failed: No."


def test_each_stage_has_as_long_as_a_whole_job(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "GIVE_UP_AFTER", 300.0)
    active = staged(world, *[waits()] * 3)
    began = world.clock.passed
    while world.clock.passed - began < 250:
        world.step(active)
    world.provider.polls.clear()
    world.provider.polls.append(stage())
    while not ordered(world):
        world.step(active)
    ordered_at = world.clock.passed
    world.provider.polls[0] = waits()
    world.until(active, State.FAILED)
    assert 300 <= world.clock.passed - ordered_at < 350


@pytest.mark.parametrize(
    ("axis", "size", "told"),
    [("X", 30.0, 30.0), ("Z", 30.0, 20.0), ("Y", 30.0, 60.0), ("LONGEST", 30.0, 20.0), ("X", None, None)],
)
def test_a_stage_is_told_the_size_of_what_there_is(
    world: World, monkeypatch: pytest.MonkeyPatch, axis: str, size: float | None, told: float | None
) -> None:
    """Of a sketch that is 2 x 3 x 1 m: wide, high and deep, as glTF has it."""
    monkeypatch.setattr(later_stages, "size_of", lambda _: (2.0, 3.0, 1.0))
    given: list[tuple[float, float, float] | None] = []
    order = world.provider.order
    world.provider.order = lambda *all: (given.append(all[4]), order(*all))[1]  # type: ignore[method-assign]
    active = staged(world, stage(model_url="https://x/sketch.glb"), axis=axis, size_mm=size)
    while not given:
        world.step(active)
    if told is None:
        assert given == [None]
    else:
        assert given[0] == pytest.approx([part * told / 2000 for part in (2.0, 3.0, 1.0)])
    assert not list(Path(active.job.folder or world.folder).glob("sketch*"))


@pytest.mark.parametrize(("axis", "sides"), [("X", (0.0, 1.0, 1.0)), ("Z", (1.0, 0.0, 1.0)), ("Y", (1.0, 1.0, 0.0))])
def test_a_sketch_that_is_flat_tells_no_size(
    world: World, monkeypatch: pytest.MonkeyPatch, axis: str, sides: tuple[float, float, float]
) -> None:
    monkeypatch.setattr(later_stages, "size_of", lambda _: sides)
    given: list[object] = []
    order = world.provider.order
    world.provider.order = lambda *all: (given.append(all[4]), order(*all))[1]  # type: ignore[method-assign]
    active = staged(world, stage(model_url="https://x/sketch.glb"), axis=axis, size_mm=30.0)
    while not given:
        world.step(active)
    assert given == [None]


def test_a_service_that_goes_on_by_itself_is_ordered_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(world.provider), "goes_on_by_itself", classmethod(lambda cls, _: True))
    active = staged(world, stage(progress=0.4), stage(progress=0.6), done("one"))
    world.step(active)
    assert (active.job.progress, active.job.variants[0].progress) == (0.4, 0.4)
    assert world.until(active, State.READY).costs.total == TEXT
    assert ordered(world) == 0


def test_a_sketch_that_cannot_be_had_is_no_reason_to_stop(world: World) -> None:
    world.broken.append(UnexpectedAnswer("Not there."))
    given: list[object] = []
    order = world.provider.order
    world.provider.order = lambda *all: (given.append(all[4]), order(*all))[1]  # type: ignore[method-assign]
    active = staged(world, stage(model_url="https://x/sketch.glb"), size_mm=30.0)
    while not given:
        world.step(active)
    assert given == [None]


@pytest.mark.parametrize("how", ["cancelled", "stopping"])
def test_the_last_moment_at_which_a_stage_is_free(world: World, how: str) -> None:
    active, balance = staged(world), world.provider.balance

    def at_the_last_moment() -> object:
        (world.context.stopping if how == "stopping" else active.cancelled).set()
        return balance()

    world.provider.balance = at_the_last_moment  # type: ignore[method-assign, assignment]
    for _ in range(3):
        world.step(active)
    assert (ordered(world), active.job.ordered, active.job.submission.in_doubt) == (0, "", False)
    assert active.job.costs.total == TEXT


# Choosing


def test_a_view_is_chosen_before_the_stage_is_ordered(world: World) -> None:
    active = staged(world, stage(choices=SPINS), choose_cutout=True)
    job = world.until(active, State.CHOOSING_CUTOUT)
    assert ([one["key"] for one in job.choice.cutouts], ordered(world)) == (["spin-a", "spin-b"], 0)
    assert all(Path(one["path"]).is_file() for one in job.choice.cutouts)
    assert world.step(active) is None
    chosen: list[str] = []
    order = world.provider.order
    world.provider.order = lambda *all: (chosen.append(all[3]), order(*all))[1]  # type: ignore[method-assign]
    retry_and_choose.choose_cutout(world.context, active, 1)
    assert job.state is State.GENERATING
    while not chosen:
        world.step(active)
    assert chosen == ["spin-b"]


def test_the_first_one_is_taken_where_nobody_wants_to_choose(world: World) -> None:
    chosen: list[str] = []
    order = world.provider.order
    world.provider.order = lambda *all: (chosen.append(all[3]), order(*all))[1]  # type: ignore[method-assign]
    active = staged(world, stage(choices=SPINS))
    while not chosen:
        world.step(active)
    assert (chosen, active.job.choice.cutout) == (["spin-a"], 0)


# Pictures first


@pytest.fixture
def painting(world: World) -> ActiveJob:
    """A job whose pictures are ordered."""
    active = world.job(picture_first=True)
    world.step(active)
    assert world.provider.bought == [PICTURES]
    return active


def test_pictures_are_paid_on_their_own_and_the_model_after_them(world: World, painting: ActiveJob) -> None:
    job = painting.job
    assert (job.state, job.choice.picture_ids, job.submission.in_doubt) == (State.PREPARING_INPUT, ["picture"], False)
    assert (job.submission.number, job.costs.total) == (0, PICTURES)
    world.provider.choices.extend([[], [], list(SPINS)])
    world.until(painting, State.READY)
    assert (job.costs.total, world.provider.bought) == (PICTURES + TEXT, [PICTURES, TEXT])
    assert (job.choice.cutout, Path(job.choice.cutouts[0]["path"]).is_file()) == (0, True)


def test_pictures_that_do_not_come_are_waited_for_half_an_hour_and_retry_goes_on(
    world: World, painting: ActiveJob
) -> None:
    began = world.clock.passed
    job = world.until(painting, State.FAILED)
    assert world.context.timing.picture_limit <= world.clock.passed - began < world.context.timing.picture_limit + 60
    assert (code(job), job.retry_pays, job.choice.picture_ids) == ("GenerationFailed", False, ["picture"])
    world.provider.choices.append(list(SPINS))
    retry_and_choose.retry(world.context, painting)
    world.until(painting, State.READY)
    assert world.provider.bought == [PICTURES, TEXT]


def test_pictures_that_failed_are_ordered_anew_by_retry(world: World, painting: ActiveJob) -> None:
    world.provider.choices.append(GenerationFailed("None of them."))
    job = world.until(painting, State.FAILED)
    assert (code(job), job.choice.picture_ids, job.retry_pays) == ("GenerationFailed", [], True)
    world.provider.choices.clear()
    world.provider.choices.append(list(SPINS))
    retry_and_choose.retry(world.context, painting)
    world.until(painting, State.READY)
    assert world.provider.bought == [PICTURES, PICTURES, TEXT]


def test_an_answer_without_a_reason_is_trouble_and_one_with_it_is_the_wait(world: World, painting: ActiveJob) -> None:
    reason = UnexpectedAnswer("Nothing told.")
    reason.refusal = "The painter is asleep."
    world.provider.choices.append(reason)
    for _ in range(30):
        world.step(painting)
    assert painting.job.state is State.PREPARING_INPUT
    world.provider.choices[0] = UnexpectedAnswer("What?")
    assert code(world.until(painting, State.FAILED)) == "UnexpectedAnswer"


def test_the_reason_is_said_when_they_are_given_up(world: World, painting: ActiveJob) -> None:
    reason = UnexpectedAnswer("Nothing told.")
    reason.refusal = "The painter is asleep."
    world.provider.choices.append(reason)
    assert (world.until(painting, State.FAILED).error or {})["what"].startswith("The painter is asleep. ")


def test_a_lost_order_of_pictures_is_looked_for_as_one(world: World) -> None:
    looked: list[bool] = []
    look = world.provider.look_for
    world.provider.look_for = lambda *all: (looked.append(all[3]), look(*all))[1]  # type: ignore[method-assign]
    world.provider.answers.append(AnswerLost("Gone."))
    world.provider.traces.append(Trace(Submission(["found"])))
    active = world.job(picture_first=True)
    world.until(active, State.UNKNOWN)
    world.until(active, State.PREPARING_INPUT)
    job = active.job
    assert (looked, job.choice.picture_ids, job.variants) == ([True], ["found"], [])
    assert (job.costs.total, job.costs.spent[0]["operation"]) == (PICTURES, "pictures")


def test_a_model_that_is_refused_keeps_the_pictures(world: World, painting: ActiveJob) -> None:
    world.provider.choices.append(list(SPINS))
    world.provider.charges = False
    world.provider.answers.append(RequestRefused("Not that picture."))
    job = world.until(painting, State.FAILED)
    assert (code(job), job.choice.picture_ids, len(job.choice.cutouts)) == ("RequestRefused", ["picture"], 2)
    assert not job.retry_pays
    world.provider.charges = True
    retry_and_choose.retry(world.context, painting)
    world.until(painting, State.READY)
    assert world.provider.bought == [PICTURES, TEXT]


def test_a_picture_that_is_gone_from_the_disk_is_fetched_again_before_it_is_used(world: World) -> None:
    active = world.job(picture_first=True, choose_cutout=True)
    world.provider.choices.append(list(SPINS))
    job = world.until(active, State.CHOOSING_CUTOUT)
    Path(job.choice.cutouts[1]["path"]).unlink()
    world.provider.choices[0] = [SPINS[0], Cutout("spin-b", "https://x/fresh.png")]
    retry_and_choose.choose_cutout(world.context, active, 1)
    assert job.state is State.QUEUED
    world.until(active, State.GENERATING)
    assert Path(job.choice.cutouts[1]["path"]).is_file()
    assert "https://x/fresh.png" in world.downloads
    assert world.provider.bought == [PICTURES, TEXT]


def test_a_picture_that_cannot_be_fetched_can_still_be_chosen(world: World) -> None:
    active = world.job(picture_first=True, choose_cutout=True)
    world.provider.choices.append(list(SPINS))
    world.broken.extend([UnexpectedAnswer("Not there."), None])
    job = world.until(active, State.CHOOSING_CUTOUT)
    assert [bool(one["path"]) for one in job.choice.cutouts] == [False, True]
    retry_and_choose.choose_cutout(world.context, active, 0)
    assert world.until(active, State.READY).costs.total == PICTURES + TEXT


def test_the_caps_cover_pictures_and_model_together(world: World) -> None:
    job = world.until(world.job(picture_first=True, max_points=PICTURES + TEXT - 1), State.FAILED)
    assert (code(job), world.provider.bought) == ("CapReached", [])
    assert world.until(world.job("2", picture_first=True, max_points=PICTURES + TEXT), State.PREPARING_INPUT)


def test_progress_does_not_begin_anew_with_a_further_model(world: World) -> None:
    active = staged(world, Poll(Outcome.GENERATING, progress=0.8), stage())
    world.provider.order = lambda *_: world.provider.stages.append("refine") or "new"  # type: ignore[method-assign, func-returns-value]
    told = []
    while not ordered(world):
        world.step(active)
        told.append(active.job.progress)
    world.provider.polls.clear()
    world.provider.polls.extend([*(Poll(Outcome.GENERATING, progress=said) for said in (0.1, 0.2, 0.6)), done("new")])
    while active.job.state is State.GENERATING:
        world.step(active)
        told.append(active.job.progress if active.job.state is State.GENERATING else 1.0)
    assert told == sorted(told)
    assert len(set(told)) > 3  # and it goes on, where the service speaks
