"""CSM on the bpy module: a chosen spin in its exact size, and an OBJ with its textures, as a Blender made it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import bpy
import pytest

import neural4d_blender as neural4d
from neural4d_blender.scene.placing.placement import measure_mm
from scripts.simulator.launcher import Simulator
from tests.scene.api.test_api import sim, simulator
from tests.scene.api.test_api_images import picture

pytestmark = pytest.mark.one_blender

__all__ = ["picture", "sim", "simulator"]

STAGES = ["csm.session", "csm.preview", "csm.refine"]


def test_a_spin_is_chosen_and_the_size_is_exact(sim: Simulator, picture: bpy.types.Image) -> None:
    sim.configure(shape="nested")
    scene = bpy.context.scene
    job = neural4d.generate(image=picture, provider="csm", size_mm=75, axis="Z", choose_cutout=True).wait(60)
    assert (job.state, len(job.cutouts)) == ("choosing_cutout", 4)
    assert all(Path(path).is_file() for path in job.cutouts)
    assert [row["operation"] for row in sim.ledger("csm")] == STAGES[:1]
    job.choose(2)
    job.wait(90)
    (root,) = job.objects
    assert measure_mm([root], scene)[2] == pytest.approx(75, rel=0.001)
    assert (root.scale[:], root.rotation_euler[:]) == ((1, 1, 1), (0, 0, 0))
    assert (sim.jobs()[0]["spin"], job.cost) == (2, None)
    assert [row["operation"] for row in sim.ledger("csm")] == STAGES


def test_an_obj_has_its_textures_and_a_zip_stays_one(sim: Simulator, picture: bpy.types.Image, tmp_path: Path) -> None:
    job = neural4d.generate(image=picture, provider="csm", size_mm=60, format="OBJ").wait(120)
    (root,) = job.objects
    assert max(measure_mm([root], bpy.context.scene)) == pytest.approx(60, rel=0.001)
    (material,) = {slot.material for thing in (root, *root.children_recursive) for slot in thing.material_slots}
    assert any(node.type == "TEX_IMAGE" and node.image for node in material.node_tree.nodes)
    kept = job.save("ZIP", tmp_path / "kept")
    with zipfile.ZipFile(kept) as packed:
        assert {".obj", ".mtl"} <= {Path(name).suffix for name in packed.namelist()}
    with pytest.raises(neural4d.JobFailed, match="size of the job alone"):
        job.save("USDZ", tmp_path / "kept", size_mm=20)
    assert [row["operation"] for row in sim.ledger("csm")] == STAGES
