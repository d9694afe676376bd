"""What is done with a picture before anything is paid for the model: looked at for a person, cut out, chosen."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.errors import (
    AnswerLost,
    InvalidInput,
    Neural4DError,
    RequestRefused,
    ServiceDown,
    UnexpectedAnswer,
)
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.model.states import State, VariantState
from neural4d_blender.engine.services.results import Balance, Cutout, Poll, Portrait, Submission
from neural4d_blender.engine.steps import retry_and_choose
from neural4d_blender.engine.steps.active_job import ActiveJob
from tests.support.glb_files import glb, triangle
from tests.support.one_thread import TEXT, World, done, waits

CUT_OUTS = [Cutout("a", "https://x/a.png"), Cutout("b", "https://x/b.png")]
YES, NO, UNTOLD = Portrait(True, True), Portrait(True, False), Portrait(False, False, "The picture is too dark.")
#: As short as one can be.
PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sI", 0, b"IEND", zlib.crc32(b"IEND"))


def code(job: Job) -> str:
    return (job.error or {}).get("code", "")


class Looks:
    """Answers of the portrait check and of the cut-outs, put into the world's service."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.people: list[Portrait | Neural4DError] = []
        self.ready: list[list[Cutout] | Neural4DError] = [CUT_OUTS]
        self.looked: list[str] = []
        self.uploaded: list[str] = []
        self.submitted: list[str] = []
        provider = world.provider
        for name in ("portrait", "cut_out", "cutouts"):
            monkeypatch.setattr(provider, name, getattr(self, f"_{name}"))
        submit = provider.submit

        def noting(request: Any, tickets: Any, cutout: str = "", picture: str = "") -> Submission:
            self.submitted.append(cutout)
            return submit(request, tickets, cutout, picture)

        monkeypatch.setattr(provider, "submit", noting)
        self._world, self._patch = world, monkeypatch

    def ask(self, *, portrait: bool = False, cutout: bool = False) -> None:
        self._patch.setattr(self._world.provider, "checks_portrait", lambda _: portrait)
        self._patch.setattr(self._world.provider, "needs_cutout", lambda _: cutout)

    def _portrait(self, image: str) -> Portrait:
        self.looked.append(image)
        return self._next(self.people)

    def _cut_out(self, image: str) -> tuple[str, dict[str, str]]:
        self.uploaded.append(image)
        return "request", {"matting": "noted"}

    def _cutouts(self, _: str) -> list[Cutout]:
        return self._next(self.ready)

    @staticmethod
    def _next(answers: list[Any]) -> Any:
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def looks(world: World, monkeypatch: pytest.MonkeyPatch) -> Looks:
    return Looks(world, monkeypatch)


def pictured(world: World, *names: str, **more: Any) -> ActiveJob:
    return world.job(prompt="", images=list(names or ["one.png"]), **more)


# A person


def test_each_picture_is_looked_at_once_before_anything_is_paid(world: World, looks: Looks) -> None:
    looks.ask(portrait=True)
    looks.people = [YES]
    active = pictured(world, "one.png", "two.png", "three.png")
    job = world.until(active, State.READY)
    assert (looks.looked, job.costs.total) == (["one.png", "two.png", "three.png"], TEXT)


@pytest.mark.parametrize(
    ("people", "names", "words"),
    [
        ([NO], ["one.png"], "the image"),
        ([YES, NO], ["one.png", "two.png"], "image 2"),
        ([UNTOLD], ["one.png"], "The picture is too dark."),
    ],
)
def test_a_no_stops_it_and_retry_overrules_that(
    world: World, looks: Looks, people: list[Portrait], names: list[str], words: str
) -> None:
    looks.ask(portrait=True)
    looks.people = [*people]
    active = pictured(world, *names)
    job = world.until(active, State.FAILED)
    assert (code(job), world.provider.bought) == ("NoPortrait", [])
    assert words in (job.error or {})["what"]
    looked = len(looks.looked)
    retry_and_choose.retry(world.context, active)
    assert world.until(active, State.READY).costs.total == TEXT
    assert len(looks.looked) == looked


@pytest.mark.parametrize(("error", "times"), [(RequestRefused("No."), 1), (UnexpectedAnswer("What?"), 6)])
def test_a_check_that_does_not_work_is_a_no(world: World, looks: Looks, error: Neural4DError, times: int) -> None:
    looks.ask(portrait=True)
    looks.people = [error]
    active = pictured(world)
    assert code(world.until(active, State.FAILED)) == "NoPortrait"
    assert len(looks.looked) == times
    retry_and_choose.retry(world.context, active)
    assert world.until(active, State.READY).costs.total == TEXT


