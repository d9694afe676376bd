"""The stand-in's conversions by a real Blender: every format of the document opens again at about the right size."""

from __future__ import annotations

import io
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest
import requests

from scripts.simulator.launcher import Simulator

pytestmark = pytest.mark.both_ends

SIZE_MM = 120
ZIPPED = {"fbx", "obj"}
#: Enough for a Blender that starts on a busy machine; the conversion itself takes a second.
PATIENCE = 200


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(
        generation="2024", job_seconds=0.0, conversion_seconds=0.0, balance=100_000, blender=sys.executable
    ) as running:
        yield running


def post(simulator: Simulator, endpoint: str, **body: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {simulator.token}"}
    answer = requests.post(f"{simulator.api_url}/api/{endpoint}", json=body, headers=headers, timeout=60)
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


def converted(simulator: Simulator, uuid: str, **wanted: Any) -> dict[str, Any]:
    """Ask until the conversion is no longer under way."""
    for _ in range(PATIENCE):
        answer = post(simulator, "convertToFormat", uuid=uuid, **wanted)
        if answer["statusType"] != 1:
            return answer
        assert answer["modelSize"] == wanted.get("modelSize", 2)
        assert answer["message"] in (
            "The specified model format does not exist, converting now...",
            "Cannot find the type, converting.",
        )
        time.sleep(0.3)
    raise AssertionError("the conversion did not end")


def fetched(url: str, folder: Path, kind: str) -> Path:
    """The model file, out of its zip where it came in one."""
    data = requests.get(url, timeout=60).content
    if kind in ZIPPED:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            archive.extractall(folder)
        return next(folder.glob(f"*.{kind}"))
    path = folder / f"model.{kind}"
    path.write_bytes(data)
    return path


def longest_mm(path: Path, kind: str) -> float:
    """Open the file in an empty scene and measure what is in it."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    if kind == "blend":
        with bpy.data.libraries.load(str(path)) as (there, here):
            here.objects = there.objects
        for thing in here.objects:
            bpy.context.scene.collection.objects.link(thing)
    elif kind == "glb":
        bpy.ops.import_scene.gltf(filepath=str(path))
    elif kind == "fbx":
        bpy.ops.import_scene.fbx(filepath=str(path))
    elif kind == "obj":
        bpy.ops.wm.obj_import(filepath=str(path))
    elif kind == "stl":
        bpy.ops.wm.stl_import(filepath=str(path))
    else:
        bpy.ops.wm.usd_import(filepath=str(path))
    bpy.context.view_layer.update()
    corners = [
        thing.matrix_world @ vertex.co
        for thing in bpy.context.scene.objects
        if thing.type == "MESH"
        for vertex in thing.data.vertices
    ]
    assert corners
    return 1000 * max(
        max(corner[axis] for corner in corners) - min(corner[axis] for corner in corners) for axis in range(3)
    )


@pytest.mark.parametrize("kind", ["fbx", "glb", "obj", "stl", "blend", "usdz"])
def test_every_format(simulator: Simulator, kind: str, tmp_path: Path) -> None:
    uuid = post(simulator, "generateModelWithText", prompt="a cute bird", modelCount=1)["uuids"][0]
    answer = converted(simulator, uuid, modelType=kind, modelSize=SIZE_MM)
    assert list(answer) == ["statusType", "modelUrl", "scaleNumber", "message"]
    assert answer["message"] == "Format conversion has been completed and is ready for download."
    assert isinstance(answer["scaleNumber"], int)
    name = answer["modelUrl"].split("?")[0].rpartition("/")[2]
    assert name.startswith(f"{kind}_")
    assert name.endswith(".zip" if kind in ZIPPED else f".{kind}")
    path = fetched(answer["modelUrl"], tmp_path, kind)
    assert longest_mm(path, kind) == pytest.approx(SIZE_MM, rel=0.02)
    if kind != "stl":
        # FBX and OBJ have no place for some of the three textures.
        textures = [image for image in bpy.data.images if tuple(image.size) == (1024, 1024)]
        assert len(textures) == 3 if kind in ("glb", "blend", "usdz") else textures


@pytest.mark.one_blender
def test_defaults_and_nothing_paid_twice(simulator: Simulator) -> None:
    uuid = post(simulator, "generateModelWithText", prompt="a mug", modelCount=1)["uuids"][0]
    before = simulator.spent
    answers = [converted(simulator, uuid) for _ in range(2)]
    assert answers[0]["modelUrl"].split("?")[0].endswith(".glb")
    assert answers[0]["modelUrl"].split("?")[0] == answers[1]["modelUrl"].split("?")[0]
    assert answers[0]["scaleNumber"] == answers[1]["scaleNumber"] >= 1
    assert simulator.spent == before + 10


@pytest.mark.one_blender
def test_a_model_of_many_objects(simulator: Simulator, tmp_path: Path) -> None:
    simulator.configure(shape="nested")
    uuid = post(simulator, "generateModelWithText", prompt="a robot", modelCount=1)["uuids"][0]
    simulator.configure(shape=None)
    answer = converted(simulator, uuid, modelType="fbx", modelSize=500)
    path = fetched(answer["modelUrl"], tmp_path, "fbx")
    assert longest_mm(path, "fbx") == pytest.approx(500, rel=0.02)
    assert len([thing for thing in bpy.context.scene.objects if thing.type == "MESH"]) > 2
