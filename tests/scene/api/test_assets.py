"""Results as assets: in a library's folder, written by a background Blender, and in the open file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest

import neural4d_blender as neural4d
from neural4d_blender.prepare.output import asset
from neural4d_blender.scene import assets, user_settings
from neural4d_blender.scene.placing import provenance
from neural4d_blender.scene.shared_engine import bridge
from scripts.simulator.launcher import Simulator
from tests.scene.conftest import Prepared
from tests.scene.placing.test_replacing import stand
from tests.support import scene_pictures

WANTED: dict[str, Any] = {
    "name": "A Bird",
    "description": "of wood",
    "author": "me",
    "tags": ["bird", "bird", "wood"],
    "catalog": "5a1b9a1e-3b7a-4c3e-9a63-0d4c4a3f1a11",
    "preview": "",
    "properties": {provenance.JOB: "one"},
}


@pytest.fixture
def sim(empty_file: bpy.types.Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with Simulator(generation="2024", job_seconds=0.0, texture_size=64) as simulator:
        for name, value in simulator.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("NEURAL4D_DATA_DIR", str(tmp_path / "data"))
        bpy.context.preferences.system.use_online_access = True
        bridge.timing = {"quickest": 0.05, "backoff": 0.02, "look_again": 0.05, "outage": 0.0}
        yield simulator


def load(path: Path) -> tuple[list[bpy.types.Object], list[bpy.types.Collection]]:
    """The assets of a file, appended to a new one."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(path), assets_only=True) as (there, wanted):
        wanted.objects, wanted.collections = there.objects, there.collections
    return list(wanted.objects), list(wanted.collections)


@pytest.mark.parametrize("kind", ["single", "family", "rigged"])
def test_a_library_file(prepared: Prepared, tmp_path: Path, kind: str) -> None:
    picture = scene_pictures.written(tmp_path, "jpg", scene_pictures.colours(320, 160))
    output = tmp_path / "bird.blend"
    values = WANTED | {"source": str(prepared(kind)), "output": str(output), "preview": str(picture)}
    facts = asset.write_asset(values)
    assert facts == {"ok": True, "kind": "OBJECT" if kind == "single" else "COLLECTION", "preview": True}
    objects, collections = load(output)
    ((found,), nothing) = (objects, collections) if kind == "single" else (collections, objects)
    assert not nothing
    assert found.name == "A Bird"
    told = found.asset_data
    assert (told.description, told.author, told.catalog_id) == ("of wood", "me", WANTED["catalog"])
    assert [tag.name for tag in told.tags] == ["bird", "wood"]
    width, height = found.preview.image_size
    assert width == 2 * height > 0
    everything = [found] if kind == "single" else list(found.all_objects)
    (root,) = (item for item in everything if item.parent is None)
    assert (root[provenance.JOB], root.scale[:], root.location[:]) == ("one", (1, 1, 1), (0, 0, 0))
    assert len(everything) == {"single": 1, "family": 4, "rigged": 3}[kind]
    assert all(image.packed_file for image in bpy.data.images)
    assert not bpy.data.cameras
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bird.blend", "picture.jpg"]


def test_a_picture_is_rendered_where_the_service_has_none(prepared: Prepared, tmp_path: Path) -> None:
    output = tmp_path / "bird.blend"
    assert asset.write_asset(WANTED | {"source": str(prepared("family")), "output": str(output)})["preview"]
    _, (found,) = load(output)
    pixels = found.preview.image_pixels_float[:]
    seen = [alpha for alpha in pixels[3::4] if alpha > 0.5]
    assert len(pixels) // 4 > 2 * len(seen) > len(pixels) // 50  # the model, with nothing around it
    assert not bpy.data.cameras
    assert not bpy.data.lights


@pytest.mark.both_ends
def test_a_job_goes_to_the_library(sim: Simulator, tmp_path: Path) -> None:
    library = tmp_path / "Library"
    job = neural4d.generate("a cute bird", size_mm=120).wait(60)
    path = job.save_asset(library, catalog="Props/Birds", tags=["bird"], timeout=60)
    assert path.parent == library
    assert job.save_asset(library, catalog="Props/Birds", tags=["bird"], timeout=60) == path  # written anew
    assert sorted(one.name for one in library.iterdir()) == sorted(["blender_assets.cats.txt", path.name])
    assert sim.spent == 60
    assert not assets.is_registered(library)
    assert neural4d.add_library(library) == neural4d.add_library(library) == library
    assert assets.is_registered(library)
    shown = [one for one in bpy.context.preferences.filepaths.asset_libraries if Path(one.path) == library]
    assert [one.name for one in shown] == [user_settings.LIBRARY]
    bpy.context.preferences.filepaths.asset_libraries.remove(shown[0])
    (library / "file").touch()
    with pytest.raises(neural4d.JobFailed, match="Choose another folder"):
        job.save_asset(library / "file")
    with pytest.raises(neural4d.InvalidInput):
        job.save_asset(library, variant=7)

    ((found,), _) = load(path)
    assert (found.name, found.asset_data.author) == ("a cute bird", "Neural4D")
    assert max(found.dimensions) == pytest.approx(0.12, rel=0.001)
    assert found.asset_data.catalog_id in (library / "blender_assets.cats.txt").read_text()
    assert found.preview.image_size[0] > 0
    assert provenance.read(found).job == job.id
    assert not any(str(tmp_path) in str(found[key]) for key in provenance.own_keys(found))
    (kept,) = job._data.variants
    Path(kept.blend).unlink()
    assert job.save_asset(library) == path, "it was made again of the download"
    Path(kept.blend).unlink()
    Path(kept.model).unlink()
    with pytest.raises(neural4d.JobFailed, match="Place the model once more"):
        job.save_asset(library)


@pytest.mark.parametrize("kind", ["single", "family"])
def test_marked_in_the_open_file(prepared: Prepared, tmp_path: Path, kind: str) -> None:
    prepared(kind)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    props = bpy.data.collections.new("Props")
    scene.collection.children.link(props)
    root = stand(prepared(kind), scene, collection=props)
    picture = scene_pictures.written(tmp_path, "png", scene_pictures.colours(300, 300))
    marked = assets.mark(root, catalog="Props", picture=str(picture))
    assert marked.asset_data.catalog_id == "00000000-0000-0000-0000-000000000000"  # the file has no place yet
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "mine.blend"))
    assert assets.mark(root, catalog="Props", picture=str(picture)) == marked
    assert marked.asset_data.catalog_id in (tmp_path / "blender_assets.cats.txt").read_text()
    assert [tag.name for tag in marked.asset_data.tags] == ["Neural4D", "generated"]
    assert marked.preview.image_size[0] > 0
    if kind == "single":
        assert marked == root
    else:
        assert set(marked.objects) == {root, *provenance.parts_of(root)}
        assert list(props.children) == [marked]
        assert not props.objects
