"""What is seen before anything is paid: the price on the button, who charges it, and the picture that is sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest

from neural4d_blender import ui
from neural4d_blender.engine.protocol import Balance
from neural4d_blender.scene.shared_engine import bridge
from neural4d_blender.ui.drawing import icons
from neural4d_blender.ui.settings import draw_price, picture_preview
from neural4d_blender.ui.settings.properties import service
from tests.support import scene_pictures
from tests.support.drawn import Drawn, without_a_region


@pytest.fixture
def chosen(empty_file: bpy.types.Scene, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    without_a_region(monkeypatch)
    ui.register()
    yield bpy.context.scene.neural4d
    ui.unregister()


def drawn(chosen: Any, **how: bool) -> Drawn:
    layout: Any = Drawn()
    draw_price.draw(layout, chosen, of_image=False, **how)
    return layout


def test_the_button_has_the_price(chosen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert drawn(chosen).buttons[-1][:2] == ("Generate · about 30 points", "neural4d.generate")
    monkeypatch.setitem(bridge.prices, "neural4d:text x1", 60)
    assert drawn(chosen).buttons[-1][0] == draw_price.button_text(chosen, of_image=False) == "Generate · 60 points"
    monkeypatch.setitem(bridge.prices, "neural4d:text x1", 0)
    assert drawn(chosen).buttons[-1][0] == "Generate · free"
    assert drawn(chosen, in_editor=True).buttons[-1][1] == "neural4d.generate_from_editor"
    chosen.provider = "csm"
    assert drawn(chosen).buttons[-1][0] == "Generate · price not known"


def test_variants_at_the_same_price_say_so(chosen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen.variants = 4
    assert "same price" not in " ".join(drawn(chosen).texts)
    for count in (1, 4):
        monkeypatch.setitem(bridge.prices, f"neural4d:text x{count}", 60)
    assert "4 variants, same price" in drawn(chosen).texts


def test_who_charges_is_said_and_where_points_are_got(chosen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(bridge.balances, "neural4d", Balance(total=20, permanent=20, monthly=0, yearly=0, expires=""))
    layout = drawn(chosen)
    assert "Neural4D: 20 points left" in layout.texts
    (get,) = (given for text, _, given in layout.buttons if text == "Get Points")
    assert get.url == service(chosen).keys_page
    chosen.provider = "modelslab"
    assert "Paid at ModelsLab" in drawn(chosen).texts


def test_the_picture_is_shown_or_has_to_be_taken(chosen: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mug.png"
    scene_pictures.Image.fromarray(scene_pictures.colours(300, 300)).save(path)
    monkeypatch.setenv("NEURAL4D_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr(icons, "icon", lambda path: 7 if path else 0)
    monkeypatch.setattr(icons, "of_job", lambda path: 9 if path else 0)
    layout: Any = Drawn()
    chosen.input, chosen.image_path = "IMAGE", str(path)
    picture_preview.draw(layout, bpy.context)
    assert (len(layout.pictures), layout.texts) == (1, [])
    chosen.image_source, chosen.image = "IMAGE", bpy.data.images.load(str(path))
    assert not picture_preview.is_unseen(bpy.context)
    chosen.image.pixels[0] = 0.5
    chosen.image.update()
    assert picture_preview.is_unseen(bpy.context) == chosen.image.is_dirty
    chosen.image = bpy.data.images.new("painted.png", 300, 300)
    chosen.image.generated_color = (0.9, 0.4, 0.1, 1.0)
    assert picture_preview.is_unseen(bpy.context)
    layout.pictures.clear()
    picture_preview.draw(layout, bpy.context)
    assert (layout.pictures, layout.texts) == ([], ["Generate shows it to you first."])
    sent, name = picture_preview.take(bpy.context, service(chosen), tmp_path / "taken")
    assert (sent.parent.name, sent.is_file(), name) == ("taken", True, "painted")
    for source in ("RENDER", "VIEWPORT", "CAMERA"):
        chosen.image_source = source
        assert picture_preview.is_unseen(bpy.context)