def test_a_check_that_works_the_second_time_is_a_check(world: World, looks: Looks) -> None:
    looks.ask(portrait=True)
    looks.people = [ServiceDown("Down."), YES]
    assert world.until(pictured(world), State.READY).error is None
    assert len(looks.looked) == 2


# Cut-outs


def test_the_first_cut_out_is_taken(world: World, looks: Looks) -> None:
    looks.ask(cutout=True)
    looks.ready = [[], [], CUT_OUTS]
    job = world.until(pictured(world), State.READY)
    assert (looks.uploaded, looks.submitted, job.service["matting"]) == (["one.png"], ["a"], "noted")
    spent = [(one["operation"], one["points"], one["estimated"]) for one in job.costs.spent]
    assert spent == [("matting", 0, False), ("text", TEXT, False)]


def test_or_the_one_that_is_chosen(world: World, looks: Looks) -> None:
    looks.ask(cutout=True)
    active = pictured(world, choose_cutout=True)
    job = world.until(active, State.CHOOSING_CUTOUT)
    assert world.provider.bought == []
    assert [Path(one["path"]).name for one in job.choice.cutouts] == ["cutout0.png", "cutout1.png"]
    retry_and_choose.choose_cutout(world.context, active, 1)
    world.until(active, State.READY)
    assert (looks.submitted, looks.uploaded) == (["b"], ["one.png"])


def test_cut_outs_that_do_not_come_are_given_up(world: World, looks: Looks) -> None:
    looks.ask(cutout=True)
    looks.ready = [[]]
    active = pictured(world)
    began = world.clock.passed
    job = world.until(active, State.FAILED)
    assert (code(job), job.choice.matting, world.provider.bought) == ("CutoutFailed", "", [])
    assert 300 <= world.clock.passed - began < 330
    looks.ready = [CUT_OUTS]
    retry_and_choose.retry(world.context, active)
    world.until(active, State.READY)
    assert looks.uploaded == ["one.png"] * 2


def test_cut_outs_that_are_refused_are_asked_for_anew(world: World, looks: Looks) -> None:
    looks.ask(cutout=True)
    looks.ready = [RequestRefused("No such picture."), CUT_OUTS]
    active = pictured(world)
    job = world.until(active, State.FAILED)
    assert (code(job), job.choice.matting) == ("RequestRefused", "")
    retry_and_choose.retry(world.context, active)
    world.until(active, State.READY)
    assert looks.uploaded == ["one.png"] * 2


def test_a_model_that_is_refused_has_its_cut_outs_made_anew(world: World, looks: Looks) -> None:
    looks.ask(cutout=True)
    world.provider.charges = False
    world.provider.answers.append(RequestRefused("Not that cut-out."))
    active = pictured(world)
    job = world.until(active, State.FAILED)
    assert (job.choice.matting, job.choice.cutouts, job.choice.cutout) == ("", [], None)
    retry_and_choose.retry(world.context, active)
    world.until(active, State.READY)
    assert looks.uploaded == ["one.png"] * 2


def test_the_caps_are_looked_at_before_the_picture_is_sent_anywhere(world: World, looks: Looks) -> None:
    looks.ask(portrait=True, cutout=True)
    looks.people = [YES]
    job = world.until(pictured(world, max_points=TEXT - 1), State.FAILED)
    assert (code(job), looks.looked, looks.uploaded) == ("CapReached", [], [])


def test_the_balance_too(world: World, looks: Looks) -> None:
    looks.ask(cutout=True)
    world.journal.learn_price("neural4d", "text", TEXT)
    world.provider.points = TEXT - 1
    job = world.until(pictured(world), State.FAILED)
    assert (code(job), looks.uploaded) == ("NotEnoughPoints", [])
    assert (job.error or {})["cost"] == "Nothing was sent and nothing was paid."


def test_a_portrait_check_follows_the_balance_and_the_state_is_told(world: World, looks: Looks) -> None:
    looks.ask(portrait=True)
    looks.people = [YES]
    active = pictured(world)
    world.step(active)
    assert (active.job.state, looks.looked) == (State.PREPARING_INPUT, [])
    world.step(active)
    assert looks.looked == ["one.png"]


# What the service takes of several


def test_pictures_that_are_refused_one_by_one_say_why_and_the_others_go_on(world: World) -> None:
    world.provider.answers.append(Submission(["one"], failures=["No face.", "Too dark."]))
    job = world.until(pictured(world, "1.png", "2.png", "3.png"))
    assert [one.state for one in job.variants] == [
        *(VariantState.PREPARED, VariantState.FAILED, VariantState.FAILED),
    ]
    assert ["No face." in (job.variants[1].error or {})["what"], "Too dark." in (job.variants[2].error or {})["what"]]
    assert [one.index for one in job.variants] == [0, 1, 2]
    assert not any(one.revivable for one in job.variants)


