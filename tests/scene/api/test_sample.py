"""A built-in sample in the scene: with no key and no network, by the whole way of a job."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest

import neural4d_blender as neural4d
from neural4d_blender import ui
from neural4d_blender.engine.protocol import Feature, InvalidInput, declaration
from neural4d_blender.scene.placing import provenance
from neural4d_blender.scene.placing.placement import measure_mm
from neural4d_blender.ui.settings import properties

pytestmark = pytest.mark.one_blender


def test_it_comes_into_the_scene_as_every_model_does(
    empty_file: bpy.types.Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEURAL4D_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(bpy.context.preferences.system, "use_online_access", False)
    job = neural4d.generate(sample="chair", size_mm=900, axis="Z", variants=2, placeholder=True)
    job.wait(timeout=60)
    assert (job.state, job.cost) == ("placed", 0)
    (root,) = job.objects
    assert measure_mm([root], bpy.context.scene)[2] == pytest.approx(900, rel=0.001)
    said = provenance.read(root)
    assert (said.service, said.prompt, said.points, said.terms) == ("sample", "chair", 0, "")
    (second,) = job.place(variant=1)
    assert second.location.x > root.location.x


def test_what_is_no_sample_is_refused(empty_file: bpy.types.Scene) -> None:
    with pytest.raises(InvalidInput, match="bird, chair, robot"):
        neural4d.generate(sample="mug")


def test_it_is_not_in_the_menu_of_services() -> None:
    ui.register()
    try:
        menu = properties.NEURAL4D_PG_settings.bl_rna.properties["provider"].enum_items.keys()
    finally:
        ui.unregister()
    assert "sample" not in menu
    assert not declaration("sample").can(Feature.BALANCE)
