"""Models that are there already: each kind of file at its size, with its textures; several at once, by the API."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

import neural4d_blender as neural4d
from neural4d_blender.engine.blenders.blender_pool import JobFile
from neural4d_blender.engine.errors import InvalidInput, KeyMissing
from neural4d_blender.prepare import main
from neural4d_blender.scene.placing import provenance
from neural4d_blender.scene.placing.placement import measure_mm
from tests.support import sample_models
from tests.support.engine_in_thread import Offline
from tests.support.one_thread import NoBlender

SIZE = 250.0


class Here(NoBlender):
    """Prepares in this Blender, which is quicker than another one for each file."""

    def run(self, job: JobFile, log_file: Path, limit: float, stopped: Callable[[], bool]) -> int:
        values = json.loads(job.path.read_text())
        Path(values["facts"]).write_text(json.dumps(main.run(values)))
        return 0


def painted(folder: Path, colour: tuple[float, float, float, float]) -> None:
    """The open file: the wedge, with an image that is a file in a folder of textures."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    sample_models.single()
    item = bpy.context.scene.objects[0]
    mesh = item.data
    layer = mesh.uv_layers.new(name="UVMap")
    for loop in mesh.loops:
        layer.data[loop.index].uv = mesh.vertices[loop.vertex_index].co.xy
    (folder / "textures").mkdir(exist_ok=True)
    image = bpy.data.images.new("seat cover", 8, 8)
    image.pixels[:] = colour * 64
    image.filepath_raw, image.file_format = str(folder / "textures" / "seat cover.png"), "PNG"
    image.save()
    sample_models.paint(item, image)
    bpy.context.view_layer.update()


def _obj(path: Path) -> None:
    bpy.ops.wm.obj_export(filepath=str(path), path_mode="RELATIVE")


def _ply(path: Path) -> None:
    bpy.ops.wm.ply_export(filepath=str(path), export_uv=True)


def _usd(path: Path) -> None:
    bpy.ops.wm.usd_export(filepath=str(path))


def _gltf(path: Path) -> None:
    bpy.ops.export_scene.gltf(filepath=str(path), export_format="GLTF_SEPARATE", export_keep_originals=False)


def _fbx(path: Path) -> None:
    bpy.ops.export_scene.fbx(filepath=str(path), path_mode="RELATIVE")


def _blend(path: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True, relative_remap=True)


def _compressed(path: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True, compress=True)


#: By name of the file, how it is written; whether it has textures.
KINDS: dict[str, tuple[Callable[[Path], object], bool]] = {
    "chair.glb": (lambda path: bpy.ops.export_scene.gltf(filepath=str(path)), True),
    "chair.gltf": (_gltf, True),
    "chair.fbx": (_fbx, True),
    "chair.obj": (_obj, True),
    "chair.stl": (lambda path: bpy.ops.wm.stl_export(filepath=str(path)), False),
    "chair.ply": (_ply, False),
    "chair.usdz": (_usd, True),
    "chair.usd": (_usd, True),
    "chair.usda": (_usd, True),
    "chair.blend": (_blend, True),
    "packed away.blend": (_compressed, True),
}


@pytest.mark.both_ends
def test_each_kind_of_file_is_at_its_size_with_its_textures(tmp_path: Path) -> None:
    """The files are gone by the time at which they are looked at: nothing is read from where they were."""
    desk = Offline(tmp_path / "data")
    desk.engine.context.preparers = Here(desk.system)
    for name, (write, is_painted) in KINDS.items():
        folder = tmp_path / name
        folder.mkdir()
        painted(folder, (1.0, 0.0, 0.0, 1.0))
        before = sample_models.world_points()
        write(folder / name)
        archive = shutil.make_archive(str(tmp_path / f"{name} zipped"), "zip", folder)
        for source in (folder / name, Path(archive)):
            asked = {"bring_in": str(source), "format": "GLB", "size_mm": SIZE, "joined": True}
            job = f"{name} {source.suffix}"
            assert not desk.ask("submit", job=job, provider="file", request=asked).get("error")
            desk.until(lambda job=job: desk.jobs[job]["state"] in ("ready", "failed"))
            told = desk.jobs[job]
            assert told["state"] == "ready", (job, told["error"])
            assert told["cost"] == 0
            after = sample_models.world_points()  # what was prepared is open here
            size = (after.max(axis=0) - after.min(axis=0)) * 1000
            assert max(size) == pytest.approx(SIZE, rel=1e-3), job
            assert sample_models.same_shape(before, after), job
            if is_painted:
                assert _colours() == [(255, 0, 0)], (job, told["variants"][0]["facts"]["warnings"])
        shutil.rmtree(folder)
    desk.close()


