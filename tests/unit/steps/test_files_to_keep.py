"""A file to keep is what its name says: in its format, in its size, paid for once."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from neural4d_blender.engine.errors import ConversionFailed, DownloadFailed, LinkExpired, UnexpectedAnswer
from neural4d_blender.engine.model.states import State
from neural4d_blender.engine.model.variant import Save, SaveState
from neural4d_blender.engine.services.results import Conversion
from neural4d_blender.engine.steps.active_job import ActiveJob
from neural4d_blender.engine.steps.delivery import kept_files
from tests.support.one_thread import CONVERSION, TEXT, World


def keep(world: World, active: ActiveJob, format: str, size_mm: float | None, folder: str = "kept") -> Save:
    """Have a file kept, and go on until that is over."""
    save = kept_files.add(world.context, active.job, 0, format, str(world.folder / folder), size_mm)
    for _ in range(200):
        if save.state in (SaveState.SAVED, SaveState.FAILED):
            break
        world.step(active)
    return save


@pytest.fixture
def stl(world: World) -> ActiveJob:
    """A job whose model came as an STL of 120 mm."""
    active = world.job(format="STL", size_mm=120.0)
    world.until(active, State.READY)
    assert world.provider.bought == [TEXT, CONVERSION]
    world.provider.asked.clear()
    return active


def converted(world: World) -> list[str]:
    return [call for call in world.provider.asked if call.startswith("convert")]


def test_the_same_format_in_the_same_size_is_a_copy_of_what_is_there(world: World, stl: ActiveJob) -> None:
    fetched = len(world.downloads)
    save = keep(world, stl, "STL", 120.0)
    assert Path(save.path).name == "a bird 120mm.stl"
    assert Path(save.path).read_bytes() == Path(stl.job.variants[0].model).read_bytes()
    assert (converted(world), len(world.downloads), world.provider.bought) == ([], fetched, [TEXT, CONVERSION])


@pytest.mark.parametrize("size", [50.0, 121.0, None])
def test_the_same_format_in_another_size_is_made_and_fetched(world: World, stl: ActiveJob, size: float | None) -> None:
    save = keep(world, stl, "STL", size)
    assert Path(save.path).name == ("a bird.stl" if size is None else f"a bird {size:g}mm.stl")
    assert f"STL-{size}" in Path(save.path).read_text()
    assert converted(world) == [f"convert STL {size}"]
    assert stl.job.costs.total == TEXT + 2 * CONVERSION == sum(world.provider.bought)


def test_each_size_is_paid_once_however_often_it_is_kept(world: World, stl: ActiveJob) -> None:
    world.provider.conversions.append(Conversion(message="At it."))
    world.provider.points -= CONVERSION  # of the first call; the service takes nothing for the same one again
    save = kept_files.add(world.context, stl.job, 0, "STL", str(world.folder / "kept"), 50.0)
    for _ in range(4):
        world.step(stl)
    assert (save.state, stl.job.delivery.conversions["1-0-0 STL 50"]) == (SaveState.CONVERTING, "asked")
    world.provider.conversions[0] = Conversion("https://x/small.stl")
    assert keep(world, stl, "STL", 50.0).state is SaveState.SAVED
    spent = [entry["operation"] for entry in stl.job.costs.spent]
    assert spent == ["text", "conversion", "conversion"]
    assert len(converted(world)) >= 4


def test_the_models_own_format_costs_nothing_in_no_size_alone(world: World) -> None:
    active = world.job(size_mm=120.0)
    world.until(active, State.READY)
    assert Path(keep(world, active, "GLB", None).path).name == "a bird.glb"
    assert (converted(world), active.job.costs.total) == ([], TEXT)
    sized = keep(world, active, "GLB", 120.0)
    assert (Path(sized.path).name, converted(world)) == ("a bird 120mm.glb", ["convert GLB 120.0"])
    assert active.job.costs.total == TEXT + CONVERSION


def test_the_models_own_format_of_a_job_in_another_one_is_fetched_free(world: World, stl: ActiveJob) -> None:
    save = keep(world, stl, "GLB", None)
    assert Path(save.path).read_bytes()[:4] == b"glTF"
    assert world.provider.asked.count("poll") == 1
    assert (converted(world), stl.job.costs.total) == ([], TEXT + CONVERSION)


def test_an_address_that_has_expired_is_asked_for_again(world: World, stl: ActiveJob) -> None:
    world.broken.append(LinkExpired("Too late."))
    assert keep(world, stl, "STL", 50.0).state is SaveState.SAVED
    assert converted(world) == ["convert STL 50.0"] * 2
    assert stl.job.costs.total == TEXT + 2 * CONVERSION


def test_passing_trouble_is_outlasted_and_lasting_trouble_is_the_files_own(world: World, stl: ActiveJob) -> None:
    few = world.context.timing.attempts - 1
    world.broken.extend([DownloadFailed("No.")] * few)
    assert keep(world, stl, "STL", 50.0).state is SaveState.SAVED
    world.broken.extend([DownloadFailed("No.")] * (few + 1))
    save = keep(world, stl, "STL", 60.0)
    assert (save.state, (save.error or {})["code"]) == (SaveState.FAILED, "DownloadFailed")
    assert stl.job.state is State.READY
    assert not world.broken


@pytest.mark.parametrize(
    ("error", "times"), [(ConversionFailed("No."), 1), (UnexpectedAnswer("What?"), 6)], ids=["failed", "unexpected"]
)
def test_a_conversion_that_fails_is_asked_for_anew(world: World, stl: ActiveJob, error: Exception, times: int) -> None:
    world.provider.conversions.append(error)  # type: ignore[arg-type]
    save = keep(world, stl, "STL", 50.0)
    assert (save.state, len(converted(world))) == (SaveState.FAILED, times)
    assert stl.job.costs.total == TEXT + CONVERSION, "what failed is not booked"
    world.provider.conversions.clear()
    assert keep(world, stl, "STL", 50.0).state is SaveState.SAVED
    assert stl.job.costs.total == TEXT + 2 * CONVERSION


@pytest.mark.parametrize(
    ("title", "name"),
    [
        *(("a/b\\c:d*e?", "abcde"), ("  .hidden. ", "hidden"), ("///", "model"), ("x" * 80, "x" * 60)),
        *(("a bird (2)", "a bird 2"), ("ein Vögelchen", "ein Vögelchen"), ("a_b-c.d", "a_b-c.d")),
    ],
)
def test_its_name(world: World, title: str, name: str) -> None:
    active = world.job(name=title)
    world.until(active, State.READY)
    for number in ("", " (2)", " (3)"):
        assert Path(keep(world, active, "GLB", None).path).name == f"{name}{number}.glb"


def test_the_name_of_one_of_several_and_of_a_batch(world: World) -> None:
    active = world.job(variants=2)
    world.provider.takes_ids = True
    world.until(active, State.READY)
    active.job.batch, active.job.item = "b", 6
    while active.job.variants[1].state != "downloaded":
        world.step(active)
    save = kept_files.add(world.context, active.job, 1, "GLB", str(world.folder / "kept"), None)
    while save.state is not SaveState.SAVED:
        world.step(active)
    assert Path(save.path).name == "0007 a bird v2.glb"
    assert [path.name for path in (world.folder / "kept").glob("*.glb")] == ["0007 a bird v2.glb"]


def test_one_file_follows_the_other_at_once(world: World, stl: ActiveJob) -> None:
    saves = [kept_files.add(world.context, stl.job, 0, "STL", str(world.folder / "kept"), 120.0) for _ in range(2)]
    assert [world.step(stl), world.step(stl)] == [0.0, 0.0]
    assert [save.state for save in saves] == [SaveState.SAVED] * 2
    assert [Path(save.path).name for save in saves] == ["a bird 120mm.stl", "a bird 120mm (2).stl"]


def test_nothing_is_left_in_the_jobs_folder(world: World, stl: ActiveJob) -> None:
    keep(world, stl, "STL", 50.0)
    assert [path.name for path in Path(stl.job.folder).glob("save-*")] == []


def test_a_job_that_is_to_deliver_files_keeps_each_of_its_models(world: World) -> None:
    folder = world.folder / "delivered"
    active = world.job(format="STL", size_mm=30.0, keep_in=str(folder))
    world.until(active)
    assert active.job.state is State.READY
    assert [path.name for path in folder.glob("*.stl")] == ["a bird 30mm.stl"]
    assert "STL-30" in (folder / "a bird 30mm.stl").read_text()
    plain = world.job("2", keep_in=str(folder), size_mm=30.0)
    world.until(plain)
    assert sorted(path.name for path in folder.glob("*[!n]")) == ["a bird 30mm.stl", "a bird.glb"]
    facts = plain.job.variants[0].facts
    assert facts["triangles"] == 1
    assert len(facts["dimensions_mm"]) == 3


def test_files_that_could_not_be_written_are_written_by_retry(world: World) -> None:
    folder = world.folder / "delivered"
    folder.write_text("in the way")
    active = world.job(keep_in=str(folder))
    world.until(active)
    assert [save.state for save in active.job.delivery.saves] == [SaveState.FAILED]
    assert kept_files.forget_failed(active.job)
    folder.unlink()
    world.until(active)
    assert [save.state for save in active.job.delivery.saves] == [SaveState.SAVED]
    assert not kept_files.forget_failed(active.job)
    assert active.job.costs.total == TEXT


def test_a_file_of_several_is_kept_as_a_folder(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a/chair.obj", b"v 0 0 0\n")
        archive.writestr("a/chair.mtl", b"x")
    active = world.job()
    world.until(active, State.READY)
    monkeypatch.setattr(world.context, "download", lambda _, path, **__: path.write_bytes(packed.read_bytes()))
    for number in ("", " (2)"):
        save = keep(world, active, "OBJ", None)
        assert Path(save.path).name == f"a bird{number}"
        assert sorted(path.name for path in Path(save.path).rglob("*.*")) == ["chair.mtl", "chair.obj"]
    assert sorted(path.name for path in (world.folder / "kept").glob("*[!n]")) == ["a bird", "a bird (2)"]


def test_a_file_is_named_by_what_it_is_and_else_by_what_was_asked_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    active = world.job()
    world.until(active, State.READY)
    for content, name in ((b"; FBX 7.4", "a bird.fbx"), (b"who knows what", "a bird.obj")):
        monkeypatch.setattr(world.context, "download", lambda _, path, content=content, **__: path.write_bytes(content))
        assert Path(keep(world, active, "OBJ", None).path).name == name


def test_nothing_half_written_is_left_where_it_could_not_be_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    active = world.job()
    world.until(active, State.READY)

    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(world.system, "replace", full)
    save = keep(world, active, "GLB", None)
    assert save.state is SaveState.FAILED
    assert list((world.folder / "kept").iterdir()) == []


def test_nothing_is_left_of_an_archive_without_the_model(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    packed = tmp_path / "packed.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a/read.me", b"x")
    active = world.job()
    world.until(active, State.READY)
    monkeypatch.setattr(world.context, "download", lambda _, path, **__: path.write_bytes(packed.read_bytes()))
    save = keep(world, active, "OBJ", None)
    assert (save.state, (save.error or {})["code"]) == (SaveState.FAILED, "BrokenModel")
    assert list((world.folder / "kept").iterdir()) == []


def test_a_file_and_what_is_beside_it_come_whole(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    active = world.job(metadata={"shot": "sh010"})
    world.until(active, State.READY)
    folder, system = world.folder / "kept", world.context.system
    for ends in (1, 2):
        renamed = iter(range(1, 10))

        def replace(source: Path, target: Path, ends: int = ends, renamed: Iterator[int] = renamed) -> None:
            if target.parent == folder and next(renamed) == ends:
                raise KeyboardInterrupt  # stands for the end of the process
            source.replace(target)

        save = kept_files.add(world.context, active.job, 0, "GLB", str(folder), None)
        with monkeypatch.context() as patch:
            patch.setattr(system, "replace", replace)
            patch.setattr(system, "discard", lambda _: None)
            with pytest.raises(KeyboardInterrupt):
                world.step(active)
        found = world.context.journal.get(active.job.id)
        assert found
        save.path, save.state = found.delivery.saves[-1].path, SaveState.CONVERTING
        while save.state is not SaveState.SAVED:
            world.step(active)
    names = ["a bird (2).glb", "a bird (2).glb.json", "a bird.glb", "a bird.glb.json"]
    assert sorted(path.name for path in folder.iterdir()) == names
    for name in names[1::2]:
        assert json.loads((folder / name).read_text("utf-8"))["metadata"] == {"shot": "sh010"}
    (folder / "a bird.glb").unlink()
    assert Path(keep(world, active, "GLB", None).path).name == "a bird (3).glb", "what is beside it is somebody's"
