"""A model file goes the way of every job: with nothing sent, by its own bytes, and with the files that it names."""

from __future__ import annotations

import json
import os
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.blenders.blender_pool import JobFile
from neural4d_blender.engine.errors import DownloadFailed, UnsupportedFeature
from neural4d_blender.engine.files import local_file, with_its_files
from neural4d_blender.engine.files.download import Stopped
from neural4d_blender.engine.files.gltf.glb_check import OTHER_FORMAT, check_glb
from neural4d_blender.engine.model.job import Job
from tests.support.engine_in_thread import Offline
from tests.support.glb_files import BINARY, glb, triangle
from tests.support.one_thread import NoBlender
from tests.support.simulator_client import picture


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Offline]:
    monkeypatch.setattr("requests.Session.request", None)
    desk = Offline(tmp_path / "data")
    yield desk
    desk.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Somebody's own, with a picture in it that belongs to nothing."""
    folder = tmp_path / "my models"
    folder.mkdir()
    (folder / "holiday.png").write_bytes(picture(kind="PNG"))
    return folder


def begin(desk: Offline, path: Path, job: str = "j", **request: Any) -> None:
    asked = {"bring_in": str(path), "format": "GLB", **request}
    answer = desk.ask("submit", job=job, provider="file", request=asked)
    assert not answer.get("error"), answer


def ready(desk: Offline, job: str = "j") -> Job:
    desk.until(lambda: desk.jobs[job]["state"] in ("ready", "failed"))
    assert desk.jobs[job]["state"] == "ready", desk.jobs[job]["error"]
    return desk.written(job)


def names(job: Job, beside: str) -> set[str]:
    """What of the files is in the job's folder, from the model's own folder on."""
    root = Path(job.folder) / beside
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def write_gltf(folder: Path, **more: Any) -> Path:
    """A .gltf, its geometry in a file whose name has a space, its picture in a folder."""
    (folder / "textures").mkdir()
    (folder / "textures" / "Rot und Weiß.png").write_bytes(picture(kind="PNG"))
    (folder / "the data.bin").write_bytes(BINARY)
    document = triangle()
    document["buffers"][0]["uri"] = "the%20data.bin"
    document["images"] = [{"uri": "textures/Rot%20und%20Wei%C3%9F.png"}]
    document["textures"] = [{"source": 0}]
    document["materials"] = [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}]
    path = folder / "scene.gltf"
    path.write_text(json.dumps({**document, **more}), encoding="utf-8")
    return path


def test_a_file_is_copied_and_costs_nothing(desk: Offline, folder: Path) -> None:
    model = folder / "chair.glb"
    model.write_bytes(glb(triangle()))
    begin(desk, model, size_mm=900)
    job = ready(desk)
    assert (job.costs.total, job.costs.estimated, job.committed) == (0, False, 0)
    model.unlink()
    (variant,) = job.variants
    assert Path(variant.model).read_bytes() == glb(triangle())
    assert Path(variant.model).is_relative_to(desk.folder)
    assert job.request["bring_in"] == str(model)
    assert desk.jobs["j"]["request"]["size_mm"] == 900


def test_a_large_one_is_copied_in_pieces_and_can_be_given_up(folder: Path, tmp_path: Path) -> None:
    model = folder / "scan.stl"
    model.write_bytes(bytes(3 * 2**20))
    told: list[float] = []
    assert local_file.copy(model, tmp_path / "v0.stl", progress=told.append) == 3 * 2**20
    assert told == pytest.approx([1 / 3, 2 / 3, 1.0, 1.0])
    with pytest.raises(Stopped):
        local_file.copy(model, tmp_path / "v1.stl", stopped=lambda: True)
    assert not list(tmp_path.glob("v1*"))


def test_the_same_file_twice_is_two_jobs(desk: Offline, folder: Path) -> None:
    model = folder / "chair.glb"
    model.write_bytes(glb(triangle()))
    for job in ("one", "two"):
        begin(desk, model, job)
    files = {ready(desk, job).variants[0].model for job in ("one", "two")}
    assert len(files) == 2


