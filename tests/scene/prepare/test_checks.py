"""The checks find what was planted and nothing else, mark it, agree with trimesh, and never fail a job."""

from __future__ import annotations

import importlib
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from neural4d_blender.engine.model.quality.report import ATTRIBUTES, Report, attribute_of
from neural4d_blender.engine.model.quality.verdicts import WEIGHTS
from neural4d_blender.prepare import main
from neural4d_blender.prepare.checks import run
from neural4d_blender.prepare.checks.check import Measured
from neural4d_blender.scene.exporting import export
from neural4d_blender.scene.placing import placement
from scripts.planted_defects import agreement
from scripts.planted_defects.cases import KINDS, Case, cases
from scripts.planted_defects.trial import placed, tried

CASES = list(cases())


def case(name: str) -> Case:
    return next(one for one in CASES if one.name == name)


def a_part_of_them() -> list[Case]:
    """Of each kind of defect and each way to store a sound body the first, or the last."""
    kinds: dict[str, list[Case]] = {}
    for one in CASES:
        if one.way != "dense":
            kinds.setdefault(f"{one.kind}, {one.way}", []).append(one)
    return [some[-(number % 2)] for number, some in enumerate(kinds.values())]


@pytest.mark.one_blender
def test_what_is_planted_is_found_and_nothing_else(tmp_path: Path) -> None:
    """`scripts/report_bench.py` tries all of them."""
    outcomes = [tried(one, tmp_path) for one in a_part_of_them()]
    assert {one.case.kind for one in outcomes} >= KINDS.keys()
    assert [(one.case.name, sorted(one.missed)) for one in outcomes if one.missed] == []
    assert [(one.case.name, sorted(one.false)) for one in outcomes if one.false] == []


def test_there_are_many_models_and_each_check_has_its_own() -> None:
    assert len(CASES) >= 200
    assert len({one.name for one in CASES}) == len(CASES)
    planted = Counter(name for one in CASES for name in one.expected)
    assert {check.name for check in run.checks() if check.threshold is not None} == planted.keys()


def test_verdicts_weigh_checks_that_there_are() -> None:
    names = [check.name for check in run.checks()]
    assert len(set(names)) == len(names)
    assert {name for weights in WEIGHTS.values() for name in weights} <= set(names)


def test_what_is_found_is_marked_and_stays_marked_where_it_is_placed(tmp_path: Path) -> None:
    outcome = tried(case("hole of 0.12 at the left of a figure"), tmp_path)
    found = outcome.report.finding("open_edges")
    assert found is not None
    assert (found.marked, found.where) == (found.value, "left")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    (root,) = placement.bring(tmp_path / "out.blend", bpy.context.scene)
    attribute: Any = root.data.attributes[attribute_of("open_edges")]
    assert (attribute.domain, attribute.data_type) == ("EDGE", "BOOLEAN")
    marks = np.empty(len(root.data.edges), dtype=bool)
    attribute.data.foreach_get("value", marks)
    assert marks.sum() == found.marked
    named = {one.name for one in root.data.attributes if one.name.startswith(ATTRIBUTES)}
    assert named == {attribute_of(one.name) for one in outcome.report.findings if one.marked}


def test_marks_of_an_earlier_report_are_gone(tmp_path: Path) -> None:
    values = {"source": tmp_path / "out.blend", "format": "BLEND", "output": tmp_path / "again.blend", "name": "again"}
    bpy.ops.wm.read_factory_settings(use_empty=True)
    mesh = placed(case("box, 120 mm"))[0].data
    mesh.attributes.new(attribute_of("open_edges"), "BOOLEAN", "EDGE")
    bpy.data.libraries.write(str(values["source"]), set(bpy.data.objects))
    assert main.run(values)["ok"]
    assert not [one for mesh in bpy.data.meshes for one in mesh.attributes if one.name == attribute_of("open_edges")]


