"""The entries in Blender's menus, and what they lead to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import pytest

from neural4d_blender import ui
from neural4d_blender.scene import user_settings
from neural4d_blender.scene.shared_engine import bridge
from neural4d_blender.ui import menus, preferences, registration
from tests.support.drawn import Drawn

pytestmark = pytest.mark.both_ends
#: Of those, the names that Blender's convention gives what is to be registered.
_CLASS = re.compile(r"^class (NEURAL4D_[A-Z]{2}_\w+)\(", re.MULTILINE)


@pytest.fixture
def registered(empty_file: bpy.types.Scene) -> Iterator[bpy.types.Scene]:
    ui.register()
    yield empty_file
    ui.unregister()


class Layout:
    """Notes what a menu draws; every layout in it is itself."""

    def __init__(self) -> None:
        self.drawn: list[tuple[str, SimpleNamespace]] = []
        self.layout, self.operator_context = self, ""

        self.texts: list[str] = []

    def operator(self, name: str, text: str = "", **_: Any) -> SimpleNamespace:
        self.drawn.append((name, made := SimpleNamespace()))
        self.texts.append(text)
        return made

    def operator_menu_enum(self, name: str, _property: str, **_: Any) -> None: ...

    def menu(self, name: str, **_: Any) -> None:
        self.drawn.append((name, SimpleNamespace()))

    def separator(self) -> None: ...


def drawn(name: str, **context: Any) -> list[tuple[str, dict[str, Any]]]:
    """What the extension adds to one of Blender's menus."""
    layout = Layout()
    for menu, draw in menus._ENTRIES:
        if menu == name:
            draw(layout, SimpleNamespace(**{"space_data": None, **context}))
    return [(operator, vars(properties)) for operator, properties in layout.drawn]


def test_they_come_and_go(registered: bpy.types.Scene) -> None:
    there = {name: len(getattr(bpy.types, name)._dyn_ui_initialize()) for name, _ in menus._ENTRIES}
    ui.unregister()
    gone = {name: len(getattr(bpy.types, name)._dyn_ui_initialize()) for name, _ in menus._ENTRIES}
    ui.register()
    names = [name for name, _ in menus._ENTRIES]
    assert {name: there[name] - gone[name] for name in gone} == {name: names.count(name) for name in names}


def test_an_image_is_offered_wherever_it_is_at_hand(registered: bpy.types.Scene) -> None:
    image = bpy.data.images.new("Sketch", 8, 8)
    offered = [("neural4d.image_to_3d", {"image": "Sketch"})]
    space = SimpleNamespace
    assert drawn("IMAGE_MT_image", space_data=space(type="IMAGE_EDITOR", image=image)) == offered
    assert (
        drawn("NODE_MT_context_menu", space_data=space(type="NODE_EDITOR"), active_node=space(image=image)) == offered
    )
    assert drawn("OUTLINER_MT_context_menu", space_data=space(type="OUTLINER"), id=image) == offered
    owner, prop = space(image=image), space(identifier="image")
    assert drawn("UI_MT_button_context_menu", button_pointer=owner, button_prop=prop) == offered
    file = space(name="Mug.PNG")
    shown = space(type="FILE_BROWSER", params=space(directory=b"/pictures"))
    (found,) = drawn("FILEBROWSER_MT_context_menu", space_data=shown, active_file=file)
    assert Path(found[1]["filepath"]) == Path("/pictures/Mug.PNG")
    (model,) = drawn("FILEBROWSER_MT_context_menu", space_data=shown, active_file=space(name="Lamp.GLB"))
    assert (model[0], Path(model[1]["filepath"])) == ("neural4d.bring_in_files", Path("/pictures/Lamp.GLB"))
    asset = drawn("ASSETBROWSER_MT_context_menu", space_data=shown, asset=space(local_id=image))
    assert asset == [*offered, ("neural4d.generate_popup", {})]


@pytest.mark.parametrize("words", ["generate", "ai", "text to 3d", "image to 3d"])
def test_the_search_finds_it_under_words_that_people_use(registered: bpy.types.Scene, words: str) -> None:
    menus.NEURAL4D_MT_add.draw(layout := Layout(), bpy.context)  # type: ignore[arg-type]  # F3 goes through the menus
    assert any(re.search(rf"\b{words}\b", text.lower()) for text in layout.texts)


def test_nothing_is_offered_where_there_is_none(registered: bpy.types.Scene) -> None:
    space = SimpleNamespace
    assert drawn("IMAGE_MT_image", space_data=space(type="IMAGE_EDITOR", image=None)) == []
    assert drawn("NODE_MT_context_menu", space_data=space(type="NODE_EDITOR"), active_node=None) == []
    assert drawn("OUTLINER_MT_context_menu", space_data=space(type="OUTLINER"), id=registered) == []
    assert drawn("UI_MT_button_context_menu") == []
    shown = space(type="FILE_BROWSER", params=space(directory=b"/pictures"))
    assert drawn("FILEBROWSER_MT_context_menu", space_data=shown, active_file=space(name="notes.txt")) == []
    assert drawn("ASSETBROWSER_MT_context_menu", space_data=shown) == [("neural4d.generate_popup", {})]


def test_an_image_is_chosen_before_anything_is_sent(registered: bpy.types.Scene, tmp_path: Path) -> None:
    image = bpy.data.images.new("Sketch", 8, 8)
    chosen = registered.neural4d
    assert bpy.ops.neural4d.image_to_3d(image="Sketch") == {"FINISHED"}
    assert (chosen.input, chosen.image_source, chosen.image) == ("IMAGE", "IMAGE", image)
    file = tmp_path / "mug.png"
    file.touch()
    assert bpy.ops.neural4d.image_to_3d(filepath=str(file)) == {"FINISHED"}
    assert (chosen.image_source, chosen.image_path) == ("FILE", str(file))
    with pytest.raises(RuntimeError, match="does not exist"):
        bpy.ops.neural4d.image_to_3d(filepath=str(tmp_path / "no.png"))
    assert not bridge.jobs


def test_the_pop_up_says_what_is_in_the_way(registered: bpy.types.Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEURAL4D_API_TOKEN", raising=False)
    monkeypatch.setattr(bpy.context.preferences.system, "use_online_access", True)
    with pytest.raises(RuntimeError, match="No key is set for Neural4D"):
        bpy.ops.neural4d.generate_popup()
    monkeypatch.setenv("NEURAL4D_API_TOKEN", "k")
    with pytest.raises(RuntimeError, match="Write a prompt first"):
        bpy.ops.neural4d.generate_popup()
    assert not bridge.jobs


def test_the_preferences_lead_to_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    for website, pages in (
        ("https://a.b/c/", {"url": ["https://a.b/c", "https://a.b/c#readme", "https://a.b/c/issues"]}),
        ("", {"filepath": [str(user_settings.INSTALLED / "README.md")]}),
    ):
        monkeypatch.setattr(user_settings, "website", lambda website=website: website)
        layout: Any = Drawn()
        preferences.NEURAL4D_AP_preferences._draw_links(None, layout)  # type: ignore[arg-type]
        ((kind, wanted),) = pages.items()
        assert [getattr(button, kind) for _, _, button in layout.buttons] == wanted


def test_all_that_is_written_for_blender_is_registered(registered: bpy.types.Scene) -> None:
    """A panel that nobody registers is a panel that nobody sees."""
    known = {kind.__name__ for kind in (*ui._CLASSES, *registration.CLASSES)}
    written = {
        name for path in Path(ui.__file__).parent.rglob("*.py") for name in _CLASS.findall(path.read_text("utf-8"))
    }
    assert written - known == set()