def test_a_service_that_answers_with_the_model_itself(world: World) -> None:
    def no_balance() -> Balance:
        raise UnexpectedAnswer("No balance.")

    world.provider.balance = no_balance  # type: ignore[method-assign]
    told: Poll = done("there", points=42)
    world.provider.answers.append(Submission(["there"], polls={"there": told}))
    active = world.job()
    world.until(active, State.GENERATING)
    assert active.job.variants[0].state is VariantState.DONE
    assert (active.job.costs.total, active.job.costs.estimated) == (42, False)
    assert "poll" not in world.provider.asked


def test_what_a_poll_says_of_the_price_is_the_price(world: World) -> None:
    world.provider.polls.clear()
    world.provider.polls.extend([waits(0.5, points=33), done("one", points=44)])
    job = world.until(world.job(), State.READY)
    assert (job.costs.total, job.costs.estimated, world.journal.price("neural4d", "text")) == (44, False, 44)


# Progress


def test_progress_is_told_and_does_not_go_back(world: World) -> None:
    world.provider.polls.clear()
    world.provider.polls.extend([waits(0.2, stage="Thinking."), waits(0.1), waits(0.6), done("one")])
    active = world.job()
    world.until(active, State.GENERATING)
    seen = []
    while active.job.state is State.GENERATING and active.job.variants[0].state is VariantState.GENERATING:
        world.step(active)
        seen.append(active.job.progress)
    assert seen == sorted(seen)
    assert ("generating", "Thinking.") in world.told
    assert 0.2 in seen
    assert 0.6 in seen


def test_of_several_models_each_is_asked_in_its_turn(world: World) -> None:
    asked: list[str] = []

    def poll(uuid: str, _: bool) -> Poll:
        asked.append(uuid)
        return waits(0.1)

    world.provider.poll = poll  # type: ignore[method-assign]
    active = world.job(variants=3)
    world.until(active, State.GENERATING)
    for _ in range(12):
        world.step(active)
    assert set(asked[:3]) == {"1-0-0", "1-0-1", "1-0-2"}


def test_a_lost_answer_to_a_question_costs_nothing(world: World) -> None:
    world.provider.polls.clear()
    world.provider.polls.extend([AnswerLost("Gone."), AnswerLost("Gone."), done("one")])
    job = world.until(world.job(), State.READY)
    assert (job.costs.total, world.provider.bought) == (TEXT, [TEXT])


@pytest.mark.parametrize(
    ("poll", "remembered"), [(waits(), False), (waits(0.1), True), (done("one"), True)], ids=["nothing", "some", "done"]
)
def test_an_answer_about_our_own_id_is_remembered(world: World, poll: Poll, remembered: bool) -> None:
    told: list[tuple[str, list[str]]] = []
    world.provider.remember = lambda uuid, tickets: told.append((uuid, list(tickets)))  # type: ignore[method-assign]
    world.provider.polls[0] = poll
    active = world.job()
    world.until(active, State.GENERATING)
    world.step(active)
    assert told == [("1-0-0", ["1-0-0"])] * remembered


def test_an_answer_about_an_id_of_theirs_says_nothing_of_ours(world: World) -> None:
    told: list[str] = []
    world.provider.remember = lambda uuid, _: told.append(uuid)  # type: ignore[method-assign]
    world.provider.answers.append(Submission(["theirs"]))
    world.until(world.job(), State.READY)
    assert told == []


@pytest.mark.parametrize("content", [b"<html>Not here.</html>", PNG[:15], b""], ids=["page", "cut", "nothing"])
def test_a_picture_that_arrives_damaged_is_not_sent_but_fetched_again(world: World, content: bytes) -> None:
    """It is paid for; the service would refuse the damaged one each time that Retry sends it."""
    comes, sent = [content, content, PNG], []

    def download(_: str, path: Path, *, check: Callable[[Path], object] = len, **__: Any) -> int:
        path.write_bytes(comes.pop(0) if "png" in path.name and comes else glb(triangle()))
        try:
            check(path)
        except Neural4DError:
            path.unlink()
            raise
        return 1

    def submit(*arguments: Any) -> Submission:
        sent.append(arguments[3])
        if not Path(arguments[3]).is_file() or Path(arguments[3]).read_bytes() != PNG:
            raise InvalidInput("The picture could not be fetched.")
        return Submission(["one"])

    world.context.download = download
    world.provider.submit = submit  # type: ignore[method-assign]
    world.provider.choices.append([Cutout("one", "https://x/one.png")])
    active = world.job(picture_first=True)
    world.until(active, State.FAILED)
    retry_and_choose.retry(world.context, active)
    world.until(active, State.READY)
    assert len(sent) == 2
    assert Path(sent[1]).name == "cutout0.png"