def test_it_goes_on_after_a_kill(desk: Offline, folder: Path) -> None:
    model = folder / "chair.glb"
    model.write_bytes(glb(triangle()))
    begin(desk, model)
    desk.close()
    again = Offline(desk.folder, desk)
    again.until(lambda: "j" in again.jobs and again.states() == ["ready"])
    assert again.written("j").costs.total == 0
    again.close()


def test_a_batch_that_was_killed_is_continued_and_brings_each_once(desk: Offline, folder: Path) -> None:
    for number in range(3):
        (folder / f"{number}.glb").write_bytes(glb(triangle()))
    jobs = [
        {"job": f"b{n}", "provider": "file", "item": n, "request": {"bring_in": str(folder / f"{n}.glb")}}
        for n in range(3)
    ]
    answer = desk.ask("submit_many", batch={"id": "b", "size": 3, "concurrency": 1, "budget": 0}, jobs=jobs)
    assert not answer.get("error")
    desk.until(lambda: "ready" in desk.states("b0", "b1", "b2"))
    desk.close()
    again = Offline(desk.folder, desk)
    again.ask("continue_batch", batch="b")
    again.rest()
    assert [again.written(f"b{n}").state for n in range(3)] == ["ready"] * 3
    assert [again.written(f"b{n}").costs.total for n in range(3)] == [0] * 3
    again.close()


def test_a_gltf_comes_with_its_files_as_one(desk: Offline, folder: Path) -> None:
    begin(desk, write_gltf(folder), format="GLTF")
    (variant,) = ready(desk).variants
    assert variant.format == "GLB"
    facts = check_glb(variant.model)
    assert (facts.triangles, facts.lost_textures) == (1, 0)
    assert struct.pack("<9f", 0, 0, 0, 1, 0, 0, 0, 1, 0) in Path(variant.model).read_bytes()
    assert picture(kind="PNG") in Path(variant.model).read_bytes()
    assert "holiday.png" not in names(desk.written("j"), "v0")


@pytest.mark.parametrize("beyond", ["../secret.png", "{secret}", "..%2F..%2Fsecret.png"])
def test_a_gltf_takes_nothing_from_elsewhere(desk: Offline, folder: Path, beyond: str) -> None:
    secret = folder.parent / "secret.png"
    secret.write_bytes(picture(kind="PNG"))
    beyond = beyond.format(secret=secret.as_posix())
    begin(desk, write_gltf(folder, images=[{"uri": beyond}]), format="GLTF")
    (variant,) = ready(desk).variants
    assert check_glb(variant.model).lost_textures == 1


def test_a_gltf_without_its_data_says_what_is_missing(desk: Offline, folder: Path) -> None:
    begin(desk, write_gltf(folder), format="GLTF")
    ready(desk)
    (folder / "the data.bin").unlink()
    begin(desk, folder / "scene.gltf", "second", format="GLTF")
    desk.until(lambda: desk.jobs["second"]["state"] == "failed")
    error = desk.jobs["second"]["error"]
    assert error["code"] == "BrokenModel"
    assert "the data.bin" in error["what"]
    assert error["kept"] == "The file is where it was."


def test_an_archive_of_a_gltf_is_one_too(desk: Offline, folder: Path) -> None:
    write_gltf(folder)
    archive = folder / "download.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for name in ("scene.gltf", "the data.bin", "textures/Rot und Weiß.png"):
            packed.write(folder / name, f"a model/{name}")
    begin(desk, archive)
    (variant,) = ready(desk).variants
    assert check_glb(variant.model).triangles == 1


def test_an_obj_comes_with_what_it_names_and_nothing_else(desk: Offline, folder: Path) -> None:
    """Names in the .obj, and those in the .mtl that it names; a picture in a folder is found by its name."""
    (folder / "maps").mkdir()
    (folder / "maps" / "Seat Colour.JPG").write_bytes(picture())
    (folder / "chair.mtl").write_text("newmtl Seat\nmap_Kd C:\\work\\maps\\seat colour.jpg\n", encoding="utf-8")
    (folder / "another.mtl").write_text("newmtl Leg\nmap_Kd holiday.png\n", encoding="utf-8")
    model = folder / "chair.obj"
    model.write_text("mtllib chair.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nusemtl Seat\nf 1 2 3\n", encoding="utf-8")
    begin(desk, model, format="OBJ")
    job = ready(desk)
    assert names(job, "v0") == {"chair.obj", "chair.mtl", "maps/Seat Colour.JPG"}
    assert job.variants[0].format == "OBJ"


