"""Texts in the user's language: ``said("Place {number}").format(number=1)``, by tables in this extension.

A table is read when its language is on, so that English costs nothing. May be loaded when Blender starts.
"""

import json
from pathlib import Path
from typing import Any

import bpy
from bpy.app.handlers import persistent

#: Of names and labels: what Blender calls "Generate" or "Import" is another thing. Tooltips have none in Blender.
CONTEXT = "Neural4D"
FOLDER = Path(__file__).resolve().parents[1] / "languages"


def said(text: str) -> str:
    """The text in the language of Blender's interface; its {placeholders} are filled in afterwards."""
    return bpy.app.translations.pgettext_iface(text, CONTEXT)


def in_context(kind: type) -> None:
    """Have Blender look up what it says of a class and its properties in our context; to be called before it learns
    of the class.
    """
    setattr(kind, "bl_translation_context", CONTEXT)  # noqa: B010
    for made in vars(kind).get("__annotations__", {}).values():
        if hasattr(made, "keywords"):
            made.keywords.setdefault("translation_context", CONTEXT)


def table(locale: str) -> dict[tuple[str, str], str]:
    """The texts of a language, as Blender takes them; empty where there are none."""
    path = FOLDER / f"{locale}.json"
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return {(context, text): word for text, word in found.items() for context in (CONTEXT, "*")}


def _load() -> None:
    """Have the texts of the present language, and of no other."""
    bpy.app.translations.unregister(__name__)
    locale = bpy.app.translations.locale
    if texts := table(locale):
        bpy.app.translations.register(__name__, {locale: texts})


def _listen() -> None:
    key: Any = (bpy.types.PreferencesView, "language")
    bpy.msgbus.subscribe_rna(key=key, owner=CONTEXT, args=(), notify=_load)


@persistent
def _file_opened(_path: object) -> None:
    """Blender forgets who listens."""
    bpy.msgbus.clear_by_owner(CONTEXT)
    _listen()
    _load()


def register() -> None:
    """Speak the user's language from now on."""
    bpy.app.handlers.load_post.append(_file_opened)
    _listen()
    _load()


def unregister() -> None:
    """No more."""
    bpy.app.handlers.load_post.remove(_file_opened)
    bpy.msgbus.clear_by_owner(CONTEXT)
    bpy.app.translations.unregister(__name__)
