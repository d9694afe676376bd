"""Texts in the user's language: ``tr("Place {number}").format(number=1)``, by tables in this extension.

A table is read when its language is on, so that English costs nothing. May be loaded when Blender starts.
"""

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import bpy
from bpy.app.handlers import persistent

#: Of names and labels: what Blender calls "Generate" or "Import" is another thing. Tooltips have none in Blender.
CONTEXT = "Neural4D"
FOLDER = Path(__file__).resolve().parents[1] / "languages"


def tr(text: str) -> str:
    """The text in the language of Blender's interface; its {placeholders} are filled in afterwards."""
    return bpy.app.translations.pgettext_iface(text, CONTEXT)


def sentence(text: str) -> str:
    """A text that is filled in already, as the engine's and the services' are; several sentences one by one."""
    locale = bpy.app.translations.locale
    return _sentence(locale, text) if locale and _templates(locale) else text


@lru_cache(maxsize=256)  # asked for each time that a panel is drawn
def _sentence(locale: str, text: str) -> str:
    known = _templates(locale)
    if found := known.get(text):
        return found[1]
    for pattern, translated in known.values():
        if pattern and (match := pattern.fullmatch(text)):
            return translated.format(**match.groupdict())
    parts = re.split(r"(?<=[.?!])\s+", text)
    return text if len(parts) == 1 else " ".join(_sentence(locale, part) for part in parts)


@lru_cache(maxsize=2)
def _templates(locale: str) -> dict[str, tuple[re.Pattern[str] | None, str]]:
    """Each text of a language, with what finds it filled in where it has plain {placeholders}."""
    found: dict[str, tuple[re.Pattern[str] | None, str]] = {}
    for text, word in {text: word for (_, text), word in table(locale).items()}.items():
        plain = text.endswith((".", "?")) and re.search(r"\{\w+\}", text)
        parts = re.split(r"\{(\w+)\}", text) if plain else []
        pattern = "".join(f"(?P<{part}>.+?)" if odd % 2 else re.escape(part) for odd, part in enumerate(parts))
        found[text] = (re.compile(pattern) if plain else None, word)
    return found


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