def test_a_file_by_itself_stays_what_it_is(folder: Path) -> None:
    for name in ("chair.glb", "chair.stl", "chair.ply", "chair.zip", "chair.usdz"):
        (folder / name).write_bytes(b"holiday.png")
        assert with_its_files.of(folder / name) == [folder / name]
    (folder / "chair.obj").write_bytes(b"")
    assert with_its_files.of(folder / "chair.obj") == [folder / "chair.obj"]


def test_a_layer_of_usd_becomes_a_package(desk: Offline, folder: Path) -> None:
    (folder / "textures").mkdir()
    (folder / "textures" / "seat.png").write_bytes(picture(kind="PNG"))
    model = folder / "chair.usda"
    model.write_text('#usda 1.0\ndef "Seat" { asset a = @./textures/seat.png@ }\n', encoding="utf-8")
    begin(desk, model, format="USDZ")
    (variant,) = ready(desk).variants
    assert variant.format == "USDZ"
    with zipfile.ZipFile(variant.model) as package:
        first, second = package.infolist()
        assert (first.filename, second.filename) == ("chair.usda", "textures/seat.png")
        content = Path(variant.model).read_bytes()
        assert content.index(b"#usda") % 64 == 0
        assert content.index(picture(kind="PNG")) % 64 == 0


