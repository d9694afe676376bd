"""The panel's settings for each service: what is switched with it, what is kept for it, and what is sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest

import neural4d_blender as neural4d
from neural4d_blender import ui
from neural4d_blender.engine.protocol import Feature, Request, check, declarations
from neural4d_blender.scene.shared_engine import bridge
from neural4d_blender.ui.operators.jobs import copy_as_python
from neural4d_blender.ui.settings import draw_price, image_sources
from neural4d_blender.ui.settings.properties import arguments, service
from scripts.simulator.launcher import Simulator

pytestmark = pytest.mark.both_ends

ASSET = "b4695157-0d1d-4da0-8f9e-5c53149389e4"
ADDRESS = "https://images.example/mug.png"
KEYS = ("NEURAL4D_API_TOKEN", "CSM_API_KEY", "GONEURAL_API_KEY", "MODELSLAB_API_KEY")


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    monkeypatch.setenv("NEURAL4D_DATA_DIR", str(tmp_path / "data"))
    for name in KEYS:
        monkeypatch.setenv(name, "a-key")
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.context.preferences.system.use_online_access = True
    ui.register()
    yield bpy.context.scene.neural4d
    ui.unregister()
    bridge.stop()
    bridge.jobs.clear()


def test_another_service_takes_an_input_that_it_can_use(chosen: Any) -> None:
    assert (chosen.provider, chosen.input, chosen.image_source) == ("neural4d", "TEXT", "FILE")
    for provider in ("csm", "goneural", "modelslab", "goneural", "neural4d"):
        chosen.provider = provider
        declared = service(chosen)
        if chosen.input == "TEXT":
            assert declared.can(Feature.TEXT), provider
        else:
            assert not image_sources.lacks_all(declared), provider
        assert not image_sources.lacks(declared, chosen.image_source), provider


@pytest.mark.parametrize("provider", [one.id for one in declarations()])
def test_what_the_panel_sends_is_what_the_service_takes(chosen: Any, provider: str) -> None:
    """Whatever was ticked for another service before."""
    chosen.variants, chosen.place_all, chosen.choose_cutout, chosen.pbr = 4, True, True, True
    chosen.provider, chosen.image_url = provider, ADDRESS
    declared = service(chosen)
    given = arguments(chosen)
    given = {name: given[name] for name in Request.__dataclass_fields__ if name in given}
    images = [] if chosen.input == "TEXT" else [ADDRESS]
    if images and image_sources.lacks(declared, "URL"):
        given["options"], images = {"asset_id": ASSET} if image_sources.reference(declared) else {}, []
    given["prompt"] = "" if images or given["options"] else "a mug"
    check(provider, Request(**{**given, "images": images}))


def test_settings_are_kept_for_each_service(chosen: Any) -> None:
    chosen.options_neural4d.file_format = "STL"
    chosen.provider = "modelslab"
    chosen.options_modelslab.resolution = 512
    assert (arguments(chosen)["format"], arguments(chosen)["options"]) == (service(chosen).native, {"resolution": 512})
    chosen.provider = "goneural"
    assert (arguments(chosen)["format"], arguments(chosen)["options"]) == ("GLB", {})
    chosen.provider = "neural4d"
    assert (arguments(chosen)["format"], arguments(chosen)["options"]) == ("STL", {})


def test_an_asset_is_named_only_where_it_is_the_input(chosen: Any) -> None:
    chosen.provider, chosen.input, chosen.image_source = "goneural", "IMAGE", "SERVICE"
    assert not bpy.ops.neural4d.generate.poll()
    chosen.options_goneural.asset_id = ASSET
    assert bpy.ops.neural4d.generate.poll()
    assert arguments(chosen)["options"] == {"asset_id": ASSET}
    assert arguments(chosen, of_image=True)["options"] == {}
    assert "asset_id" in copy_as_python.script(bpy.context)
    assert "image=" not in copy_as_python.script(bpy.context)
    chosen.image_source = "FILE"
    assert arguments(chosen)["options"] == {}


def test_an_address_is_asked_for_and_sent_as_it_is(chosen: Any) -> None:
    chosen.provider, chosen.input, chosen.image_source = "modelslab", "IMAGE", "URL"
    assert not bpy.ops.neural4d.generate.poll()
    chosen.image_url = "mug.png"
    assert "https" in image_sources.missing(bpy.context, service(chosen))
    chosen.image_url = f" {ADDRESS} "
    assert bpy.ops.neural4d.generate.poll()
    assert image_sources.resolve(bpy.context, service(chosen), Path()) == ADDRESS
    assert f"image={ADDRESS!r}" in copy_as_python.script(bpy.context)


@pytest.mark.parametrize("provider", ["modelslab", "goneural"])
def test_a_dropped_image_is_the_input(chosen: Any, tmp_path: Path, provider: str) -> None:
    chosen.provider = provider
    assert bpy.ops.neural4d.drop_image(filepath=str(tmp_path / "mug.png")) == {"FINISHED"}
    assert (chosen.image_source, chosen.image_path) == ("FILE", str(tmp_path / "mug.png"))


def test_a_dropped_image_is_refused_where_nothing_can_be_uploaded(
    chosen: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(image_sources, "lacks", lambda *_: "It has no upload.")
        with pytest.raises(RuntimeError, match=r"no upload.*Choose another service"):
            bpy.ops.neural4d.drop_image(filepath=str(tmp_path / "mug.png"))
        with pytest.raises(RuntimeError, match=r"no upload.*Choose another service"):
            bpy.ops.neural4d.use_picture(path=str(tmp_path / "mug.png"))
    assert (chosen.input, chosen.image_path) == ("TEXT", "")
    chosen.provider = "goneural"
    assert bpy.ops.neural4d.drop_image(filepath=str(tmp_path / "mug.png")) == {"FINISHED"}
    assert (chosen.image_source, chosen.image_path) == ("FILE", str(tmp_path / "mug.png"))


def test_a_cap_that_cannot_be_kept_stops_generate(chosen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen.provider, chosen.input, chosen.image_source, chosen.image_url = "modelslab", "IMAGE", "URL", ADDRESS
    assert "documents no price" in draw_price.no_cap(chosen)
    assert bpy.ops.neural4d.generate.poll()
    chosen.use_cap = True
    assert not bpy.ops.neural4d.generate.poll()
    monkeypatch.setitem(bridge.prices, "modelslab:image", 12)
    assert draw_price.no_cap(chosen) == ""
    assert bpy.ops.neural4d.generate.poll()


def test_no_more_variants_than_the_service_makes(chosen: Any) -> None:
    chosen.variants = 99
    assert chosen.variants == service(chosen).max_variants
    chosen.provider = "goneural"
    assert arguments(chosen)["variants"] == 1


def test_the_buttons_job_of_an_address_and_of_an_asset(chosen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with Simulator(generation="2024", job_seconds=0.2, texture_size=64) as sim:
        for name, value in sim.environment.items():
            monkeypatch.setenv(name, value)
        chosen.provider, chosen.input, chosen.image_source = "modelslab", "IMAGE", "URL"
        chosen.image_url, chosen.size_mm = ADDRESS, 95
        assert bpy.ops.neural4d.generate() == {"FINISHED"}
        chosen.provider, chosen.input, chosen.image_source = "goneural", "IMAGE", "SERVICE"
        chosen.options_goneural.asset_id = ASSET
        assert bpy.ops.neural4d.generate() == {"FINISHED"}
        asset, address = (job.wait(120) for job in neural4d.jobs())
        assert (asset.provider, asset.cost) == ("goneural", 30)
        assert (address.provider, address.cost) == ("modelslab", None)
        for job in (asset, address):
            assert max(job.objects[0].dimensions) == pytest.approx(0.095, rel=0.001)
            assert job.objects[0]["neural4d_service"]
        assert sorted(entry["points"] for entry in sim.ledger()) == [12, 30]
        bridge.stop()
