"""The preparer as it is really run: a process of its own, from a folder with another name."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import bpy
import pytest

from neural4d_blender.prepare import main, warming_up
from tests.support import sample_models

PACKAGE = Path(__file__).parents[3] / "neural4d_blender"


@pytest.fixture(scope="session")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The preparer's entry in a copy of the extension, called as an installed one may be."""
    copy = tmp_path_factory.mktemp("extensions") / "someone_s_repo" / "neural4d"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy / "prepare" / "__main__.py"


def run(script: Path, folder: Path, *separator: str, **job: Any) -> tuple[int, Path]:
    """Run a job whose files lie in `folder`; returns the exit code and the path of the facts."""
    facts = folder / "facts.json"
    job_file = folder / "job.json"
    job_file.write_text(
        json.dumps({"output": str(folder / "out.blend"), "facts": str(facts), "name": "bird", "size_mm": 120} | job)
    )
    home = folder / "home"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-I", str(script), *separator, str(job_file)],
        env={"HOME": str(home), "PATH": os.environ.get("PATH", ""), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=home,
        capture_output=True,
        timeout=120,
    )
    # Blender itself notes there which add-ons it has seen; the preparer adds nothing.
    assert {path.name for path in home.rglob("*") if path.is_file()} <= {"compat.dat"}
    shutil.rmtree(home)
    return done.returncode, facts


@pytest.mark.parametrize("model_format", sample_models.FORMATS)
def test_each_format(empty_file: bpy.types.Scene, tmp_path: Path, script: Path, model_format: str) -> None:
    sample_models.family()
    folder = tmp_path / "Bücher und 鳥"
    (folder / "download").mkdir(parents=True)
    source = sample_models.export(model_format, folder / "download")
    before = set(tmp_path.rglob("*"))
    code, facts_file = run(script, folder, source=str(source), format=model_format, axis="Z", origin="BOTTOM")
    facts = json.loads(facts_file.read_text())
    assert code == 0
    assert facts["ok"]
    assert facts["measured_mm"] == pytest.approx(120, rel=1e-3)
    assert set(facts["seconds"]) == {"import", "prepare", "checks", "write"}
    assert facts["report"]["findings"]
    new = {path.name for path in set(tmp_path.rglob("*")) - before}
    assert new == {"job.json", "facts.json", "out.blend"}


def test_a_broken_model_ends_with_facts_and_code_0(tmp_path: Path, script: Path) -> None:
    source = tmp_path / "model.glb"
    source.write_bytes(b"glTF\x02\x00\x00\x00\xff\xff\x00\x00")
    code, facts_file = run(script, tmp_path, "--", source=str(source), format="GLB")
    facts = json.loads(facts_file.read_text())
    assert code == 0
    assert facts == {"ok": False, "code": "BrokenModel", "what": facts["what"], "remedy": facts["remedy"]}
    assert "cut short" in facts["what"]
    assert not (tmp_path / "out.blend").exists()


def test_one_that_waits_does_its_job_or_ends_with_its_input(tmp_path: Path, script: Path) -> None:
    waiting = [
        subprocess.Popen([sys.executable, "-I", str(script), "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    (tmp_path / "model.stl").write_bytes(b"solid nothing\nendsolid\n")
    facts = tmp_path / "facts.json"
    values = {"source": str(tmp_path / "model.stl"), "format": "STL", "output": str(tmp_path / "o.blend"), "name": "x"}
    (tmp_path / "job.json").write_text(json.dumps({**values, "facts": str(facts), "limit": 60}))
    said = [process.communicate(line, timeout=120)[0] for process, line in zip(
        waiting, (f"{tmp_path / 'job.json'}\n".encode(), b""), strict=True
    )]  # fmt: skip
    assert [process.returncode for process in waiting] == [0, 0]
    assert all(b"neural4d: ready" in one for one in said)
    assert json.loads(facts.read_text())["code"] == "BrokenModel"


def test_no_job_is_a_crash(tmp_path: Path, script: Path) -> None:
    done = subprocess.run([sys.executable, "-I", str(script)], capture_output=True, timeout=120, cwd=tmp_path)
    assert done.returncode != 0


def test_what_it_warms_up_with_is_a_sound_model() -> None:
    """Else it would load less than a model needs, and nobody would know."""
    facts = warming_up.run(main.run)
    assert (facts["ok"], facts["triangles"], facts["images"], facts["warnings"]) == (True, 1, 1, []), facts


#: Prepares a model as the engine has it done, confined, by what this Python says of itself.
_CONFINED = """
import subprocess, sys
from neural4d_blender.engine.blenders.confinement.confined_folder import confined
from neural4d_blender.scene import user_settings
folder, job = sys.argv[1:]
program = user_settings.preparer()
if sys.platform == "linux":
    program = confined(program, 8 << 30, [], [folder])
sys.exit(subprocess.run([*program, job]).returncode)
"""


@pytest.mark.one_blender
def test_bpy_is_where_the_search_path_says(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    """As in rez, AYON or a user's own folder: an isolated Python would not find it there."""
    sample_models.family()
    source, output = sample_models.export("GLB", tmp_path), tmp_path / "out.blend"
    (job := tmp_path / "job.json").write_text(
        json.dumps({"source": str(source), "format": "GLB", "axis": "Z", "origin": "BOTTOM", "name": "bird"}
                   | {"size_mm": 120, "output": str(output), "facts": str(tmp_path / "facts.json")})
    )  # fmt: skip
    venv.create(tmp_path / "python", symlinks=os.name != "nt")
    python = tmp_path / "python" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    modules = os.pathsep.join([str(Path(bpy.utils.resource_path("LOCAL")).parents[1]), str(PACKAGE.parent)])
    done = subprocess.run(
        [python, "-c", _CONFINED, str(tmp_path), str(job)],
        env={**os.environ, "PYTHONPATH": modules, "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(tmp_path)},
        capture_output=True,
        timeout=120,
    )
    assert (done.returncode, output.is_file()) == (0, True), done.stderr.decode()