def test_a_package_in_an_archive_is_kept_as_a_folder(desk: Offline, folder: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(folder / "chair.usdz", "w") as package:
        package.writestr("chair.usda", "#usda 1.0")
    with zipfile.ZipFile(folder / "download.zip", "w") as archive:
        archive.write(folder / "chair.usdz", "model/chair.usdz")
    for name in ("chair.usdz", "download.zip"):
        begin(desk, folder / name, name, name=name, keep_in=str(tmp_path / "kept"))
        assert Path(ready(desk, name).variants[0].model).suffix == ".usdz"
    desk.rest()
    kept = {path.relative_to(tmp_path / "kept").as_posix() for path in (tmp_path / "kept").rglob("*.usdz")}
    assert kept == {"chair.usdz.usdz", "download.zip/model/chair.usdz"}


def test_of_what_hides_its_names_the_folders_of_textures_come_along(folder: Path) -> None:
    (folder / "Textures").mkdir()
    (folder / "Textures" / "seat.png").write_bytes(picture(kind="PNG"))
    (folder / "Textures" / "notes.txt").write_text("no picture", encoding="utf-8")
    for name, content, along in (
        ("plain.blend", b"BLENDER-v405", False),
        ("small.blend", b"\x28\xb5\x2f\xfd....", True),
        ("chair.usd", b"PXR-USDC", True),
        ("chair.usda", b"#usda 1.0", False),
    ):
        (folder / name).write_bytes(content)
        found = [path.name for path in with_its_files.of(folder / name)]
        assert found == ([name, "seat.png"] if along else [name])


def test_a_home_is_not_looked_through(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nearer files first, and no more of them than any model has."""
    monkeypatch.setattr(with_its_files, "_MOST", 6)
    (folder / "a long way").mkdir()
    for number in range(9):
        (folder / "a long way" / f"{number}.png").write_bytes(picture(kind="PNG"))
    (folder / "z.png").write_bytes(picture(kind="PNG"))
    (folder / "chair.mtl").write_text("map_Kd z.png\nmap_Bump 8.png\nmap_Ks 0.png\n", encoding="utf-8")
    (folder / "chair.obj").write_text("mtllib chair.mtl\n", encoding="utf-8")
    assert [path.name for path in with_its_files.of(folder / "chair.obj")] == [
        "chair.obj",
        "chair.mtl",
        "z.png",
        "0.png",
    ]


def test_links_and_folders_that_lead_elsewhere_are_not_followed(folder: Path) -> None:
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "seat.png").write_bytes(picture(kind="PNG"))
    try:
        (folder / "textures").symlink_to(elsewhere, target_is_directory=True)
        (folder / "seat.png").symlink_to(elsewhere / "seat.png")
    except OSError:
        pytest.skip("this system lets nobody make links")
    (folder / "chair.mtl").write_text("map_Kd seat.png", encoding="utf-8")
    (folder / "chair.obj").write_text("mtllib chair.mtl\nv 0 0 0\n", encoding="utf-8")
    assert [path.name for path in with_its_files.of(folder / "chair.obj")] == ["chair.obj", "chair.mtl"]


def test_one_that_is_gone_is_named_and_comes_with_retry(desk: Offline, folder: Path) -> None:
    model = folder / "chair.glb"
    begin(desk, model)
    desk.until(lambda: desk.states() == ["failed"])
    error = desk.jobs["j"]["error"]
    assert error["code"] == "ModelNotFound"
    assert str(model) in error["what"]
    assert error["cost"] == "Nothing was paid."
    model.write_bytes(glb(triangle()))
    desk.ask("retry", job="j")
    assert ready(desk).costs.total == 0


@pytest.mark.parametrize("content", [b"<html>", b"glTF\x02", b""])
def test_what_is_no_model_is_refused_by_its_bytes(desk: Offline, folder: Path, content: bytes) -> None:
    model = folder / "chair.glb"
    model.write_bytes(content)
    begin(desk, model)
    desk.until(lambda: desk.states() == ["failed"])
    error = desk.jobs["j"]["error"]
    assert (error["code"], error["cost"]) == ("BrokenModel", "Nothing was paid.")
    assert "no GLB" in error["what"]
    assert "choose another variant" not in error["remedy"]
    told = [event["job"]["note"] for event in desk.told if event["event"] == "job"]
    assert not any("Trying again" in note for note in told)  # a second copy is the same


def test_the_name_counts_where_the_bytes_say_nothing(desk: Offline, folder: Path) -> None:
    """The head of this one says nothing but remarks."""
    model = folder / "chair.obj"
    model.write_text("# remark\n" * 1000 + "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", encoding="utf-8")
    begin(desk, model, format="OBJ")
    assert Path(ready(desk).variants[0].model).suffix == ".obj"


def test_it_can_be_kept_as_it_came_and_in_no_other_format(desk: Offline, folder: Path, tmp_path: Path) -> None:
    model = folder / "chair.glb"
    model.write_bytes(glb(triangle()))
    begin(desk, model, name="A Chair", keep_in=str(tmp_path / "kept"))
    ready(desk)
    desk.until(lambda: (tmp_path / "kept" / "A Chair.glb").is_file())
    desk.ask("save", job="j", variant=0, format="STL", folder=str(tmp_path), size_mm=None)
    desk.until(lambda: desk.jobs["j"]["saves"][-1]["state"] == "failed")
    assert "brought in as a GLB" in desk.jobs["j"]["saves"][-1]["error"]["what"]


def test_a_path_that_depends_on_whoever_reads_it_is_none(desk: Offline) -> None:
    answer = desk.ask("submit", job="j", provider="file", request={"bring_in": "chair.glb"})
    assert answer["error"]["code"] == "InvalidInput"
    answer = desk.ask("submit", job="j", provider="sample", request={"bring_in": "/chair.glb"})
    assert answer["error"]["code"] == "UnsupportedFeature"


def test_a_file_that_is_cut_short_while_its_names_are_read_ends_nobody(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has a file mapped is ended by the system when somebody else saves it."""
    model = folder / "chair.obj"
    model.write_bytes(b"v 0 0 0\n" * 100_000 + b"mtllib holiday.png\n")
    monkeypatch.setattr("mmap.mmap", None)
    assert with_its_files.of(model) == [model, folder / "holiday.png"]


def test_a_name_that_stands_across_two_pieces_is_found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = folder / "chair.obj"
    for length in range(40):
        model.write_bytes(b"#" * length + b"\nmap_Kd holiday.png\n")
        monkeypatch.setattr(with_its_files, "_PIECE", 23)
        assert with_its_files.of(model) == [model, folder / "holiday.png"]


def test_a_file_of_very_many_names_is_looked_through_in_the_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each picture is looked up among the names, and not compared with every one; and there is an end of names."""
    looked_at: list[int] = []
    monkeypatch.setattr(
        with_its_files, "_is_end", lambda _, names: looked_at.append(len(names)) or False, raising=False
    )
    model = folder / "chair.obj"
    for number in range(50):
        (folder / f"{number}.png").write_bytes(b"")
    model.write_bytes(b"".join(b"map_Kd of nobody %d.png\n" % number for number in range(200, 700)))
    monkeypatch.setattr(with_its_files, "_MOST_NAMES", 300)
    assert len(with_its_files._names(model)) == 300
    assert with_its_files.of(model) == [model]
    assert looked_at == [300] * len(looked_at)
    assert len(looked_at) <= 2 * 51


def test_one_that_is_written_to_meanwhile_is_not_taken(folder: Path, tmp_path: Path) -> None:
    model = folder / "scan.obj"
    model.write_bytes(b"v 0 0 0\n" * 200_000)

    told: list[float] = []

    def written(done: float) -> None:
        told.append(done)
        assert len(told) < 9, "the copy follows what grows"
        with model.open("ab") as file:
            file.write(b"f 1 2 3\n")

    with pytest.raises(DownloadFailed, match="written to while"):
        local_file.copy(model, tmp_path / "v0.obj", progress=written)
    assert not list(tmp_path.glob("v0*"))


def test_a_file_whose_name_is_no_text_belongs_to_nothing(folder: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(folder) + b"/seat\xff.png")).write_bytes(b"")
    except OSError:
        pytest.skip("this system has no such names")
    model = folder / "chair.obj"
    model.write_bytes(b"map_Kd seat\xff.png\nmap_Kd holiday.png\n")
    assert with_its_files.of(model) == [model, folder / "holiday.png"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the device is Linux's")
@pytest.mark.parametrize("several", [False, True], ids=["one file", "several files"])
def test_a_full_disk_is_said_and_leaves_nothing(desk: Offline, folder: Path, several: bool) -> None:
    source = write_gltf(folder) if several else folder / "chair.glb"
    if not several:
        source.write_bytes(glb(triangle()))
    own = desk.engine.context.folder / "jobs" / "j"
    own.mkdir(parents=True)
    name = "v0.gltf" if several else "v0.glb"
    (own / f"{name}.part").symlink_to("/dev/full")
    with pytest.raises(DownloadFailed, match="No space left") as caught:
        local_file.copy(source, own / name)
    assert "the disk has room" in caught.value.remedy
    assert list(own.iterdir()) == []
    (own / f"{name}.part").symlink_to("/dev/full")  # full for a moment alone: nobody has to do anything
    begin(desk, source, format="GLTF" if several else "GLB")
    assert ready(desk).costs.total == 0
    assert desk.jobs["j"]["cost"] == 0


def test_what_a_kill_has_left_of_a_copy_is_begun_anew(desk: Offline, folder: Path) -> None:
    source = folder / "chair.glb"
    source.write_bytes(glb(triangle()))
    own = desk.engine.context.folder / "jobs" / "j"
    own.mkdir(parents=True)
    (own / "v0.glb.part").write_bytes(b"half of another one" * 10_000)
    begin(desk, source)
    model = Path(ready(desk).variants[0].model)
    assert model.read_bytes() == source.read_bytes()
    assert not model.with_name("v0.glb.part").exists()


class _Lacking(NoBlender):
    """Meets a file with something in it that this Blender cannot read."""

    def run(self, job: JobFile, log_file: Path, limit: float, stopped: Callable[[], bool]) -> int:
        what = "The model needs KHR_meshopt_compression, which this Blender cannot read."
        raise UnsupportedFeature(what, OTHER_FORMAT)


def test_of_a_file_nobody_is_sent_to_another_variant(desk: Offline, folder: Path) -> None:
    desk.engine.context.preparers = _Lacking(desk.system)
    (folder / "chair.glb").write_bytes(glb(triangle()))
    begin(desk, folder / "chair.glb")
    desk.until(lambda: desk.jobs["j"]["state"] == "failed")
    error = desk.jobs["j"]["error"]
    assert error["remedy"] == "Export it in another format from the program that made it."
    assert "KHR_meshopt_compression" in error["what"]
