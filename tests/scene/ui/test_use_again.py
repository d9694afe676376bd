"""Use Again: what a job was asked for stands in the panel again, and amounts to the same request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest

from neural4d_blender import ui
from neural4d_blender.client.jobs.snapshots import Job
from neural4d_blender.engine.protocol import Request, declarations
from neural4d_blender.scene.shared_engine import bridge
from neural4d_blender.ui.settings import restore
from neural4d_blender.ui.settings.properties import arguments, service

#: Settings of the panel that differ from their defaults, whatever the service.
_OWN = {
    "use_size": False, "axis": "Z", "origin": "CENTER", "joined": True, "quads": True, "recalculate_normals": True,
    "animation": True, "use_max_faces": True, "max_faces": 1234, "pack_images": False, "variants": 3,
    "repair": {"holes", "base"}, "retopology": "QUADS", "texture_size": "1024", "lods": "0.5, 200",
    "collision": "PIECES",
    "place_all": True, "pbr": False, "use_cap": True, "max_points": 77, "prompt": "a cup, two ears",
}  # fmt: skip


@pytest.fixture
def chosen(empty_file: bpy.types.Scene) -> Iterator[Any]:
    ui.register()
    yield bpy.context.scene.neural4d
    ui.unregister()


def request_of(given: Any) -> Request:
    """What ``generate`` makes of the panel's arguments."""
    folder = "" if given["pack_images"] else "/textures"
    return Request.from_dict({**given, "texture_folder": folder})


@pytest.mark.parametrize("provider", [one.id for one in declarations()])
@pytest.mark.parametrize("pictures", [False, True])
def test_the_panel_comes_back_as_it_was(chosen: Any, provider: str, pictures: bool) -> None:
    chosen.provider = provider
    for name, value in {**_OWN, "picture_first": pictures, "choose_cutout": pictures}.items():
        setattr(chosen, name, value)
    own, declared = getattr(chosen, f"options_{provider}"), service(chosen)
    own.file_format = declared.formats[-1]
    for option in declared.options:
        other = {"bool": True, "text": "other", "choice": option.choices[-1:], "int": 3, "float": 0.95}[option.kind]
        if not option.replaces_image:
            setattr(own, option.key, other[0] if isinstance(other, tuple) else other)
    before = arguments(chosen)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    fresh: Any = bpy.context.scene.neural4d
    assert arguments(fresh) != before
    assert restore.restore(fresh, provider, request_of(before)) == ""
    after = arguments(fresh)
    assert after | {"size_mm": None} == before | {"placeholder": None}


def test_images_views_and_references_come_back(chosen: Any, tmp_path: Path) -> None:
    (mug := tmp_path / "mug.png").write_bytes(b"picture")
    request = Request(images=[str(mug)], views={"left": str(mug)}, size_mm=95)
    assert restore.restore(chosen, "csm", request) == ""
    assert (chosen.provider, chosen.input, chosen.image_source) == ("csm", "IMAGE", "FILE")
    assert (chosen.image_path, chosen.use_views, chosen.view_left) == (str(mug), True, str(mug))
    assert arguments(chosen)["views"] == {"left": str(mug)}
    several = [str(mug), str(mug)]
    assert "Image 2" in restore.restore(chosen, "neural4d", Request(images=several))
    assert not chosen.use_views
    assert "The image" in restore.restore(chosen, "neural4d", Request(images=[str(tmp_path / "gone.png")]))
    address = "https://images.example/mug.png"
    assert restore.restore(chosen, "modelslab", Request(images=[address])) == ""
    assert (chosen.image_source, chosen.image_url) == ("URL", address)
    assert restore.restore(chosen, "goneural", Request(options={"asset_id": "an-id"})) == ""
    assert (chosen.input, chosen.image_source, chosen.options_goneural.asset_id) == ("IMAGE", "SERVICE", "an-id")
    request = Request(prompt="a gnome", picture_first=True, pictures=2, references=several)
    assert restore.restore(chosen, "neural4d", request) == ""
    assert (chosen.input, chosen.pictures, len(chosen.references)) == ("TEXT", 2, 2)


def test_the_button_of_a_job_and_a_limit_that_stays_on(chosen: Any) -> None:
    chosen.use_cap, chosen.max_points = True, 40
    request = Request(prompt="a cute bird", size_mm=120, options={"faceNum": 9, "of another version": 1})
    bridge.jobs["a"] = Job("a", "neural4d", request)
    assert bpy.ops.neural4d.use_again(job="a") == {"FINISHED"}
    assert (chosen.prompt, chosen.size_mm, chosen.options_neural4d.faceNum) == ("a cute bird", 120, 9)
    assert (chosen.use_cap, chosen.max_points) == (True, 40)
    bridge.jobs["b"] = Job("b", "a service of tomorrow", request)
    with pytest.raises(RuntimeError, match="service"):
        bpy.ops.neural4d.use_again(job="b")


def test_what_was_brought_in_stands_in_its_field_again(chosen: Any) -> None:
    """The service stays as it is for a file, which has none."""
    chosen.provider, chosen.prompt = "csm", "a cup"
    bridge.jobs["f"] = Job("f", "file", Request(bring_in="/models/chair.obj", size_mm=900, axis="Z"))
    assert bpy.ops.neural4d.use_again(job="f") == {"FINISHED"}
    assert bpy.context.window_manager.neural4d_bring_in.what == "/models/chair.obj"
    assert (chosen.size_mm, chosen.axis, chosen.provider, chosen.prompt) == (900, "Z", "csm", "a cup")
    bridge.jobs["i"] = Job("i", "modelslab", Request(bring_in="987654321"))
    assert bpy.ops.neural4d.use_again(job="i") == {"FINISHED"}
    assert bpy.context.window_manager.neural4d_bring_in.what == "987654321"
    assert (chosen.provider, chosen.use_size) == ("modelslab", False)


def test_a_sample_has_no_settings_and_says_so(chosen: Any) -> None:
    bridge.jobs["s"] = Job("s", "sample", Request(prompt="bird"))
    with pytest.raises(RuntimeError, match="Try It"):
        bpy.ops.neural4d.use_again(job="s")
