"""Image jobs, variants, chibi and files to keep in a real window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from scripts.simulator.launcher import Simulator
from scripts.toolbox import blender
from tests.gui.harness import run_scenario

#: Tall enough for a job's pictures to be in sight without scrolling.
TALL = (1000, 1300)


@pytest.fixture
def picture(tmp_path: Path) -> str:
    path = tmp_path / "mug.png"
    image = Image.new("RGB", (512, 512), "white")
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((150, 120, 350, 400), 30, fill="#c0503a")
    draw.arc((320, 180, 450, 340), -90, 90, fill="#c0503a", width=30)
    image.save(path)
    return str(path)


def test_an_image_a_choice_and_an_stl(picture: str, tmp_path: Path) -> None:
    folder = tmp_path / "print"
    with Simulator(
        generation="2024", job_seconds=2, matting_seconds=0.5, conversion_seconds=0.5, blender=str(blender.find().path)
    ) as sim:
        done = run_scenario(
            "images.cutouts",
            env=sim.environment,
            arguments={"picture": picture, "folder": str(folder)},
            timeout=150,
            size=TALL,
        )
        assert [entry["operation"] for entry in sim.ledger()] == ["image", "conversion"]
        assert done["cost"] == sim.spent
    assert (done["before"] or 0) == 0, "the choice comes before the points are paid"
    assert done["cutout"] == 1
    assert done["saves"] == [["saved", "mug 80mm.stl"]]
    assert (folder / "mug 80mm.stl").stat().st_size > 84
    assert "mug" in done["objects"]


def test_four_variants_with_pictures() -> None:
    with Simulator(generation="2024", job_seconds=2, texture_size=256) as sim:
        done = run_scenario("images.variants", env=sim.environment, timeout=150, size=TALL)
        assert sim.spent == 60
    assert done["shown_files"] == ["small"], "no picture of a service is read by the user's Blender as it came"
    first, second = done["x"]
    assert second - first == pytest.approx(done["width"] * 1.1, rel=0.2)


def test_chibi_and_a_check_that_is_overruled(picture: str) -> None:
    with Simulator(generation="2024", job_seconds=1, human=False, texture_size=256) as sim:
        done = run_scenario("images.chibi", env=sim.environment, arguments={"picture": picture}, timeout=120, size=TALL)
        assert sim.spent == 30
    assert (done["cost"], done["error"]) == (30, None)


def test_the_image_editor_has_the_tab_too() -> None:
    with Simulator(generation="2024", job_seconds=1, matting_seconds=0.2, texture_size=256) as sim:
        done = run_scenario("images.editor", env=sim.environment, timeout=120)
        assert sim.spent == 80
    assert "painted" in done["objects"]
