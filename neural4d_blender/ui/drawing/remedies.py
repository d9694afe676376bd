"""The button that opens the place which the remedy of an error sends a user to."""

from __future__ import annotations

import bpy

from ...engine.protocol import ErrorTexts, declarations
from .languages import tr

_AT_THE_SERVICE = {"NotEnoughPoints": "Get {unit}", "PaymentUnknown": "Open {name}"}
_FOLDERS = {"DiskUnusable", "JournalUnusable"}


def draw(layout: bpy.types.UILayout, error: ErrorTexts, provider: str = "") -> None:
    """The preferences, their network settings, or the service's own page; nothing where the remedy is no place."""
    service = next((one for one in declarations() if one.id == provider), None)
    if error["code"] == "OnlineAccessOff":
        layout.operator("neural4d.open_network_settings", icon="PREFERENCES")
    elif service and error["code"] in _AT_THE_SERVICE:
        words = tr(_AT_THE_SERVICE[error["code"]]).format(unit=tr(service.unit.title()), name=service.name)
        layout.operator("wm.url_open", text=words, icon="URL").url = service.keys_page
    elif error["code"] in _FOLDERS or "preferences" in error["remedy"].lower():
        layout.operator("neural4d.open_preferences", icon="PREFERENCES")