@pytest.mark.parametrize("ending", [ending for ending in export.WRITERS if ending != ".blend"])
def test_marks_are_in_no_exported_file(ending: str, tmp_path: Path) -> None:
    tried(case("hole of 0.12 at the left of a figure"), tmp_path)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    roots = placement.bring(tmp_path / "out.blend", bpy.context.scene)
    bpy.context.scene.collection.objects.link(roots[0])
    before = {one.name for one in roots[0].data.attributes}
    path = tmp_path / f"out{ending}"
    export.write(roots, path)
    assert {one.name for one in roots[0].data.attributes} == before
    assert ATTRIBUTES.encode() not in path.read_bytes().lower()
    if ending == ".usdz":
        bpy.ops.wm.read_factory_settings(use_empty=True)
        bpy.ops.wm.usd_import(filepath=str(path))
        assert not [one.name for mesh in bpy.data.meshes for one in mesh.attributes if "neural4d" in one.name]


@pytest.mark.parametrize("error", [ValueError("no"), MemoryError(), RuntimeError("no")])
def test_a_check_that_fails_fails_no_job(error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_given: object) -> None:
        raise error

    whole = tried(case("box, 120 mm"), tmp_path).report
    holes = importlib.import_module(f"{run.__package__}.surface.holes")
    monkeypatch.setattr(holes, "components", fail)
    report = tried(case("box, 120 mm"), tmp_path).report
    assert [one.name for one in report.findings if one.value is None] == ["holes"]
    assert all(one.ok for one in report.findings)
    assert report.verdicts == whole.verdicts
    monkeypatch.setattr(run, "Shape", fail)
    report = tried(case("box, 120 mm"), tmp_path).report
    assert all(one.value is None for one in report.findings)


def test_figures_are_in_millimetres() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.mesh.primitive_cube_add(size=0.1)
    bpy.context.object.scale = (1, 2, 1)
    report = run.report([bpy.context.object])
    assert report.finding("volume").value == pytest.approx(2e6, rel=1e-5)  # type: ignore[union-attr]
    assert report.finding("surface_area").value == pytest.approx(1e5, rel=1e-5)  # type: ignore[union-attr]
    assert report.finding("thin_walls").value == pytest.approx(100, rel=1e-3)  # type: ignore[union-attr]
    assert report.watertight


def test_linked_meshes_count_in_each_place_and_from_many_faces_on_once(monkeypatch: pytest.MonkeyPatch) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    items = placed(case("box, linked"))
    assert [run.report(items).finding(name).value for name in ("parts", "faces")] == [3, 36]  # type: ignore[union-attr]
    monkeypatch.setattr(importlib.import_module(f"{run.__package__}.shape.arrays"), "_SHARED_FACES", 20)
    report = run.report(items)
    assert [report.finding(name).value for name in ("parts", "faces")] == [1, 36]  # type: ignore[union-attr]
    assert report.finding("parts").sampled  # type: ignore[union-attr]


def test_of_a_large_model_a_sample_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    items = placed(case("crossing of 0.1 at the top of a figure"))
    all_of_it = run.report(items).finding("self_intersections")
    crossings = importlib.import_module(f"{run.__package__}.shape.crossings")
    monkeypatch.setattr(crossings, "_ALL", 100)
    monkeypatch.setattr(crossings, "_SAMPLE", 600)
    monkeypatch.setattr(importlib.import_module(f"{run.__package__}.shape.tree"), "_TRIANGLES_AS_LISTS", 100)
    sample = run.report(items).finding("self_intersections")
    assert all_of_it is not None
    assert sample is not None
    assert (all_of_it.sampled, sample.sampled) == (False, True)
    assert 0 < sample.value <= all_of_it.value
    assert not bpy.data.meshes.get("Neural4D checks")


@pytest.mark.one_blender
def test_watertight_is_what_trimesh_calls_so(tmp_path: Path) -> None:
    figures = agreement.compared(a_part_of_them(), tmp_path / "not there", tmp_path)
    assert figures["compared"] > 20
    assert figures["unexplained"] == 0


@pytest.mark.parametrize("size", [1e-6, 0.1, 1e13])
def test_a_report_of_any_size_is_read_again(size: float) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.mesh.primitive_uv_sphere_add(radius=size)
    report = run.report([bpy.context.object])
    assert Report.from_json(json.loads(json.dumps(report.to_json(), allow_nan=False))) == report
    assert report.watertight


def test_what_is_there_once_is_told_as_one() -> None:
    for check in run.checks():
        one = check.finding(Measured(1.0))
        assert not re.search(r"\b1 (faces|edges|holes|parts)\b", f"{one.told()} {one.short()}"), one
