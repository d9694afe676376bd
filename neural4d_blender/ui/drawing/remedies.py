"""The button that opens the place which the remedy of an error sends a user to."""

from __future__ import annotations

from typing import Any, NamedTuple

import bpy

from ...engine.protocol import ErrorTexts, declarations
from . import labels
from .languages import sentence, tr

_AT_THE_SERVICE = {"NotEnoughPoints": "Get {unit}", "PaymentUnknown": "Open {name}"}
_FOLDERS = {"DiskUnusable", "JournalUnusable"}


class _Place(NamedTuple):
    """The operator that opens it, the button's text where that is not the operator's, an icon, and a page's address."""

    opens: str
    text: str | None = None
    icon: Any = "PREFERENCES"
    url: str = ""


def draw(layout: bpy.types.UILayout, error: ErrorTexts, provider: str = "") -> None:
    """The preferences, their network settings, or the service's own page; nothing where the remedy is no place."""
    if place := _place(error, provider):
        button = layout.operator(place.opens, text=place.text, icon=place.icon)
        if place.url:
            button.url = place.url


def draw_told(layout: bpy.types.UILayout, error: ErrorTexts, provider: str = "") -> None:
    """What happened and what to do, with that button."""
    labels.draw(layout, " ".join(filter(None, (error["what"], error["remedy"]))), "ERROR")
    draw(layout, error, provider)


def pop_up(error: ErrorTexts, provider: str = "") -> bool:
    """Say the same at the mouse; False where the remedy is no place, or there is no window."""
    if bpy.app.background or not _place(error, provider):
        return False

    def show(menu: Any, _context: bpy.types.Context) -> None:
        for said in filter(None, (error["what"], error["remedy"])):
            menu.layout.label(text=sentence(said))
        draw(menu.layout, error, provider)

    bpy.context.window_manager.popup_menu(show, title="Neural4D", icon="ERROR")
    return True


def _place(error: ErrorTexts, provider: str) -> _Place | None:
    service = next((one for one in declarations() if one.id == provider), None)
    if error["code"] == "OnlineAccessOff":
        return _Place("neural4d.open_network_settings")
    if service and error["code"] in _AT_THE_SERVICE:
        words = tr(_AT_THE_SERVICE[error["code"]]).format(unit=tr(service.unit.title()), name=service.name)
        return _Place("wm.url_open", words, "URL", service.keys_page)
    if error["code"] in _FOLDERS or "preferences" in error["remedy"].lower():
        return _Place("neural4d.open_preferences")
    return None
