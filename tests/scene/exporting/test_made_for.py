"""`--for` on the command line, to the end: a model for each engine and the printer, read back as that world does."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from neural4d_blender.cli.blender_session import BlenderSession
from neural4d_blender.cli.main import main
from neural4d_blender.scene.printing import stl_and_3mf
from scripts.simulator.launcher import Simulator
from scripts.toolbox import gltf_validator
from tests.scene.api.test_api import sim, simulator
from tests.scene.printing.test_printing import as_trimesh

__all__ = ["sim", "simulator"]
pytestmark = pytest.mark.one_blender


def test_files_for_all_four_are_read_by_their_world(
    sim: Simulator, empty_file: bpy.types.Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for use, ending in (("unreal", "fbx"), ("unity", "fbx"), ("godot", "glb"), ("print", "3mf")):
        extras = ["--repair", "printable"] if use == "print" else ["--lods", "0.5", "--collision", "box"]
        asked = ["generate", "a cute bird", "--size-mm", "60", *extras, "--for", use]
        code = main([*asked, "-o", str(tmp_path / use / f"bird.{ending}")], "neural4d", BlenderSession)
        assert code == 0, capsys.readouterr()
        made = {file.name: file for file in (tmp_path / use).iterdir() if file.suffix != ".json"}
        if use == "print":
            (body,) = stl_and_3mf.read(made["bird.3mf"])
            assert as_trimesh(body).is_watertight
            assert body.size.max() == pytest.approx(60, rel=1e-3)
            continue
        for report in gltf_validator.validate(file for file in made.values() if file.suffix == ".glb"):
            assert [told for told in report["issues"]["messages"] if told["severity"] == 0] == []
        read = read_back(made[f"bird.{ending}"])
        beside = {"unreal": set(), "unity": {"bird_collision.fbx"}, "godot": {"bird_LOD1.glb"}}[use]
        assert made.keys() == {f"bird.{ending}", *beside}
        wanted = {"unreal": ("UBX_", "_LOD1"), "unity": ("_LOD0", "_LOD1"), "godot": ("-convcolonly",)}[use]
        assert all(any(part in name for name in read) for part in wanted), read
        assert max(size for size in read.values()) == pytest.approx(60, rel=1e-2)


def read_back(path: Path) -> dict[str, float]:
    """The longest side of each mesh in a file, in millimetres, as Blender's importer has it."""
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    read = bpy.ops.import_scene.gltf if path.suffix == ".glb" else bpy.ops.import_scene.fbx
    read(filepath=str(path))
    bpy.context.view_layer.update()
    meshes = [item for item in bpy.data.objects if item.type == "MESH"]
    points = {item.name: np.array([item.matrix_world @ v.co for v in item.data.vertices]) for item in meshes}
    return {name: float(np.ptp(own, axis=0).max()) * 1000 for name, own in points.items()}