def _colours() -> list[tuple[int, ...]]:
    """Of the images that are packed into the prepared file."""
    images = [image for image in bpy.data.images if image.packed_file]
    return [tuple(round(value * 255) for value in np.array(image.pixels[:3])) for image in images]


@pytest.fixture
def models(tmp_path: Path, prepared: Any) -> Path:
    """A folder with files of models in it, and others."""
    prepared("single")
    folder = tmp_path / "models"
    folder.mkdir()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    sample_models.single()
    sample_models.export("GLB", folder, "a chair")
    sample_models.export("STL", folder, "b chair")
    (folder / "notes.txt").write_text("no model", encoding="utf-8")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return folder


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURAL4D_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(bpy.context.preferences.system, "use_online_access", False)


@pytest.mark.one_blender
@pytest.mark.usefixtures("offline")
def test_a_folder_comes_side_by_side(models: Path) -> None:
    jobs = neural4d.bring_in(models, size_mm=SIZE, placeholder=True)
    assert isinstance(jobs, list)
    assert neural4d.estimate() is not None
    for job in jobs:
        job.wait(timeout=120)
    assert [(job.state, job.cost, job.title) for job in jobs] == [("placed", 0, "a chair"), ("placed", 0, "b chair")]
    first, second = (job.objects[0] for job in jobs)
    assert max(measure_mm([first], bpy.context.scene)) == pytest.approx(SIZE, rel=1e-3)
    assert second.location.x - first.location.x > SIZE / 1000
    said = provenance.read(first)
    assert (said.service, said.prompt, said.image, said.points) == ("file", "", "", 0)
    assert said.source == "a chair.glb"
    assert not any(str(models) in str(value) for value in dict(first).values())
    (models / "a chair.glb").unlink()  # the job has a copy
    again = jobs[0].again(size_mm=2 * SIZE)
    again.wait(timeout=120)
    assert max(measure_mm(again.objects, bpy.context.scene)) == pytest.approx(2 * SIZE, rel=1e-3)
    assert jobs[0].replace(second)[0].location == second.location
    assert neural4d.spent("file") == 0
    bpy.ops.mesh.primitive_cube_add(size=0.5, location=(9, 0, 0.25))
    box = bpy.context.object
    bpy.context.view_layer.update()
    fitted = neural4d.bring_in(models / "b chair.stl", fit=box)
    assert isinstance(fitted, neural4d.Job)
    fitted.wait(timeout=120)
    bpy.context.view_layer.update()
    assert max(measure_mm(fitted.objects, bpy.context.scene)) == pytest.approx(500, rel=1e-3)
    assert fitted.objects[0].location.x == pytest.approx(9, abs=1e-3)
    estimate = neural4d.batch([{"bring_in": str(models / "b chair.stl"), "fit": fitted.objects[0].name}], dry_run=True)
    assert isinstance(estimate, neural4d.Estimate)
    assert (estimate.items, estimate.points, estimate.by_service) == (1, 0, {"file": 1})
    with pytest.raises(InvalidInput, match="one model"):
        neural4d.bring_in([models / "b chair.stl"] * 2, fit=box)


@pytest.mark.one_blender
@pytest.mark.usefixtures("offline")
def test_what_cannot_be_brought_in_is_refused_before_any_job(models: Path) -> None:
    with pytest.raises(InvalidInput, match="no model file of a kind"):
        neural4d.bring_in(models / "notes.txt")
    with pytest.raises(InvalidInput, match="There is no file"):
        neural4d.bring_in("gone.glb")
    with pytest.raises(InvalidInput, match=r"(?s)Nothing was brought in.*gone\.glb.*notes\.txt"):
        neural4d.bring_in([models / "a chair.glb", "gone.glb", models / "notes.txt"])
    with pytest.raises(InvalidInput, match="millimetres"):
        neural4d.bring_in(models / "a chair.glb", size_mm=-1)
    with pytest.raises(InvalidInput, match="Neural4D or GoNeural"):
        neural4d.bring_in("54078587-7fdd-49c5-9fe6-317d22f27098")
    assert neural4d.jobs() == []


@pytest.mark.one_blender
def test_a_service_needs_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bpy.context.preferences.system, "use_online_access", True)
    monkeypatch.delenv("CSM_API_KEY", raising=False)
    with pytest.raises(KeyMissing):
        neural4d.bring_in("SESSION_1708502346_4237483")
