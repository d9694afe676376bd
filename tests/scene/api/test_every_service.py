"""The main job of each service on the bpy module: from the request to a model of the right size in the scene."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest

import neural4d_blender as neural4d
from neural4d_blender.scene.placing.placement import measure_mm
from neural4d_blender.scene.shared_engine import bridge
from scripts.simulator.launcher import Simulator
from tests.support.connected import connect
from tests.support.every_service import CASES, OLDER, ONE_EACH, TODAY, Case

pytestmark = pytest.mark.both_ends

#: The older generation that has a model in another format than the one that is ordered.
OLD_ONE = next(case for case in CASES if case.provider == "modelslab" and case.generation == OLDER)
SIZES = [("Z", "BOTTOM"), ("X", "CENTER")]
#: Every way to today's services in one of these, the older one in both.
PLACES = [
    *((case, *SIZES[number % 2]) for number, case in enumerate(one for one in CASES if one.generation == TODAY)),
    *((OLD_ONE, *size) for size in SIZES),
]
each = pytest.mark.parametrize("case", [*ONE_EACH, OLD_ONE], ids=str)
#: What a service makes in the formats that it offers without being asked to convert.
FORMATS = [(case, format) for case in ONE_EACH if case.provider == "csm" for format in case.declared.formats]


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(job_seconds=0.2, picture_seconds=0.1, texture_size=64) as process:
        yield process


@pytest.fixture
def sim(
    simulator: Simulator, case: Case, empty_file: bpy.types.Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Simulator:
    sim = connect(simulator, tmp_path / "data", monkeypatch)
    sim.configure(**{**case.configured, "modelslab_format": "obj"})
    return sim


def start(case: Case, folder: Path, **arguments: object) -> neural4d.Job:
    given = case.input(folder)
    image = {"image": given["images"][0]} if "images" in given else {}
    return neural4d.generate(given["prompt"], provider=case.provider, name="chair", **image, **arguments)


@pytest.mark.parametrize(("case", "axis", "origin"), PLACES, ids=str)
def test_it_stands_there_in_its_size(sim: Simulator, tmp_path: Path, case: Case, axis: str, origin: str) -> None:
    scene = bpy.context.scene
    scene.unit_settings.scale_length = 0.001
    job = start(case, tmp_path, size_mm=900, axis=axis, origin=origin, location=(1, 2, 3)).wait(100)
    (root,) = job.objects
    assert root.location[:] == (1, 2, 3)
    assert (root.scale[:], root.rotation_euler[:]) == ((1, 1, 1), (0, 0, 0))
    assert measure_mm([root], scene)["XYZ".index(axis)] == pytest.approx(900, rel=0.001)
    assert case.operations(sim.ledger(case.provider)) == list(case.paid)
    assert root["neural4d_service"] == case.provider


@pytest.mark.parametrize(("case", "format"), FORMATS, ids=str)
def test_other_formats(sim: Simulator, tmp_path: Path, case: Case, format: str) -> None:
    job = start(case, tmp_path, size_mm=40, axis="LONGEST", format=format).wait(100)
    assert max(measure_mm(job.objects, bpy.context.scene)) == pytest.approx(40, rel=0.001)
    assert case.operations(sim.ledger(case.provider)) == list(case.paid)
    assert Path(job.variants[0].model).suffix == f".{format.lower()}"


@pytest.mark.one_blender
@each
def test_an_engine_that_is_killed_goes_on(sim: Simulator, tmp_path: Path, case: Case) -> None:
    sim.configure(job_seconds=1.0)
    job = start(case, tmp_path, size_mm=50)
    job._until(lambda: job.state == "generating", 30)
    assert bridge._process is not None
    bridge._process.kill()
    job.wait(100)
    assert job.state == "placed"
    assert case.operations(sim.ledger(case.provider)) == list(case.paid)


@pytest.mark.one_blender
@each
def test_no_key_is_in_a_saved_file(sim: Simulator, tmp_path: Path, case: Case) -> None:
    start(case, tmp_path, size_mm=50).wait(100)
    saved = tmp_path / "saved.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(saved), compress=False)
    assert not any(key.encode() in saved.read_bytes() for key in sim.keys.values())
