"""Printing from the command line: a verdict first, then files and plates."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest

import neural4d_blender as neural4d
from neural4d_blender.cli.blender_session import BlenderSession
from neural4d_blender.cli.main import main
from neural4d_blender.scene.printing import stl_and_3mf
from tests.scene.printing.test_printing import as_trimesh, block, core_3mf, painted
from tests.support import sample_models

pytestmark = pytest.mark.one_blender


def test_the_command_lays_out_files(
    empty_file: bpy.types.Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = []
    for number, ending in enumerate(("3mf", "stl")):
        names.append(str(neural4d.save_print(block(0.02 + 0.01 * number), tmp_path / f"{number}.{ending}").files[0]))
    output = tmp_path / "plate.3mf"
    code = main(["plate", *names, "-o", str(output), "--plate", "60x40", "--gap", "2"], "neural4d", BlenderSession)
    shown = capsys.readouterr()
    assert code == 0, shown
    assert "Cube: ready to print" in shown.err
    core_3mf(output)
    assert sorted(body.size[0] for body in stl_and_3mf.read(output)) == pytest.approx([20, 30])
    assert main(["plate", names[0], "-o", str(tmp_path / "plate.obj")], "neural4d", BlenderSession) == 2


def test_a_file_for_print_is_judged_before_it_is_written(
    empty_file: bpy.types.Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NEURAL4D_DATA_DIR", str(tmp_path / "data"))
    painted(block(0.02, location=(1, 2, 3)))
    block(0.01, location=(1, 2.01, 3))
    source = sample_models.export("GLB", tmp_path)
    repair = ["--repair", "printable", "--repair", "doubles"]
    code = main(
        ["bring-in", str(source), "--size-mm", "60", *repair, "--for", "print", "-o", str(tmp_path / "out")],
        "neural4d",
        BlenderSession,
    )
    shown = capsys.readouterr()
    assert code == 0, shown
    assert "model: ready to print (" in shown.err
    (written,) = (tmp_path / "out").glob("*.3mf")
    assert written.suffix == ".3mf"
    core_3mf(written)
    (body,) = stl_and_3mf.read(written)
    assert as_trimesh(body).is_watertight
    assert body.size.max() == pytest.approx(60, rel=1e-3)
    assert body.colours is not None
    asked = ["bring-in", str(source), "--for", "print", "-o", str(tmp_path / "a.glb")]
    nothing = main(asked, "neural4d", BlenderSession)
    assert nothing == 2
