"""Images, cut-outs, formats and files to keep through the Python API on the bpy module, with real conversions."""

from __future__ import annotations

import itertools
import zipfile
from pathlib import Path

import bpy
import pytest

import neural4d_blender as neural4d
from neural4d_blender import ui
from neural4d_blender.scene.placing.placement import measure_mm
from scripts.simulator.launcher import Simulator
from tests.scene.api.test_api import sim, simulator

__all__ = ["sim", "simulator"]
pytestmark = pytest.mark.one_blender


@pytest.fixture
def picture(sim: Simulator) -> bpy.types.Image:
    """A painted image that was never saved."""
    image = bpy.data.images.new("painting", 320, 300, alpha=True)
    image.pixels = [0.8, 0.2, 0.1, 1.0] * (320 * 300)
    return image


def test_an_image_datablock_becomes_a_model(sim: Simulator, picture: bpy.types.Image) -> None:
    job = neural4d.generate(image=picture, size_mm=75).wait(60)
    assert max(measure_mm(job.objects, bpy.context.scene)) == pytest.approx(75, rel=0.001)
    assert job.cost == 80


def test_choosing_a_cutout(sim: Simulator, picture: bpy.types.Image, tmp_path: Path) -> None:
    picture.filepath_raw, picture.file_format = str(tmp_path / "chair.png"), "PNG"
    picture.save()
    job = neural4d.generate(image=tmp_path / "chair.png", choose_cutout=True).wait(60)
    assert job.state == "choosing_cutout"
    assert [Path(path).exists() for path in job.cutouts] == [True] * 4
    assert sim.spent == 0
    job.choose(3)
    job.wait(60)
    assert job.state == "placed"
    with pytest.raises(neural4d.JobFailed):
        job.choose(0)


def test_chibi_of_several_images(sim: Simulator, picture: bpy.types.Image) -> None:
    job = neural4d.generate(
        image=[picture, picture], options={"style": "Pixel-Style", "portrait_check": "off"}, size_mm=40
    ).wait(60)
    assert len(job.variants) == 2
    assert job.cost == 60 == neural4d.estimate(image=[picture, picture], options={"style": "Pixel-Style"})


@pytest.mark.parametrize("format", ["FBX", "OBJ", "STL", "BLEND", "USDZ"])
def test_every_format_has_its_exact_size(sim: Simulator, format: str) -> None:
    sim.configure(shape="nested")
    bpy.context.scene.unit_settings.scale_length = 0.01
    job = neural4d.generate("a cute bird", size_mm=123.4, axis="Z", format=format).wait(120)
    (root,) = job.objects
    assert measure_mm([root], bpy.context.scene)[2] == pytest.approx(123.4, rel=0.001)
    assert (root.scale[:], root.rotation_euler[:]) == ((1, 1, 1), (0, 0, 0))
    assert job.cost == 70 == sim.spent
    assert job.variants[0].scale
    assert neural4d.estimate("a cute bird", format=format) == 70


def test_the_stl_for_the_printer(sim: Simulator, tmp_path: Path) -> None:
    job = neural4d.generate("a cute bird", size_mm=60).wait(60)
    path = job.save("STL", tmp_path / "print", size_mm=60)
    assert path.suffix == ".stl"
    bpy.ops.wm.stl_import(filepath=str(path))
    assert bpy.context.view_layer.objects.active.type == "MESH"
    assert job.save("STL", tmp_path / "print", size_mm=60) != path
    assert sim.spent == 70 == job.cost
    assert job.save("GLB", tmp_path / "print").read_bytes() == Path(job.variants[0].model).read_bytes()
    folder = job.save("FBX", tmp_path / "print")
    assert folder.is_dir() or zipfile.is_zipfile(folder) or folder.suffix == ".fbx"
    assert sim.spent == 80 == job.cost


def test_a_save_that_fails_says_so(sim: Simulator, tmp_path: Path) -> None:
    job = neural4d.generate("a mug").wait(60)
    sim.set_fault(endpoint="convertToFormat", fault="conversion_failed", times=None)
    with pytest.raises(neural4d.JobFailed) as caught:
        job.save("STL", tmp_path)
    assert caught.value.reason == "ConversionFailed"


def test_a_cap(sim: Simulator) -> None:
    with pytest.raises(neural4d.JobFailed, match="limit is 59"):
        neural4d.generate("a mug", max_points=59).wait(60)
    assert sim.spent == 0


def test_pictures_that_cannot_be_used(sim: Simulator, tmp_path: Path) -> None:
    small = bpy.data.images.new("small", 100, 100)
    with pytest.raises(neural4d.InvalidInput, match="256"):
        neural4d.generate(image=small)
    with pytest.raises(neural4d.InvalidInput):
        neural4d.generate(image=tmp_path / "not-there.png")
    with pytest.raises(neural4d.InvalidInput, match="one of them, not several"):
        neural4d.generate("a mug", image=bpy.data.images.new("fine", 300, 300))
    assert sim.requests() == []


