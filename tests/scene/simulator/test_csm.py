"""CSM's results in every documented format, made by a real Blender: size, origin, textures."""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest
import requests

from scripts.simulator.launcher import Simulator
from tests.support.other_services import Others, data_uri

pytestmark = pytest.mark.both_ends

#: Width, height, depth in metres, and so in Blender's X, Z and Y.
BOX = (0.3, 0.12, 0.05)


@pytest.fixture(scope="module")
def done() -> Iterator[dict[str, Any]]:
    """A finished session."""
    with Simulator(generation="2024", job_seconds=0.0, matting_seconds=0.0, blender=sys.executable) as running:
        csm = Others(running)
        code = csm.session(image_url=data_uri())
        yield csm.refined(code, scaled_bbox=list(BOX), pivot_point=[0, -0.5, 0])


def opened(path: Path) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    imports = {
        ".glb": bpy.ops.import_scene.gltf,
        ".fbx": bpy.ops.import_scene.fbx,
        ".obj": bpy.ops.wm.obj_import,
        ".usdz": bpy.ops.wm.usd_import,
    }
    imports[path.suffix](filepath=str(path))
    bpy.context.view_layer.update()


@pytest.mark.parametrize("field", ["mesh_url_glb", "mesh_url_obj", "mesh_url_fbx", "mesh_url_usdz", "mesh_url_zip"])
def test_every_format(done: dict[str, Any], field: str, tmp_path: Path) -> None:
    kind = field.rpartition("_")[2]
    answer = requests.get(done[field], timeout=200)
    assert answer.status_code == 200, answer.text
    path = tmp_path / f"mesh.{kind}"
    path.write_bytes(answer.content)
    if kind == "zip":
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            archive.extractall(tmp_path)
        path = next(tmp_path.glob("*.obj"))
    opened(path)
    corners = [
        thing.matrix_world @ vertex.co
        for thing in bpy.context.scene.objects
        if thing.type == "MESH"
        for vertex in thing.data.vertices
    ]
    low, high = ([pick(corner[axis] for corner in corners) for axis in range(3)] for pick in (min, max))
    width, height, depth = BOX
    assert [b - a for a, b in zip(low, high, strict=True)] == pytest.approx([width, depth, height], rel=1e-3)
    assert low == pytest.approx([-width / 2, -depth / 2, 0], abs=1e-4)
    pictures = [image for image in bpy.data.images if image.size[0] > 1]
    # A single OBJ has no place for a texture: that is what the zip is for.
    assert bool(pictures) == (kind != "obj")


def test_a_preview_has_the_documents_formats(done: dict[str, Any]) -> None:
    found = {name for name, value in done.items() if name.startswith("preview_mesh_url") and value}
    assert found == {f"preview_mesh_url_{kind}" for kind in ("glb", "fbx", "usdz", "zip")}
