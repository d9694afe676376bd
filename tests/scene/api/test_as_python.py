"""What a script writer is given: the panel as a call, templates to begin with, completion and help in the console."""

from __future__ import annotations

import csv
import importlib
import pydoc
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest

import neural4d_blender as neural4d
from neural4d_blender import ui
from neural4d_blender.scene import user_settings
from neural4d_blender.scene.shared_engine import bridge
from neural4d_blender.ui import text_templates
from neural4d_blender.ui.operators.jobs import copy_as_python
from neural4d_blender.ui.settings.properties import arguments, service
from scripts.simulator.launcher import Simulator
from tests.scene.api.test_api import sim, simulator

__all__ = ["sim", "simulator"]
pytestmark = pytest.mark.both_ends


@pytest.fixture
def chosen(empty_file: bpy.types.Scene) -> Iterator[Any]:
    ui.register()
    yield bpy.context.scene.neural4d
    ui.unregister()


def called(code: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run the code; the arguments it hands to generate()."""
    given: list[dict[str, Any]] = []

    def generate(prompt: str = "", **others: Any) -> None:
        given.append({"prompt": prompt, **others})

    monkeypatch.setattr(neural4d, "generate", generate, raising=False)
    exec(compile(code, "copied", "exec"), {})
    (only,) = given
    return only


def test_only_what_differs_from_the_defaults(chosen: Any) -> None:
    chosen.prompt, chosen.use_size = 'a "cute"\nbird', False
    chosen.pbr = True
    told = copy_as_python.script(bpy.context)
    assert told == f"import neural4d_blender as neural4d\n\njob = neural4d.generate({chosen.prompt.strip()!r})\n"


def test_the_call_gives_what_the_button_gives(chosen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen.prompt, chosen.size_mm, chosen.axis, chosen.variants = "a bird", 0.1, "Z", 3
    chosen.place_all = chosen.use_cap = chosen.quads = chosen.animation = True
    chosen.origin, chosen.retopology, chosen.lods, chosen.collision = "CENTER", "QUADS", "0.5, none, 0.1;200", "BOX"
    assert chosen.lods == "0.5, 0.1, 200"
    wanted = arguments(chosen)
    told = called(copy_as_python.script(bpy.context), monkeypatch)
    assert told["size_mm"] == 0.1
    assert {**wanted, **told, "size_mm": None} == {**wanted, "size_mm": None}
    assert {"axis", "variants", "place_all", "max_points", "quads", "animation", "origin"} < set(told)


def test_images_and_options(chosen: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    chosen.input, chosen.image_path = "IMAGE", str(tmp_path / "it's a mug.png")
    option = next(one for one in service(chosen).options if one.kind == "text")
    setattr(chosen.options_neural4d, option.key, "Pixel-Style")
    told = called(copy_as_python.script(bpy.context), monkeypatch)
    assert (told["image"], told["options"]) == (str(tmp_path / "it's a mug.png"), {option.key: "Pixel-Style"})
    chosen.image_source = "IMAGE"
    chosen.image = bpy.data.images.new('a "mug"', 8, 8)
    assert called(copy_as_python.script(bpy.context), monkeypatch)["image"] == chosen.image
    chosen.image_source = "VIEWPORT"
    assert "# The panel takes a picture of the viewport" in copy_as_python.script(bpy.context)


@pytest.mark.parametrize(
    ("package", "line"),
    [
        ("bl_ext.user_default.neural4d", "from bl_ext.user_default import neural4d"),
        ("neural4d_blender", "import neural4d_blender as neural4d"),
    ],
)
def test_the_import_fits_the_installation(package: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_settings, "PACKAGE", package)
    assert copy_as_python.import_line() == line
    for name in text_templates.names():
        assert line in text_templates.text_of(name).splitlines()


def test_the_menu_opens_a_template_as_a_text(chosen: Any) -> None:
    assert bpy.ops.neural4d.open_template(template="first_model") == {"FINISHED"}
    (made,) = bpy.data.texts
    assert made.as_string().strip() == text_templates.text_of("first_model").strip()
    assert bpy.ops.neural4d.open_template(template="../api") == {"CANCELLED"}


@pytest.mark.one_blender
def test_the_templates_run(sim: Simulator) -> None:
    exec(text_templates.text_of("first_model"), {})
    (job,) = neural4d.jobs()
    job.wait(60)
    exec(text_templates.text_of("report"), {})
    said = bpy.data.texts["Neural4D report"].as_string()
    assert "60 points  a cute bird" in said
    exec(text_templates.text_of("batch_from_a_list"), {})
    folder = Path(bpy.app.tempdir)
    for start in ("START = False", "START = True"):
        code = text_templates.text_of("batch_from_csv").replace("START = False", start)
        exec(code, {})
    for record in neural4d.batches():
        neural4d.resume(record.id).wait(60)
    with (folder / "report.csv").open() as file:
        assert [line["state"] for line in csv.DictReader(file)] == ["placed"] * 3
    assert sim.spent == 60 + 2 * 180


def test_the_console_completes_and_helps() -> None:
    home = "_bl_console_utils" if bpy.app.version >= (5, 0) else "bl_console_utils"
    console = importlib.import_module(f"{home}.autocomplete.intellisense")
    _, _, offered = console.expand("neural4d.", 9, {"neural4d": neural4d})
    for name in neural4d.__all__:
        assert name in offered
        assert getattr(neural4d, name).__doc__, f"{name} says nothing of itself"
    told = pydoc.plain(pydoc.render_doc(neural4d))
    for piece in (
        "size_mm: millimetres along the axis",
        "class Job",
        "text: words that have to be in the prompt",
        "neural4d.generate(",
    ):
        assert piece in told, textwrap.shorten(told, 500)
    assert not bridge.running
