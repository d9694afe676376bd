"""The command line with bpy: files of every kind in real size, a picture, and going on after a kill."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest
import trimesh
from PIL import Image

from neural4d_blender.cli.blender_session import BlenderSession
from neural4d_blender.cli.main import main
from neural4d_blender.scene.placing import provenance
from neural4d_blender.scene.placing.placement import measure_mm
from neural4d_blender.scene.shared_engine import bridge
from scripts.simulator.launcher import ROOT, Simulator
from tests.support.connected import connect

SIZE = 150.0
#: Pixels of the largest texture that the simulated bird has.
TEXTURE = 1024


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(generation="2024", job_seconds=0.0, conversion_seconds=0.0) as process:
        yield process


@pytest.fixture
def sim(
    simulator: Simulator, empty_file: bpy.types.Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Simulator:
    monkeypatch.chdir(tmp_path)
    return connect(simulator, tmp_path / "data", monkeypatch)


def run(*argv: str) -> int:
    return main([*argv], "neural4d", BlenderSession)


def told(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What a command said with --json: every line has to be an object, whatever Blender printed meanwhile."""
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def imported(path: Path) -> tuple[float, float, float]:
    """A file's size in millimetres, as Blender itself reads it."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    if path.suffix == ".blend":
        bpy.ops.wm.open_mainfile(filepath=str(path))
        scene = bpy.context.scene
    elif path.suffix == ".fbx":
        operator = bpy.ops.wm.fbx_import if "fbx_import" in dir(bpy.ops.wm) else bpy.ops.import_scene.fbx
        operator(filepath=str(path))
    else:
        bpy.ops.wm.usd_import(filepath=str(path))
    if path.suffix == ".blend":
        said = provenance.read(next(item for item in scene.objects if item.parent is None))
        assert said.metadata == {"shot": "sh010"}
    assert max(image.size[0] for image in bpy.data.images) == TEXTURE, f"{path.suffix} without its textures"
    return measure_mm([item for item in scene.objects if item.parent is None], scene)


def test_a_file_of_every_kind_in_real_size(sim: Simulator, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    bpy.context.scene.unit_settings.scale_length = 0.001  # of a file that has nothing to do with the command
    kinds = (".blend", ".glb", ".fbx", ".obj", ".stl", ".usdz")
    files = [tmp_path / "new folder" / f"a bird{kind}" for kind in kinds]
    outputs = [part for file in files for part in ("-o", str(file))]
    thumbnail = tmp_path / "bird.png"
    argv = ["generate", "a cute bird", "--size-mm", str(SIZE), "--axis", "Z", "--thumbnail", str(thumbnail), "--json"]
    assert run(*argv, "--meta", "shot=sh010", *outputs) == 0
    done = told(capfd)[-1]
    for file in files:
        beside = json.loads(file.with_name(f"{file.name}.json").read_text("utf-8"))
        assert (beside["job"], beside["metadata"]) == (done["job"], {"shot": "sh010"})
        assert beside["versions"]["blender"] == bpy.app.version_string
        assert beside["files"] == [
            {"name": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest(), "bytes": file.stat().st_size}
        ]
    whole = files[1].read_bytes()
    inside = json.loads(whole[20 : 20 + int.from_bytes(whole[12:16], "little")])["asset"]["extras"]["neural4d"]
    assert (inside["prompt"], inside["metadata"]) == ("a cute bird", {"shot": "sh010"})
    assert (done["event"], done["points"]) == ("done", 60)
    assert done["files"] == [str(file) for file in (*files, thumbnail)]
    expected = pytest.approx(done["size_mm"], rel=0.001)
    assert done["size_mm"][2] == pytest.approx(SIZE, rel=0.001)
    for file in files:
        if file.suffix in (".glb", ".obj", ".stl"):
            mesh = trimesh.load(file, force="mesh")
            x, y, z = mesh.extents.tolist()
            to_mm = 1.0 if file.suffix == ".stl" else 1000.0
            size = (x, y, z) if file.suffix == ".stl" else (x, z, y)  # the others have Y up
            assert [side * to_mm for side in size] == expected, file.suffix
            looks = getattr(mesh.visual, "material", None)
            picture = getattr(looks, "baseColorTexture", None) or getattr(looks, "image", None)
            assert file.suffix == ".stl" or picture.size == (TEXTURE, TEXTURE), f"{file.suffix} without its textures"
        else:
            assert imported(file) == expected, file.suffix
    with Image.open(thumbnail) as rendered:
        assert rendered.size == (512, 512)
        shown = rendered.getchannel("A").getbbox()
    assert shown is not None
    assert 300 < max(shown[2] - shown[0], shown[3] - shown[1]) < 512, "the model does not fill the picture"
    assert sim.spent == 60
    assert not [name for name in os.listdir(tmp_path / "new folder") if name.startswith(".")]
    assert run("resume") == 0
    assert "Nothing is unfinished" in capfd.readouterr().out


@pytest.mark.one_blender
def test_every_variant_and_the_services_own_files(
    sim: Simulator, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run("generate", "a chair", "--variants", "2", "--every-variant", "--size-mm", "90") == 0
    found = [trimesh.load(tmp_path / name, force="mesh") for name in ("a chair.glb", "a chair-2.glb")]
    assert [max(mesh.extents) for mesh in found] == pytest.approx([0.09, 0.09], rel=0.001)
    assert len(found[0].vertices) != len(found[1].vertices)
    capfd.readouterr()
    assert run("generate", "a chair", "--as-made", "-o", "own.glb", "-o", "own.stl", "--json") == 0
    (listed,) = [line for line in told(capfd) if line.get("files")]
    job = bridge.jobs[listed["job"]]
    assert (tmp_path / "own.glb").read_bytes() == Path(job.variants[0].model).read_bytes()
    assert (tmp_path / "own.stl").stat().st_size > 1000
    assert [row["points"] for row in sim.ledger()] == [60, 60, 10]
    assert run("jobs", "CHAIR", "--json") == 0
    assert [line["points"] for line in told(capfd)] == [70, 60]
    assert run("jobs", "--totals", "--json") == 0
    assert [(line["jobs"], line["points"]) for line in told(capfd)] == [(2, 130)]
    assert run("jobs", "--state", "failed") == 0
    assert capfd.readouterr().out == "No such job.\n"


@pytest.mark.one_blender
def test_a_table_becomes_sized_files(sim: Simulator, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Path("things.csv").write_text(
        "prompt,size_mm,axis,name\na cute bird,120,x,\na wooden chair,,,seat\n", encoding="utf-8"
    )
    argv = ["batch", "things.csv", "--output", "models", "--type", "glb", "--type", "stl", "--report", "report.json"]
    assert run(*argv, "--json") == 0
    said = told(capfd)[-1]
    assert (said["event"], said["done"], said["failed"], said["points"]) == ("batch", 2, 0, 120)
    bird = trimesh.load(tmp_path / "models" / "0001 a cute bird.stl")
    assert bird.extents[0] == pytest.approx(120, rel=0.001)
    first, second = json.loads(Path("report.json").read_text(encoding="utf-8"))
    assert [first["width_mm"], first["depth_mm"]] == pytest.approx(bird.extents[:2].tolist(), rel=0.001)
    assert [Path(file).name for file in second["files"]] == [f"0002 seat.{kind}" for kind in ("glb", "stl")]
    assert all(Path(file).is_file() for file in first["files"] + second["files"])
    assert run(*argv, "--continue") == 0
    assert run(*argv, "--continue", "--thumbnails") == 2
    assert "begun for other files: glb stl" in capfd.readouterr().err
    assert sim.spent == 120


@pytest.mark.one_blender
def test_settings_of_all_lines(sim: Simulator, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Path("things.csv").write_text("prompt,size_mm\na mug,\na cup,60\n", encoding="utf-8")
    argv = ["batch", "things.csv", "--output", "models", "--size-mm", "120", "--axis", "Z", "--joined"]
    assert run(*argv, "--json") == 0
    sizes = {line["job"]: line["size_mm"] for line in told(capfd) if line["event"] == "done"}
    assert sorted(size[2] for size in sizes.values()) == pytest.approx([60, 120], rel=0.001)
    height = trimesh.load(tmp_path / "models" / "0001 a mug.glb", force="mesh").extents[1]
    assert height == pytest.approx(0.12, rel=0.001)
    assert run(*argv, "--continue") == 0
    assert run(*argv, "--max-faces", "500", "--continue") == 2
    assert "begun with other settings: provider neural4d, size_mm 120.0, axis Z, joined True" in capfd.readouterr().err
    assert sim.spent == 120


@pytest.mark.one_blender
@pytest.mark.parametrize("wanted", [["--thumbnails"], ["--type", "obj"]])
def test_pictures_do_not_go_among_the_images(
    sim: Simulator, tmp_path: Path, wanted: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    Path("photos").mkdir()
    Image.new("RGB", (300, 300), "#806040").save("photos/a.png")
    for output in ("photos", str(tmp_path / "photos"), "photos/../photos/"):
        assert run("batch", "photos", "--output", output, *wanted, "--dry-run") == 2
        assert f"such as {tmp_path / 'photos' / 'models'}" in capfd.readouterr().err
    assert run("batch", "photos", "--output", "photos/models", *wanted) == 0
    assert run("batch", "photos", "--output", "photos/models", *wanted, "--continue") == 0
    assert [path.name for path in Path("photos").iterdir() if path.is_file()] == ["a.png"]
    assert [row["operation"] for row in sim.ledger() if row["points"]] == ["image"]


@pytest.mark.one_blender
def test_a_failed_job_has_its_exit_code(sim: Simulator, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("generate", "a mug", "--max-points", "20", "--json") == 4
    assert told(capfd)[-1]["code"] == "CapReached"
    bridge.timing |= {"attempts": 2}
    sim.set_fault(endpoint="file", fault="truncated_body", times=None)
    assert run("generate", "a mug", "-o", "mug.glb") == 1
    assert "60 points were paid" in capfd.readouterr().err
    sim.clear_faults()
    assert run("resume", "--retry", "--json") == 5  # the one beyond its cap fails again
    assert Path("mug.glb").is_file()
    assert sim.spent == 60


@pytest.mark.one_blender
def test_online_access_that_is_off(sim: Simulator, capfd: pytest.CaptureFixture[str]) -> None:
    bpy.context.preferences.system.use_online_access = False
    assert run("generate", "a mug") == 3
    assert "--online-mode" in capfd.readouterr().err
    assert sim.requests() == []
    assert run("balance", "--online-mode") == 0


@pytest.mark.one_blender
def test_time_that_is_up(sim: Simulator, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    sim.configure(job_seconds=1000)
    own = ("--data-dir", "of its own")
    monkeypatch.setenv("NEURAL4D_DATA_DIR", "is put back at the end")
    assert run("generate", "a mug", "-o", "mug.glb", "--timeout", "1", *own) == 6
    assert "neural4d resume --data-dir 'of its own'" in capfd.readouterr().err
    assert Path("of its own", "journal.sqlite3").is_file()
    sim.finish_jobs()
    bridge.jobs.clear()
    assert run("resume", *own) == 0
    assert Path("mug.glb").is_file()
    assert sim.spent == 60


@pytest.mark.one_blender
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send to another process")
def test_killed_and_interrupted_it_pays_once(sim: Simulator, tmp_path: Path) -> None:
    sim.configure(job_seconds=1000)

    def start(*argv: str) -> subprocess.Popen[str]:
        # A group of its own, as a terminal has it: Ctrl+C goes to the command and all it started.
        return subprocess.Popen(
            [sys.executable, "-m", "neural4d_blender", *argv, "--online-mode", "--json"],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def until(process: subprocess.Popen[str], state: str) -> None:
        assert process.stdout is not None
        assert any(json.loads(line).get("state") == state for line in process.stdout)

    first = start("generate", "a mug", "--size-mm", "80", "-o", str(tmp_path / "mug.stl"))
    until(first, "generating")
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    second = start("resume")
    until(second, "generating")
    os.killpg(second.pid, signal.SIGINT)
    said, _ = second.communicate(timeout=60)
    assert second.returncode == 130
    assert "python -m neural4d_blender resume" in json.loads(said.splitlines()[-1])["remedy"]
    sim.finish_jobs()
    third = start("resume")
    third.communicate(timeout=120)
    assert third.returncode == 0
    assert max(trimesh.load(tmp_path / "mug.stl").extents) == pytest.approx(80, rel=0.001)
    assert [row["points"] for row in sim.ledger()] == [60]


def test_what_is_there_already_becomes_files_in_real_size(
    sim: Simulator, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bpy.ops.mesh.primitive_cone_add(depth=3.0, radius1=1.0)
    bpy.ops.wm.stl_export(filepath=str(tmp_path / "a cone.stl"))
    capfd.readouterr()
    argv = ("bring-in", "a cone.stl", "--size-mm", f"{SIZE:g}", "--axis", "Z", "--json")
    assert run(*argv, "-o", "models", "--type", "glb", "--type", "stl") == 0
    (done,) = (one for one in told(capfd) if one["event"] == "done")
    assert (done["provider"], done["points"]) == ("file", 0)
    assert [Path(one).name for one in done["files"]] == ["a cone.glb", "a cone.stl"]
    for file in done["files"]:
        inside = trimesh.load(file).extents
        expected = SIZE if file.endswith(".stl") else SIZE / 1000  # millimetres, and metres with Y up
        assert max(inside) == pytest.approx(expected, rel=1e-3)
    assert sim.ledger() == []
