"""The documentation's Python examples work as written, and its table speaks of errors that there are."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import bpy
import pytest
from PIL import Image

from neural4d_blender.engine import errors, process_errors, spending_errors
from scripts.simulator.launcher import Simulator
from scripts.toolbox.console import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)


def example(marker: str) -> str:
    """The Python block that holds this text."""
    blocks = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    return next(block for block in blocks if marker in block)


def run(program: str, folder: Path, service: Simulator) -> str:
    """What the program prints, run in that folder as its own process."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=os.environ | service.environment | {"PYTHONPATH": str(ROOT), "NEURAL4D_DATA_DIR": str(folder / "data")},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_example_for_the_bpy_module_works_as_written(tmp_path: Path) -> None:
    with Simulator(job_seconds=1.0, balance=500, texture_size=256) as service:
        printed = run(example("import bpy"), tmp_path, service)
        assert [row["points"] for row in service.ledger()] == [60]
    assert "60 of 500 points" in printed
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "chairs.blend"))
    chairs = [item for item in bpy.context.scene.objects if item.name.startswith("a wooden chair")]
    assert sorted(round(item.location.x, 3) for item in chairs) == [1.0, 2.0]
    assert [item.dimensions.z for item in chairs] == pytest.approx([0.9, 0.9], rel=0.001)


def test_the_example_of_an_image_works_as_written(tmp_path: Path) -> None:
    Image.effect_noise((300, 300), 90).save(tmp_path / "mug.png")
    beginning = example("import bpy").partition("print(")[0]
    with Simulator(job_seconds=1.0, conversion_seconds=0.2, texture_size=256) as service:
        printed = run(beginning + example("for the printer"), tmp_path, service)
        assert [(row["operation"], row["points"]) for row in service.ledger()] == [("image", 30), ("conversion", 10)]
    assert printed.split()[-1] == "40"
    assert sorted(path.name for path in (tmp_path / "for the printer").iterdir()) == [
        "mug 95mm.stl",
        "mug 95mm.stl.json",
    ]


def test_the_example_of_a_picture_first_works_as_written(tmp_path: Path) -> None:
    Image.effect_noise((300, 300), 90).save(tmp_path / "hat.png")
    beginning = example("import bpy").partition("print(")[0]
    with Simulator(job_seconds=1.0, picture_seconds=0.2, texture_size=256) as service:
        printed = run(beginning + example("picture_first=True"), tmp_path, service)
        assert [(row["operation"], row["points"]) for row in service.ledger()] == [("picture", 39), ("image", 30)]
    assert printed.startswith("choosing_cutout ")
    assert printed.split()[-1] == "39"


def test_the_example_of_several_views_works_as_written(tmp_path: Path) -> None:
    for side in ("mug", "mug left", "mug back"):
        Image.effect_noise((300, 300), 90).save(tmp_path / f"{side}.png")
    beginning = example("import bpy").partition("print(")[0]
    with Simulator(job_seconds=0.5, texture_size=256) as service:
        program = beginning + example("views=") + "print(job.wait(60).state)"
        assert run(program, tmp_path, service).split()[-1] == "placed"
        assert {row["service"] for row in service.ledger()} == {"csm"}
        sent = service.requests("csm/v3/create")
        assert len(sent) == 1


@pytest.mark.parametrize("service", ["goneural", "modelslab"])
def test_the_examples_of_other_services_work_as_written(service: str, tmp_path: Path) -> None:
    beginning = example("import bpy").partition("print(")[0]
    with Simulator(job_seconds=0.5, texture_size=256) as simulator:
        program = beginning + example(f'provider="{service}"') + "print(job.wait(60).state)"
        assert run(program, tmp_path, simulator).split()[-1] == "placed"
        assert [row["service"] for row in simulator.ledger()] == [service]


def test_the_example_of_a_model_in_the_scene_works_as_written(tmp_path: Path) -> None:
    with Simulator(job_seconds=1.0, balance=500, texture_size=256) as service:
        run(example("import bpy") + example("job_of"), tmp_path, service)
        assert [row["points"] for row in service.ledger()] == [60, 60]
    (written,) = (tmp_path / "Library").glob("*.blend")
    assert ":Furniture/Chairs:" in (tmp_path / "Library" / "blender_assets.cats.txt").read_text()
    bpy.ops.wm.open_mainfile(filepath=str(written))
    assert bpy.data.objects["a wooden chair"].dimensions.z == pytest.approx(0.45, rel=0.001)


def test_the_example_of_a_batch_works_as_written(tmp_path: Path) -> None:
    (tmp_path / "prompts.csv").write_text("prompt,size_mm\na bird,120\na chair,\n")
    beginning = example("import bpy").partition("print(")[0]
    with Simulator(job_seconds=1.0, balance=500, texture_size=256) as service:
        printed = run(beginning + example('neural4d.batch("prompts.csv'), tmp_path, service)
        assert [row["points"] for row in service.ledger()] == [30, 30]
    assert printed.splitlines() == ["placed 30 a bird", "placed 30 a chair", "2 of 2 done; 60 points report.csv"]
    assert len((tmp_path / "report.csv").read_text().splitlines()) == 3


def test_its_table_has_every_error_that_a_user_can_meet_with_its_remedy() -> None:
    rows = dict(re.findall(r"^\| `([A-Z][a-z]\w+)` \| .+? \| (.+?) \|$", TEXT, re.MULTILINE))
    known = {
        name: kind
        for name, kind in vars(errors).items()
        if isinstance(kind, type)
        and kind.__module__ in {room.__name__ for room in (errors, process_errors, spending_errors)}
    }
    met = {name: kind.default_remedy for name, kind in known.items() if kind.default_remedy}
    del met["TransportError"]  # only ever one of its kinds
    assert rows == met


def test_every_picture_it_shows_is_there() -> None:
    found = [(page, name) for page in PAGES for name in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", page.read_text("utf-8"))]
    assert len(found) > 10
    pictures = [page.parent / name for page, name in found]
    assert [picture for picture in pictures if not 0 < picture.stat().st_size < 200_000] == []
