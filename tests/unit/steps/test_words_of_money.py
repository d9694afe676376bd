"""What a failed job says of its cost agrees with what Retry does, and numbers are told where they are known."""

from __future__ import annotations

import itertools

import pytest

from neural4d_blender.engine.errors import GenerationFailed, Neural4DError, PreparerFailed
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.model.states import State, VariantState
from neural4d_blender.engine.model.variant import Variant
from neural4d_blender.engine.steps import failure_texts, retry_or_fail
from neural4d_blender.engine.steps.active_job import ActiveJob
from tests.support.one_thread import World

GONE = {"code": "GenerationFailed", "what": "No."}
BROKEN = {"code": "BrokenModel", "what": "Cut."}


def variant(index: int, state: VariantState, error: dict[str, str] | None = None, model: str = "") -> Variant:
    return Variant(index, str(index), state, error=error, model=model)


MODELS = {
    "none": [],
    "at the service": [variant(0, VariantState.DONE)],
    "fetched": [variant(0, VariantState.DOWNLOADED, model="/x.glb")],
    "failed there": [variant(0, VariantState.FAILED, GONE)],
    "broken here": [variant(0, VariantState.FAILED, BROKEN)],
    "one of two failed": [variant(0, VariantState.FAILED, GONE), variant(1, VariantState.GENERATING)],
}
SPENT = {
    "nothing": [],
    "for free": [{"operation": "text", "points": 0, "estimated": False}],
    "measured": [{"operation": "text", "points": 60, "estimated": False}],
    "estimated": [{"operation": "text", "points": 60, "estimated": True}],
    "not told": [{"operation": "text", "points": None, "estimated": True}],
}


def failed(models: str, spent: str, pictures: bool) -> Job:
    job = Job("1", "neural4d", {"prompt": "p"}, state=State.FAILED)
    job.variants, job.costs.spent = MODELS[models], [*SPENT[spent]]
    job.choice.picture_ids = ["picture"] * pictures
    job.error = {"code": "Neural4DError"}
    return job


@pytest.mark.parametrize(("models", "spent", "pictures"), list(itertools.product(MODELS, SPENT, (True, False))))
def test_what_it_says_of_retry_is_what_retry_does(models: str, spent: str, pictures: bool) -> None:
    job = failed(models, spent, pictures)
    for error in (GenerationFailed("No."), PreparerFailed("It hung.")):
        said = failure_texts.cost_in_words(job, error)
        if spent in ("nothing", "for free"):
            assert said == "Nothing was paid."
            continue
        assert "Nothing was paid" not in said
        assert ("60" in said) is (spent != "not told")
        assert ("estimated" in said) is (spent == "estimated")
        if models != "broken here" and (spent == "not told" or isinstance(error, GenerationFailed)):
            assert ("paid again" in said) is job.retry_pays, said
        assert ("does not pay" in said) is not ("paid again" in said)


def test_in_doubt_nothing_is_said_of_a_payment() -> None:
    job = failed("none", "nothing", pictures=False)
    job.submission.in_doubt = True
    said = failure_texts.cost_in_words(job, Neural4DError("Gone."))
    assert "Nothing was paid" not in said
    assert "Not known" in said


@pytest.mark.parametrize(
    ("models", "pictures", "kept"),
    [
        ("fetched", False, "downloaded model"),
        ("at the service", False, "at the service"),
        ("broken here", False, "at the service"),
        ("failed there", False, "prompt"),
        ("none", True, "pictures"),
        ("none", False, "prompt"),
    ],
)
def test_what_is_kept(models: str, pictures: bool, kept: str) -> None:
    job = failed(models, "measured", pictures)
    job.choice.cutouts = [{"key": "a"}] * pictures
    assert kept in failure_texts.kept_in_words(job)


@pytest.mark.parametrize("stands", [True, False])
@pytest.mark.parametrize("spent", ["nothing", "measured"])
def test_a_refusal_is_not_called_free(stands: bool, spent: str) -> None:
    job = failed("none", spent, pictures=True)
    said = failure_texts.cost_of_refused(job, Neural4DError("No."), stands=stands)
    assert ("balance stands" in said) is stands
    assert ("60" in said) is (spent == "measured")
    assert "Nothing was paid" not in said


def test_what_was_probably_paid_is_told_with_what_was_paid_before() -> None:
    job = failed("none", "measured", pictures=False)
    assert failure_texts.cost_of_lost(job, 60).startswith("60 points were probably paid. ")
    job.costs.book("conversion", 7)
    assert failure_texts.cost_of_lost(job, 7).startswith("7 points were probably paid, 67 in all. ")


def test_all_reasons_are_told_once() -> None:
    job = failed("failed there", "measured", pictures=False)
    job.variants = [
        variant(index, VariantState.FAILED, {"code": "X", "what": what}) for index, what in enumerate("BAB")
    ]
    assert failure_texts.all_failed(job).what == "A B"
    job.variants = []
    assert failure_texts.all_failed(job).what == "The service made no model."


@pytest.mark.parametrize(
    ("models", "spent", "said", "unsaid"),
    [
        ("none", "nothing", "Nothing was paid", "paid for"),
        ("at the service", "measured", "paid for", "Nothing"),
        ("none", "measured", "paid for", "Nothing"),
    ],
)
def test_what_a_cancelled_job_says(world: World, models: str, spent: str, said: str, unsaid: str) -> None:
    job = failed(models, spent, pictures=False)
    job.state = State.GENERATING
    world.context.save(job)
    assert retry_or_fail.cancel(world.context, ActiveJob(job)) is None
    assert job.state is State.CANCELLED
    assert said in job.note
    assert unsaid not in job.note


def test_a_failure_says_all_four_and_keeps_what_its_raiser_said(world: World) -> None:
    active = world.job()
    retry_or_fail.fail(world.context, active.job, Neural4DError("It broke.", "Mend it."))
    assert active.job.error == {
        "code": "Neural4DError",
        "what": "It broke.",
        "remedy": "Mend it.",
        "cost": "Nothing was paid.",
        "kept": "The prompt and all settings are kept.",
    }
    other = world.job("2")
    retry_or_fail.fail(world.context, other.job, Neural4DError("It broke.", cost="A lot.", kept="A little."))
    assert ((other.job.error or {})["cost"], (other.job.error or {})["kept"]) == ("A lot.", "A little.")
    written = world.journal.get("2")
    assert written is not None
    assert written.error == other.job.error
