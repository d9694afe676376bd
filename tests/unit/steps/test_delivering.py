"""From a finished model to the file on disk: damaged, expired, elsewhere, in parts, in other formats; and failures."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.errors import (
    AnswerLost,
    BrokenModel,
    CannotStart,
    ConversionFailed,
    DownloadFailed,
    LinkExpired,
    Neural4DError,
    PreparerFailed,
    ServiceBusy,
    ServiceDown,
    ServiceUnreachable,
    UnexpectedAnswer,
)
from neural4d_blender.engine.files.download import Stopped
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.model.states import State, VariantState
from neural4d_blender.engine.model.variant import Variant
from neural4d_blender.engine.services.results import Conversion, Outcome, Poll, Submission
from neural4d_blender.engine.steps import retry_and_choose
from neural4d_blender.engine.steps.active_job import ActiveJob
from neural4d_blender.engine.steps.delivery import convert_and_download, kept_files
from tests.support.glb_files import glb, triangle
from tests.support.one_thread import CONVERSION, TEXT, World, done, waits
from tests.support.simulator_client import picture

#: A picture that would take 14 GB.
HUGE = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (60_000).to_bytes(4, "big") * 2 + bytes(9)


def code(job: Job) -> str:
    return (job.error or {}).get("code", "")


def generating(world: World, **request: Any) -> ActiveJob:
    active = world.job(**request)
    world.until(active, State.GENERATING)
    return active


def files(world: World, monkeypatch: pytest.MonkeyPatch, **contents: bytes) -> None:
    """What each address gives, by the name of its file without the ending; anything else gives a GLB."""

    def download(url: str, path: Path, *, check: Any = None, **_: Any) -> int:
        world.downloads.append(url)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.part")
        part.write_bytes(contents.get(url.rpartition("/")[2].partition(".")[0], glb(triangle())))
        try:
            if check:
                check(part)
        except Neural4DError:
            part.unlink(missing_ok=True)
            raise
        part.replace(path)
        return path.stat().st_size

    monkeypatch.setattr(world.context, "download", download)


# Trouble on the way


def test_a_damaged_file_is_fetched_three_times_in_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    files(world, monkeypatch, one=b"glTF but cut short")
    job = world.until(generating(world), State.FAILED)
    assert (code(job), world.downloads) == ("BrokenModel", ["https://x/one.glb"] * 3)
    assert (job.costs.total, job.retry_pays) == (TEXT, False)


@pytest.mark.parametrize("page", [b"", b"<!DOCTYPE html>", b"  <HTML>", b"<?xml version='1.0'?><Error/>"])
def test_a_web_page_is_no_model(world: World, monkeypatch: pytest.MonkeyPatch, page: bytes) -> None:
    files(world, monkeypatch, **{"STL-None": page})
    job = world.until(generating(world, format="STL"), State.FAILED)
    assert code(job) == "BrokenModel"


def test_after_damage_a_good_file_is_taken(world: World) -> None:
    world.broken.extend([BrokenModel("Cut."), BrokenModel("Cut."), None])
    job = world.until(generating(world), State.READY)
    assert (len(world.downloads), job.error) == (3, None)


def test_the_next_address_is_taken_where_one_does_not_work(world: World) -> None:
    world.provider.polls.clear()
    world.provider.polls.append(done("one", mirrors=("https://y/one.glb", "https://z/one.glb")))
    world.broken.extend([DownloadFailed("No."), DownloadFailed("No."), None])
    world.until(generating(world), State.READY)
    assert world.downloads == [f"https://{host}/one.glb" for host in "xyz"]


def test_an_address_that_has_expired_is_asked_for_anew(world: World) -> None:
    active = generating(world)
    world.broken.append(LinkExpired("Too late."))
    while not world.downloads:
        world.step(active)
    world.provider.polls[0] = done("fresh")
    world.until(active, State.READY)
    assert world.downloads == ["https://x/one.glb", "https://x/fresh.glb"]
    assert active.job.variants[0].mirrors == []


def test_a_converted_file_whose_address_has_always_expired_is_asked_for_a_few_times(world: World) -> None:
    """And again after Retry; each time at most, and with growing waits."""
    active = generating(world, format="STL")
    for asked in (6, 12):
        world.broken.extend([LinkExpired("Too late.")] * 200)
        began = world.clock.passed
        assert code(world.until(active, State.FAILED)) == "LinkExpired"
        assert len(world.downloads) == asked
        assert world.provider.asked.count("convert STL None") == asked
        assert world.clock.passed - began > 7
        retry_and_choose.retry(world.context, active)
    world.broken.clear()
    world.until(active, State.READY)


def test_a_model_that_came_at_once_has_no_other_address(world: World) -> None:
    """It has no id to be asked for by: the address that did not work is tried again."""
    world.provider.takes_ids = False
    world.provider.answers.append(Submission([""], polls={"": done("one")}))
    world.broken.extend([LinkExpired("Busy."), None])
    world.until(world.job(), State.READY)
    assert world.downloads == ["https://x/one.glb"] * 2


def test_a_model_that_is_not_done_after_all_is_waited_for(world: World) -> None:
    active = generating(world)
    world.broken.append(LinkExpired("Too late."))
    while not world.downloads:
        world.step(active)
    world.provider.polls.clear()
    world.provider.polls.extend([waits(0.9), waits(0.9), done("fresh")])
    world.until(active, State.READY)
    assert world.downloads[-1] == "https://x/fresh.glb"


def test_a_model_without_an_address_is_trouble(world: World) -> None:
    world.provider.polls[0] = Poll(Outcome.DONE)
    job = world.until(generating(world), State.FAILED)
    assert (code(job), job.costs.total, job.retry_pays) == ("UnexpectedAnswer", TEXT, False)


def test_a_download_that_fails_for_good_is_kept_at_the_service(world: World) -> None:
    world.broken.extend([DownloadFailed("No.")] * 6)
    active = generating(world)
    job = world.until(active, State.FAILED)
    assert (code(job), len(world.downloads), job.retry_pays) == ("DownloadFailed", 6, False)
    retry_and_choose.retry(world.context, active)
    world.until(active, State.READY)
    assert (world.provider.bought, active.job.costs.total) == ([TEXT], TEXT)


def test_progress_of_a_download_is_told_in_steps_worth_telling(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    active = generating(world)
    download = world.context.download

    def slowly(url: str, path: Path, *, progress: Any, **more: Any) -> int:
        for part in (0.01, 0.019, 0.5, 0.505, 0.519, 0.52, 1.0):
            progress(part)
            seen.append(active.job.progress)
        return download(url, path, **more)

    seen: list[float] = []
    monkeypatch.setattr(world.context, "download", slowly)
    world.until(active, State.READY)
    assert seen == [0.0, 0.0, 0.5, 0.5, 0.5, 0.52, 1.0]


def test_a_download_that_begins_anew_does_not_fall_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    active = generating(world)
    download, seen = world.context.download, []

    def broken_once(url: str, path: Path, *, progress: Any, **more: Any) -> int:
        first = not seen
        for part in (0.3, 0.6):
            progress(part)
            seen.append(active.job.progress)
        if first:
            raise DownloadFailed("The connection broke.")
        return download(url, path, **more)

    monkeypatch.setattr(world.context, "download", broken_once)
    world.until(active, State.READY)
    assert seen == [0.3, 0.6, 0.6, 0.6]


def test_cancelled_while_it_is_fetched(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    active = generating(world)

    def download(*_: Any, stopped: Any, **__: Any) -> int:
        assert not stopped()
        active.cancelled.set()
        assert stopped()
        raise Stopped

    monkeypatch.setattr(world.context, "download", download)
    job = world.until(active, State.CANCELLED)
    assert "paid" in job.note
    assert job.costs.total == TEXT
    monkeypatch.undo()
    retry_and_choose.retry(world.context, active)
    assert world.until(active, State.READY).costs.total == TEXT
    assert world.provider.bought == [TEXT]


# What it is


@pytest.mark.parametrize("address", ["one.fbx", "one.php?file=x.blend", "one"])
def test_what_an_address_is_called_decides_nothing(world: World, address: str) -> None:
    world.provider.polls[0] = Poll(Outcome.DONE, model_url=f"https://x/{address}")
    (variant,) = world.until(generating(world), State.READY).variants
    assert (variant.format, Path(variant.model).name) == ("GLB", "v0.glb")


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"; FBX 7.4 and so on", "FBX"), (b"BLENDER-v402", "BLEND"), (b"ply\nformat ascii 1.0", "PLY")],
)
def test_a_format_that_nobody_asked_for_is_refused_and_can_be_kept(
    world: World, monkeypatch: pytest.MonkeyPatch, content: bytes, kind: str
) -> None:
    files(world, monkeypatch, one=content)
    active = generating(world)
    job = world.until(active, State.FAILED)
    assert (code(job), job.retry_pays, job.variants[0].model) == ("BrokenModel", False, "")
    assert f"{kind} where GLB was asked for" in (job.error or {})["what"]
    monkeypatch.setattr(world.context, "download", None)
    save = kept_files.add(world.context, job, 0, "GLB", str(world.folder / "kept"), None)
    world.until(active)
    assert Path(save.path).suffix == f".{kind.lower()}"
    assert Path(save.path).read_bytes() == content


def test_an_unsafe_model_can_be_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    document = triangle()
    document["buffers"][0]["uri"] = "/etc/passwd"
    files(world, monkeypatch, one=glb(document))
    active = generating(world)
    job = world.until(active, State.FAILED)
    assert code(job) == "UnsafeModel"
    save = kept_files.add(world.context, job, 0, "GLB", str(world.folder / "kept"), None)
    world.until(active)
    assert Path(save.path).read_bytes() == glb(document)


def test_of_an_archive_of_several_formats_the_one_that_was_asked_for_is_taken(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("chair.fbx", b"; FBX")
        archive.writestr("chair.obj", b"v 0 0 0\n")
        archive.writestr("chair.glb", glb(triangle()))
    files(world, monkeypatch, one=packed.read_bytes(), **{"OBJ-None": packed.read_bytes()})
    for format, name in (("GLB", "chair.glb"), ("OBJ", "chair.obj")):
        active = world.job(format, format=format)
        assert Path(world.until(active, State.READY).variants[0].model).name == name


def test_an_archive_is_unpacked_and_the_model_in_it_is_the_model(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a/chair.obj", b"v 0 0 0\n")
        archive.writestr("a/chair.mtl", b"x")
    files(world, monkeypatch, **{"OBJ-None": packed.read_bytes()})
    job = world.until(generating(world, format="OBJ"), State.READY)
    assert Path(job.variants[0].model).name == "chair.obj"
    assert Path(job.variants[0].model).with_suffix(".mtl").is_file()


def test_another_format_is_paid_once_and_asked_for_until_it_is_there(world: World) -> None:
    world.provider.conversions.append(Conversion(message="At it."))
    active = generating(world, format="STL", size_mm=40.0)
    world.until(active, State.CONVERTING)
    world.provider.points -= CONVERSION
    asked = world.provider.asked.count("convert STL 40.0")
    for _ in range(3):
        delay = world.step(active)
        assert (delay, active.job.note) == (convert_and_download.CONVERSION_EVERY, "At it.")
    assert world.provider.asked.count("convert STL 40.0") == asked + 3
    world.provider.conversions[0] = Conversion("https://x/small.stl", scale=0.5)
    job = world.until(active, State.READY)
    assert [one["operation"] for one in job.costs.spent] == ["text", "conversion"]
    assert (job.variants[0].scale, job.note) == (0.5, "")


def test_what_a_conversion_really_cost_is_measured(world: World) -> None:
    job = world.until(generating(world, format="STL"), State.READY)
    spent = [(one["operation"], one["points"], one["estimated"]) for one in job.costs.spent]
    assert spent == [("text", TEXT, False), ("conversion", CONVERSION, False)]
    assert (world.journal.price("neural4d", "conversion"), job.costs.reserved) == (CONVERSION, 0)


def test_a_conversion_that_failed_is_asked_for_anew_and_not_held_for_a_gift(world: World) -> None:
    world.provider.conversions.append(ConversionFailed("No."))
    active = generating(world, format="STL")
    job = world.until(active, State.FAILED)
    assert (code(job), job.costs.total, set(job.delivery.conversions.values())) == (
        "ConversionFailed",
        TEXT,
        {"failed"},
    )
    world.provider.conversions.clear()
    retry_and_choose.retry(world.context, active)
    assert world.until(active, State.READY).costs.total == TEXT + CONVERSION


# Several models


def test_of_several_the_first_that_is_done_is_the_jobs_and_the_others_follow(world: World) -> None:
    active = generating(world, variants=2)
    job = world.until(active)
    assert job.state is State.READY
    assert [one.state for one in job.variants] == [VariantState.PREPARED, VariantState.DOWNLOADED]
    retry_and_choose.take(world.context, active, job.variants[1])
    assert (job.state, job.chosen) == (State.GENERATING, 1)
    assert world.until(active, State.READY).primary is job.variants[1]
    assert job.variants[1].state is VariantState.PREPARED
    retry_and_choose.take(world.context, active, job.variants[0])
    assert (job.state, job.primary) == (State.READY, job.variants[0])


def test_where_the_best_one_is_wanted_all_are_prepared_before_that_is_known(world: World) -> None:
    active = generating(world, variants=3, best_for="print")
    job = world.until(active, State.READY)
    assert (job.prepares_all, job.comparing) == (True, True)
    assert world.until(active) is job
    assert [one.state for one in job.variants] == [VariantState.PREPARED] * 3
    assert not job.comparing
    assert not generating(world, variants=1, best_for="print").job.prepares_all
    as_made = generating(world, variants=2, best_for="print", keep_in="/made").job
    assert not as_made.prepares_all


def test_a_model_that_is_taken_once_more_is_ready_again(world: World) -> None:
    active = generating(world)
    job = world.until(active)
    world.context.enter(job, State.PLACED)
    retry_and_choose.take(world.context, active, job.variants[0])
    assert (job.state, job.chosen) == (State.READY, 0)
    written = world.journal.get("1")
    assert written is not None
    assert (written.state, written.chosen) == (State.READY, 0)


def test_of_another_format_only_the_one_that_is_wanted_is_converted(world: World) -> None:
    active = generating(world, variants=2, format="STL")
    job = world.until(active)
    assert [one.state for one in job.variants] == [VariantState.PREPARED, VariantState.DONE]
    assert job.costs.total == 2 * TEXT + CONVERSION
    retry_and_choose.take(world.context, active, job.variants[1])
    assert world.until(active, State.READY).costs.total == 2 * TEXT + 2 * CONVERSION


def test_all_of_them_are_prepared_where_all_are_wanted(world: World) -> None:
    job = world.until(generating(world, variants=2, place_all=True))
    assert [one.state for one in job.variants] == [VariantState.PREPARED] * 2


def test_a_file_that_somebody_deleted_is_fetched_again(world: World) -> None:
    active = generating(world)
    job = world.until(active)
    (variant,) = job.variants
    Path(variant.blend).unlink()
    retry_and_choose.take(world.context, active, variant)
    assert (variant.state, job.state) == (VariantState.DOWNLOADED, State.GENERATING)
    world.until(active, State.READY)
    assert len(world.downloads) == 1
    Path(variant.blend).unlink()
    Path(variant.model).unlink()
    retry_and_choose.take(world.context, active, variant)
    assert (variant.state, variant.model_url) == (VariantState.DONE, "")
    world.until(active, State.READY)
    assert (len(world.downloads), world.provider.bought) == (2, [TEXT])


def test_a_job_none_of_whose_models_came_about_says_why(world: World) -> None:
    world.provider.polls.clear()
    world.provider.polls.extend([Poll(Outcome.FAILED, message="No wings."), Poll(Outcome.FAILED, message="No tail.")])
    job = world.until(generating(world, variants=2), State.FAILED)
    assert (code(job), job.retry_pays, job.costs.total) == ("GenerationFailed", True, 2 * TEXT)
    assert "No wings." in (job.error or {})["what"]
    assert "No tail." in (job.error or {})["what"]


@pytest.mark.parametrize("state", [State.READY, State.PLACED])
def test_a_straggler_that_fails_does_not_take_the_model_away(world: World, state: State) -> None:
    active = generating(world, variants=2)
    world.until(active, State.READY)
    if state is State.PLACED:
        world.context.enter(active.job, state)
    world.provider.polls.clear()
    world.provider.polls.append(UnexpectedAnswer("What?"))
    active.job.variants[1].state = VariantState.GENERATING
    job = world.until(active)
    assert (job.state, job.error) == (state, None)
    assert [one.state for one in job.variants] == [VariantState.PREPARED, VariantState.FAILED]
    assert job.variants[1].revivable
    world.provider.polls[0] = done("two")
    retry_and_choose.retry(world.context, active)
    assert job.state is state
    assert [one.state for one in world.until(active).variants] == [VariantState.PREPARED, VariantState.DOWNLOADED]


# The preparer


def test_where_no_blender_can_be_started_the_host_is_asked_if_it_can(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*_: Any) -> int:
        raise CannotStart("No libGL.")

    monkeypatch.setattr(world.context.preparers, "run", run)
    active = generating(world)
    assert code(world.until(active, State.FAILED)) == "CannotStart"
    asked: list[dict[str, Any]] = []
    world.context.host_imports = True
    monkeypatch.setattr(world.context, "ask_host", lambda job, variant, values: asked.append(values))
    retry_and_choose.retry(world.context, active)
    for _ in range(20):
        if world.step(active) is None:
            break
    (variant,) = active.job.variants
    assert (active.job.state, variant.here, len(asked)) == (State.PREPARING_MODEL, True, 1)
    assert world.step(active) is None, "it is at it"
    active.handed_over[0] = {"ok": True, "triangles": 3}  # though the file is gone already
    job = world.until(active, State.FAILED)
    assert (code(job), "is gone" in job.error["what"], job.retry_pays) == ("PreparerFailed", True, False)
    retry_and_choose.retry(world.context, active)
    for _ in range(20):
        if world.step(active) is None:
            break
    Path(asked[-1]["output"]).write_bytes(b"BLENDER")
    active.handed_over[0] = {"ok": True, "triangles": 3}
    world.until(active, State.READY)
    assert (variant.here, variant.facts["triangles"], active.job.note) == (False, 3, "")
    assert active.handed_over == {}


def test_a_host_that_ended_meanwhile_has_made_nothing(world: World) -> None:
    active = generating(world)
    while active.job.variants[0].state is not VariantState.DOWNLOADED:
        world.step(active)
    active.job.variants[0].here = True
    job = world.until(active, State.FAILED)
    assert (code(job), job.retry_pays) == ("PreparerFailed", False)
    retry_and_choose.retry(world.context, active)
    assert world.until(active, State.READY).costs.total == TEXT


def test_a_preparer_that_fails_leaves_the_download(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: Any) -> int:
        raise PreparerFailed("It hung.")

    monkeypatch.setattr(world.context.preparers, "run", run)
    active = generating(world)
    job = world.until(active, State.FAILED)
    assert (code(job), (job.error or {})["kept"]) == ("PreparerFailed", "The downloaded model is kept.")
    monkeypatch.undo()
    retry_and_choose.retry(world.context, active)
    world.until(active, State.READY)
    assert len(world.downloads) == 1


# Previews


def test_a_picture_of_the_model_is_fetched_after_it(world: World) -> None:
    world.provider.polls[0] = done("one", preview_url="https://x/one.jpg")
    job = world.until(generating(world))
    assert world.downloads == ["https://x/one.glb", "https://x/one.jpg"]
    assert Path(job.variants[0].preview).is_file()


def test_a_job_without_it_is_still_a_job(world: World) -> None:
    world.provider.polls[0] = done("one", preview_url="https://x/one.jpg")
    world.broken.extend([None, DownloadFailed("No.")])
    job = world.until(generating(world))
    assert (job.state, job.error, job.variants[0].preview, job.variants[0].preview_url) == (State.READY, None, "", "")


@pytest.mark.parametrize("preview", [b"<html>log in</html>", b"II*\0\x08\0\0\0", HUGE, picture((64, 64))[:-200]])
def test_what_blender_should_not_open_is_not_shown_to_it(world: World, preview: bytes) -> None:
    world.preview = preview
    world.provider.polls[0] = done("one", preview_url="https://x/one.jpg")
    job = world.until(generating(world))
    assert (job.state, job.variants[0].preview, job.variants[0].preview_url) == (State.READY, "", "")


# Outages, by what is at stake


@pytest.mark.parametrize(
    ("paid", "batch", "lasts"), [(True, "", 86_400), (False, "b", 3600), (False, "", 0)], ids=["paid", "batch", "alone"]
)
def test_how_long_an_outage_is_outlasted(world: World, paid: bool, batch: str, lasts: int) -> None:
    active = world.job(batch=batch)
    if paid:
        world.until(active, State.GENERATING)
        world.provider.polls[0] = ServiceDown("Down.")
    else:
        world.provider.charges = False
        world.provider.answers.extend([ServiceUnreachable("Down.")] * 3000)
    began, asked = world.clock.passed, len(world.provider.asked)
    job = world.until(active, State.FAILED)
    assert job.error is not None
    assert lasts <= world.clock.passed - began <= lasts * 1.1 + 60
    assert len(world.provider.asked) - asked < 1300, "slower and slower, and not in a busy loop"


def test_trouble_that_is_no_outage_is_not_outlasted(world: World) -> None:
    active = generating(world)
    world.provider.polls[0] = UnexpectedAnswer("What?")
    began = world.clock.passed
    assert code(world.until(active, State.FAILED)) == "UnexpectedAnswer"
    assert world.clock.passed - began < 120


def test_a_paid_job_never_fails_by_being_told_to_wait(world: World) -> None:
    active = generating(world)
    world.provider.polls[0] = ServiceBusy("Slow down.", retry_after=60.0)
    world.step(active)
    assert active.job.note.startswith("Slow down.")
    assert world.told[-1] == ("generating", active.job.note)
    for _ in range(100):
        world.step(active)
    assert active.job.state is State.GENERATING
    assert active.job.until >= world.clock.now() - 60.0
    world.provider.polls[0] = done("one")
    assert world.until(active, State.READY).note == ""


def test_the_time_of_an_outage_is_not_the_services_hour(world: World) -> None:
    active = generating(world)
    world.provider.polls.clear()
    world.provider.polls.extend([*[AnswerLost("Gone.")] * 40, waits(0.1), done("one")])
    began = world.clock.passed
    assert world.until(active, State.READY).error is None
    assert world.clock.passed - began > 3600


def test_a_mistake_of_ours_fails_the_job_with_its_words_and_loses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    active = generating(world)
    monkeypatch.setattr(world.provider, "poll", lambda *_: [].pop())
    job = world.until(active, State.FAILED)
    assert "IndexError" in (job.error or {})["what"]
    assert (job.costs.total, job.retry_pays) == (TEXT, False)
    monkeypatch.undo()
    retry_and_choose.retry(world.context, active)
    assert world.until(active, State.READY).costs.total == TEXT


@pytest.mark.parametrize("state", [State.READY, State.PLACED])
def test_cancelled_too_late_changes_nothing(world: World, state: State) -> None:
    active = generating(world)
    world.until(active)
    if state is State.PLACED:
        world.context.enter(active.job, State.PLACED)
    active.cancelled.set()
    assert world.step(active) is None
    assert (active.job.state, active.cancelled.is_set()) == (state, False)
    active.job.variants.append(Variant(1, "late"))
    active.cancelled.set()
    assert world.step(active) == 0.0, "the other one is paid for, and goes on"
