"""What is asked of a model's arrival in Python is what stands in the scene."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest

import neural4d_blender as neural4d
from neural4d_blender.engine.protocol import InvalidInput
from neural4d_blender.scene.placing.placement import measure_mm
from scripts.simulator.launcher import Simulator
from tests.scene.api.test_api import sim, simulator

__all__ = ["sim", "simulator"]


def test_all_of_it_at_once(sim: Simulator, tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    bpy.ops.wm.save_as_mainfile(filepath=str(project / "mine.blend"))
    sim.configure(shape="nested")
    job = neural4d.generate(
        "a cute bird",
        size_mm=77.7,
        axis="Z",
        joined=True,
        max_faces=900,
        quads=True,
        recalculate_normals=True,
        pack_images=False,
    ).wait(60)
    (root,) = job.objects
    facts = job.variants[0].facts
    assert (root.type, len(root.children)) == ("MESH", 0)
    assert len(root.data.polygons) == facts["faces"] <= 900
    assert max(len(face.vertices) for face in root.data.polygons) == 4
    assert measure_mm([root], bpy.context.scene)[2] == pytest.approx(77.7, rel=1e-3)
    assert facts["images"] == len(bpy.data.images) > 0
    for image in bpy.data.images:
        assert image.packed_file is None
        assert image.filepath.startswith("//textures/")
        assert Path(bpy.path.abspath(image.filepath)).parent == project / "textures"
    assert sim.spent == 60


def test_images_on_disk_need_a_file_to_be_beside(sim: Simulator) -> None:
    with pytest.raises(InvalidInput, match="go beside") as caught:
        neural4d.generate("a cute bird", pack_images=False)
    assert "Save the file first" in caught.value.remedy
    assert sim.requests() == []