def edges(root: bpy.types.Object) -> tuple[float, float]:
    xs = [(root.matrix_world @ vertex.co).x for vertex in root.data.vertices]
    return min(xs), max(xs)


@pytest.mark.parametrize("origin", ["BOTTOM", "AUTHORED"])
def test_variants_stand_side_by_side(sim: Simulator, origin: str) -> None:
    job = neural4d.generate("a mug", size_mm=100, variants=3, location=(1, 2, 0), origin=origin).wait(60)
    (second,), (third,) = job.place(variant=1), job.place(variant=2)
    bpy.context.view_layer.update()
    first = next(root for root in job.objects if root not in (second, third))
    for left, right in ((first, second), (second, third)):
        low, high = edges(right)
        assert low - edges(left)[1] == pytest.approx((high - low) * 0.1, rel=0.01)
        assert right.location.y == pytest.approx(left.location.y)
    assert sim.spent == 60


def test_all_variants_at_once(sim: Simulator) -> None:
    job = neural4d.generate("a mug", size_mm=100, variants=4, place_all=True).wait(90)
    assert len(job.objects) == 4
    bpy.context.view_layer.update()
    spans = sorted(edges(root) for root in job.objects)
    assert all(left[1] < right[0] for left, right in itertools.pairwise(spans))
    assert sorted(root["neural4d_variant"] for root in job.objects) == [0, 1, 2, 3]
    assert sim.spent == 60


def test_the_operators_take_files_images_and_several_of_them(
    sim: Simulator, picture: bpy.types.Image, tmp_path: Path
) -> None:
    for name in ("first.png", "second.png"):
        picture.filepath_raw, picture.file_format = str(tmp_path / name), "PNG"
        picture.save()
    ui.register()
    try:
        chosen = bpy.context.scene.neural4d
        chosen.input, chosen.image_source, chosen.image_path = "IMAGE", "FILE", str(tmp_path / "first.png")
        assert bpy.ops.neural4d.generate() == {"FINISHED"}
        chosen.image_source, chosen.image = "IMAGE", picture
        assert bpy.ops.neural4d.generate() == {"FINISHED"}
        chosen.options_neural4d.style, chosen.options_neural4d.portrait_check = "Pixel-Style", "off"
        files = [{"name": "first.png"}, {"name": "second.png"}]
        assert bpy.ops.neural4d.generate_from_files(directory=str(tmp_path), files=files) == {"FINISHED"}
        jobs = [job.wait(60) for job in neural4d.jobs()]
    finally:
        ui.unregister()
    assert sorted(job.cost for job in jobs) == [60, 80, 80]
    assert sorted(entry["points"] for entry in sim.ledger()) == [30, 30, 80, 80]


def test_variants_in_another_format(sim: Simulator) -> None:
    both = {"variants": 2, "format": "STL", "size_mm": 50}
    assert neural4d.estimate("a mug", **both, place_all=True) == 80
    assert len(neural4d.generate("a mug", **both, place_all=True).wait(120).objects) == 2
    assert sim.spent == 80
    job = neural4d.generate("a mug", **both).wait(120)
    assert [bool(variant.preview) for variant in job.variants] == [True, True]
    assert sorted(variant.state for variant in job.variants) == ["done", "prepared"]
    other = next(variant.index for variant in job.variants if variant.state == "done")
    assert len(job.place(variant=other)) == 1
    assert sim.spent == 80 + 80


def test_a_deleted_file_is_no_dead_end(sim: Simulator) -> None:
    job = neural4d.generate("a mug").wait(60)
    Path(job.variants[0].blend).unlink()
    assert len(job.place()) == 1
    assert sim.spent == 60


def test_a_second_variant_that_is_damaged_says_so(sim: Simulator) -> None:
    job = neural4d.generate("a mug", variants=2, best_for="").wait(60)
    other = next(variant for variant in job.variants if not variant.blend)
    Path(other.model).write_bytes(b"glTF" + bytes(200))
    with pytest.raises(neural4d.JobFailed):
        job.place(variant=other.index)
    assert job.state == "placed"


def test_a_collection_of_another_file_takes_no_models(sim: Simulator, tmp_path: Path) -> None:
    library = bpy.data.collections.new("Linked")
    bpy.data.libraries.write(str(tmp_path / "library.blend"), {library})
    bpy.data.collections.remove(library)
    with bpy.data.libraries.load(str(tmp_path / "library.blend"), link=True) as (_there, wanted):
        wanted.collections = ["Linked"]
    bpy.context.scene.collection.children.link(wanted.collections[0])
    layers = bpy.context.view_layer
    layers.active_layer_collection = layers.layer_collection.children["Linked"]
    (root,) = neural4d.generate("a mug").wait(60).objects
    assert root.users_collection[:] == (bpy.context.scene.collection,)


def test_no_copy_of_an_image_stays_where_nothing_is_sent(
    sim: Simulator, picture: bpy.types.Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NEURAL4D_API_TOKEN")
    with pytest.raises(neural4d.KeyMissing):
        neural4d.generate(image=picture)
    assert list(tmp_path.rglob("*.png")) == []
