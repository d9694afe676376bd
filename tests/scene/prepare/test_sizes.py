"""Size, shape and clean transforms of what the preparer makes of every format and node tree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from neural4d_blender.prepare import main
from tests.support import sample_models

#: STL and OBJ know no armatures; all others carry every sample.
CASES = [
    (model, model_format)
    for model in sample_models.MODELS
    for model_format in sample_models.FORMATS
    if not (model == "rigged" and model_format in ("OBJ", "STL"))
]


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The file of a sample in a format and its points in the world, made once."""
    made: dict[tuple[str, str], tuple[Path, np.ndarray]] = {}

    def make(model: str, model_format: str) -> tuple[Path, np.ndarray]:
        if (model, model_format) not in made:
            bpy.ops.wm.read_factory_settings(use_empty=True)
            sample_models.MODELS[model]()
            points = sample_models.world_points()
            folder = tmp_path_factory.mktemp(f"{model}-{model_format}")
            made[model, model_format] = (sample_models.export(model_format, folder), points)
        return made[model, model_format]

    return make


def prepare(source: Path, model_format: str, output: Path, **wanted: Any) -> dict[str, Any]:
    return main.prepare(
        main.PrepareJob.from_json(
            {"source": source, "format": model_format, "output": output, "name": "bird", **wanted}
        )
    )


@pytest.mark.parametrize(("model", "model_format"), CASES)
def test_shape_size_and_transforms(exported: Any, tmp_path: Path, model: str, model_format: str) -> None:
    source, before = exported(model, model_format)
    output = tmp_path / "out.blend"
    facts = prepare(source, model_format, output, size_mm=120, axis="LONGEST")

    after = sample_models.world_points()  # the preparer leaves its result open
    assert sample_models.same_shape(before, after)
    size = (after.max(axis=0) - after.min(axis=0)) * 1000
    assert max(size) == pytest.approx(120, rel=1e-3)
    assert facts["measured_mm"] == pytest.approx(120, rel=1e-3)
    assert facts["dimensions_mm"] == pytest.approx(list(size), rel=1e-3)
    assert after.min(axis=0)[2] == pytest.approx(0, abs=1e-6)
    assert (after.max(axis=0) + after.min(axis=0))[:2] == pytest.approx([0, 0], abs=1e-6)
    for item in bpy.data.objects:
        assert tuple(item.scale) == (1, 1, 1)
        assert tuple(item.rotation_euler) == (0, 0, 0)
        assert tuple(item.location) == (0, 0, 0)
        assert facts["root"] in {item.name, *(above.name for above in ancestors(item))}
        if item.type == "MESH":
            assert sample_models.signed_volume(item) > 0
    assert output.stat().st_size > 0


def ancestors(item: bpy.types.Object) -> Iterator[bpy.types.Object]:
    while item.parent:
        item = item.parent
        yield item


@pytest.mark.parametrize("axis", ["X", "Y", "Z"])
@pytest.mark.parametrize("model_format", sample_models.FORMATS)
def test_every_axis(exported: Any, tmp_path: Path, model_format: str, axis: str) -> None:
    source, _ = exported("family", model_format)
    facts = prepare(source, model_format, tmp_path / "out.blend", size_mm=35.5, axis=axis)
    points = sample_models.world_points()
    index = "XYZ".index(axis)
    assert (points.max(axis=0) - points.min(axis=0))[index] * 1000 == pytest.approx(35.5, rel=1e-3)
    assert facts["measured_mm"] == pytest.approx(35.5, rel=1e-3)


@pytest.mark.parametrize("model_format", sample_models.FORMATS)
def test_no_size_keeps_the_one_it_came_with(exported: Any, tmp_path: Path, model_format: str) -> None:
    source, before = exported("family", model_format)
    facts = prepare(source, model_format, tmp_path / "out.blend", size_mm=None)
    expected = (before.max(axis=0) - before.min(axis=0)) * 1000
    assert facts["dimensions_mm"] == pytest.approx(list(expected), rel=1e-3)
    assert facts["scale"] == 1


@pytest.mark.parametrize(("origin", "expected"), [("CENTER", "middle"), ("AUTHORED", "own")])
def test_origins(exported: Any, tmp_path: Path, origin: str, expected: str) -> None:
    source, before = exported("single", "GLB")
    facts = prepare(source, "GLB", tmp_path / "out.blend", size_mm=1000, axis="Z", origin=origin)
    after = sample_models.world_points()
    middle = (after.max(axis=0) + after.min(axis=0)) / 2
    own = (before.max(axis=0) + before.min(axis=0)) / 2 * facts["scale"]
    assert middle == pytest.approx(np.zeros(3) if expected == "middle" else own, abs=1e-5)


def test_a_model_far_from_its_origin_keeps_its_shape(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    sample_models.single()
    before = sample_models.world_points()
    empty_file.objects[0].location.x += 1e6
    source = sample_models.export("BLEND", tmp_path)
    prepare(source, "BLEND", tmp_path / "out.blend", size_mm=50, axis="X")
    after = sample_models.world_points()
    assert sample_models.same_shape(before, after)
    assert np.ptp(after[:, 0]) * 1000 == pytest.approx(50, rel=1e-3)


@pytest.mark.parametrize("unit_scale", [0.001, 0.01, 1000])
def test_the_unit_scale_of_a_blend_file_does_not_matter(
    empty_file: bpy.types.Scene, tmp_path: Path, unit_scale: float
) -> None:
    sample_models.family()
    empty_file.unit_settings.scale_length = unit_scale
    source = sample_models.export("BLEND", tmp_path)
    facts = prepare(source, "BLEND", tmp_path / "out.blend", size_mm=120, axis="Z")
    assert facts["measured_mm"] == pytest.approx(120, rel=1e-3)
    assert np.ptp(sample_models.world_points()[:, 2]) * 1000 == pytest.approx(120, rel=1e-3)
