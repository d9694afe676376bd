"""The operators on boxes: what they start, of what is selected, and what they refuse."""

from __future__ import annotations

import bpy
import pytest

import neural4d_blender as neural4d
from neural4d_blender.scene.placing.fitting.fit_into_box import boxes
from neural4d_blender.ui.operators.fit import boxes as operators
from neural4d_blender.ui.operators.fit import dress
from scripts.simulator.launcher import Simulator
from tests.scene.api.test_api import sim, simulator
from tests.scene.api.test_dress import block_out
from tests.scene.api.test_fit import make_box, registered

pytestmark = [pytest.mark.one_blender, pytest.mark.usefixtures("registered")]

__all__ = ["registered", "sim", "simulator"]


def test_fit_selected_and_refit(sim: Simulator) -> None:
    box = make_box("Oak Chair.001")
    assert bpy.ops.neural4d.fit_selected(prompt="an oak chair", seat="CEILING") == {"FINISHED"}
    (job,) = neural4d.jobs()
    (fit,) = job._data.target["fit"]
    assert (fit["box"], fit["seat"], fit["stretch"], fit["turns"]) == ("Oak Chair.001", "CEILING", "", True)
    assert job.request["prompt"] == "an oak chair"
    with pytest.raises(RuntimeError, match="No box is selected"):  # a model is on its way to it
        bpy.ops.neural4d.fit_selected()
    job.wait(60)
    (root,) = job.objects
    top = max((root.matrix_world @ vertex.co).z for vertex in root.data.vertices)
    assert top == pytest.approx(3, abs=1e-3)
    box.location.z += 2
    bpy.ops.object.select_all(action="DESELECT")
    root.select_set(True)
    assert bpy.ops.neural4d.refit() == {"FINISHED"}
    bpy.context.view_layer.update()
    assert max((root.matrix_world @ vertex.co).z for vertex in root.data.vertices) == pytest.approx(5, abs=1e-3)
    other = make_box("Other")
    assert other.select_get()
    root.select_set(False)
    with pytest.raises(RuntimeError, match="is no box"):
        bpy.ops.neural4d.refit()


def test_dress_what_is_selected(sim: Simulator) -> None:
    room = block_out({"chair": 3, "lamp": 1})
    for box in room.objects:
        box.select_set(True)
    dress.NEURAL4D_OT_dress.poll(bpy.context)
    line = {"name": "", "prompt": "a red chair", "variants": 2, "size": "", "count": 3, "service": "neural4d"}
    lines = [{**line, "boxes": "chair.000\nchair.001\nchair.002"}]
    assert bpy.ops.neural4d.dress(style="toon", lines=lines, use_budget=True, budget=500) == {"FINISHED"}
    (batch,) = neural4d.batches()
    assert (batch.size, batch.budget) == (1, 500)
    (job,) = neural4d.jobs()
    assert job.request["prompt"] == "a red chair, toon"
    assert [fit["box"] for fit in job._data.target["fit"]] == ["chair.000", "chair.001", "chair.002"]
    assert bpy.ops.neural4d.dress(vary=True) == {"FINISHED"}  # what is left
    assert sorted(job.request["prompt"] for job in neural4d.jobs()) == ["a red chair, toon", "lamp"]
    with pytest.raises(RuntimeError, match="nothing in this batch"):
        bpy.ops.neural4d.dress()
    assert not bpy.data.collections.get("Blockout")
    assert all(box.get(boxes.MARK) for box in room.objects)


def test_fit_selected_of_a_picture(sim: Simulator) -> None:
    make_box("Oak Chair.001")
    chosen = bpy.context.scene.neural4d
    chosen.image_source, chosen.image = "IMAGE", bpy.data.images.new("seat", 512, 512)
    assert bpy.ops.neural4d.fit_selected(made_of="IMAGE") == {"FINISHED"}
    (job,) = neural4d.jobs()
    assert (job.title, job.request["prompt"], len(job.request["images"])) == ("Oak Chair", "", 1)
    assert job.request["fit_mm"] == [2000, 1000, 3000]
    chosen.image = None
    make_box("Other")
    with pytest.raises(RuntimeError, match="Choose an image"):
        bpy.ops.neural4d.fit_selected(made_of="IMAGE")


def test_each_line_of_the_table_has_its_service(sim: Simulator) -> None:
    room = block_out({"chair": 3, "lamp": 1})
    line = {"name": "", "variants": 4, "size": ""}
    chairs = "chair.000\nchair.001\nchair.002"
    lines = [
        {**line, "prompt": "a red chair", "count": 3, "service": "modelslab", "boxes": chairs},
        {**line, "prompt": "a lamp", "count": 1, "service": "neural4d", "boxes": "lamp.000"},
    ]
    assert bpy.ops.neural4d.dress(lines=lines, together=True) == {"FINISHED"}
    asked = {job.provider: job.request for job in neural4d.jobs()}
    assert (asked["modelslab"]["prompt"], asked["modelslab"]["variants"]) == ("a red chair", 1)
    assert (asked["neural4d"]["prompt"], asked["neural4d"]["variants"]) == ("a lamp", 4)
    assert all(job._data.target["together"] for job in neural4d.jobs())
    assert len(room.objects) == 4


def test_sizes_in_the_table(sim: Simulator) -> None:
    box = make_box("Box", (0.5, 2, 1))
    scene = bpy.context.scene
    assert operators.size_text(box, scene) == "50 cm x 2 m x 1 m"
    scene.unit_settings.system = "NONE"
    assert operators.size_text(box, scene) == "0.5 x 2 x 1"
    assert operators.size_text(bpy.data.objects.new("Sun", bpy.data.lights.new("Sun", "SUN")), scene) == ""
