"""What the panel remembers for its user, whatever file is open: the last settings, recent prompts, styles.

They stand in a file of their own in Blender's configuration folder, so they survive File > New, other files, updates
and uninstalling. The settings at ``scene.neural4d`` are what counts for a job; a saved file and a script have theirs.
A spending limit is never off because another file, another scene or an undo step has none.
May be loaded when Blender starts.
"""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import bpy
from bpy.app.handlers import persistent

#: Settings that are the user's, besides the limit.
_NAMES = ("provider", "variants", "use_size", "size_mm", "axis")
#: Recent prompts that are kept.
_PROMPTS = 20
#: Styles to begin with: what each one adds to a prompt.
_STYLES = {
    "Realistic": "realistic, highly detailed, natural materials",
    "Low Poly": "low poly, flat shading, simple shapes",
    "Cartoon": "stylized cartoon look, bold colors, smooth shapes",
    "Hand-Painted": "hand-painted textures, game asset",
    "Clay": "plain matte clay, no texture",
}
#: Seconds until a setting that is being dragged is written.
_SOON = 0.3


class Remembered:
    """The file, read anew each time: another Blender may have written it.

    Attributes:
        active: False in background, where neither a render nor a script is to depend on what a window did.
    """

    def __init__(self) -> None:
        self.active = not bpy.app.background
        self._noted: dict[str, Any] = {}
        self._adopting = False

    @property
    def path(self) -> Path:
        """Where the file is."""
        return Path(bpy.utils.user_resource("CONFIG", path="neural4d")) / "panel.json"

    def _read(self) -> dict[str, Any]:
        with suppress(OSError, ValueError):
            found = json.loads(self.path.read_text(encoding="utf-8")) if self.active else None
            return found if isinstance(found, dict) else {}
        return {}

    def _write(self, part: str, value: object) -> None:
        if not self.active:
            return
        with suppress(OSError):  # the panel goes on without
            self.path.parent.mkdir(parents=True, exist_ok=True)
            passing = self.path.with_suffix(f".{os.getpid()}")
            try:
                passing.write_text(json.dumps({**self._read(), part: value}, indent=1), encoding="utf-8")
                os.replace(passing, self.path)
            finally:  # another program may have the other one open
                passing.unlink(missing_ok=True)

    def _part(self, name: str, kind: type) -> Any:
        value = self._read().get(name)
        return value if isinstance(value, kind) else kind()

    def note(self, name: str, value: object) -> None:
        """A setting was changed; it is written a moment later, because it may be under a mouse that drags it."""
        if self.active and not self._adopting:
            self._noted[name] = value
            if not bpy.app.timers.is_registered(_write_noted):
                bpy.app.timers.register(_write_noted, first_interval=_SOON, persistent=True)

    def write_noted(self) -> None:
        """Write the settings that were changed."""
        if self._noted:
            self._write("settings", {**self._part("settings", dict), **self._noted})
            self._noted = {}

    def give(self, chosen: Any, names: tuple[str, ...]) -> None:
        """Give a scene the user's settings of these names, and the limit."""
        self.write_noted()
        last = self._part("settings", dict)
        self._adopting = True
        try:
            if "provider" in names:  # the scene is new no more
                chosen.provider = chosen.provider
            for name in names:
                with suppress(KeyError, TypeError, ValueError, OverflowError):  # of another version, or edited by hand
                    setattr(chosen, name, last[name])
            most = last.get("max_points", chosen.max_points)
            if last.get("use_cap") is True and isinstance(most, int):
                chosen.max_points = min(most, chosen.max_points) if chosen.use_cap else most
                chosen.use_cap = True
        finally:
            self._adopting = False

    def prompts(self) -> list[str]:
        """The prompts that jobs were made of, the latest first."""
        return [prompt for prompt in self._part("prompts", list) if isinstance(prompt, str)]

    def add_prompt(self, prompt: str) -> None:
        """Remember a prompt that was sent."""
        others = [other for other in self.prompts() if other != prompt]
        self._write("prompts", [prompt, *others][:_PROMPTS])

    def styles(self) -> dict[str, str]:
        """What each style adds to a prompt, by its name."""
        own = self._read().get("styles", _STYLES)
        return {name: words for name, words in own.items() if isinstance(words, str)} if isinstance(own, dict) else {}

    def set_style(self, name: str, words: str) -> None:
        """Keep a style; without words, forget it."""
        others = {one: text for one, text in self.styles().items() if one != name}
        self._write("styles", {**others, name: words} if words else others)


remembered = Remembered()


def noting(name: str, then: Callable[[Any, Any], None] | None = None) -> Callable[[Any, Any], None]:
    """For a property's ``update``: remember its value, then do the other thing."""

    def update(chosen: Any, context: Any) -> None:
        remembered.note(name, getattr(chosen, name))
        if then is not None:
            then(chosen, context)

    return update


def is_new(chosen: Any) -> bool:
    """The settings are of a scene that has none yet."""
    return not chosen.is_property_set("provider")


def adopt_soon() -> None:
    """Have new scenes take the user's settings after the present drawing, which may change nothing itself."""
    if remembered.active and not bpy.app.timers.is_registered(adopt):
        bpy.app.timers.register(adopt, first_interval=0.0)


def adopt() -> None:
    """Have scenes that have no settings yet take the user's."""
    for chosen in _settings():
        if is_new(chosen):
            remembered.give(chosen, _NAMES)


def _settings() -> list[Any]:
    scenes: Any = bpy.data.scenes if remembered.active else ()
    return [scene.neural4d for scene in scenes if scene.library is None]


def _write_noted() -> None:
    remembered.write_noted()


@persistent
def _file_opened(_path: object) -> None:
    """A saved file has its own settings, as far as they were ever set; a new one the user's."""
    for chosen in _settings():
        remembered.give(chosen, tuple(n for n in _NAMES if not (bpy.data.filepath and chosen.is_property_set(n))))


@persistent
def _undone(_scene: object) -> None:
    """Undo takes the settings back to what they were, but no limit off."""
    for chosen in _settings():
        remembered.give(chosen, ())


def _handlers() -> list[tuple[list[Any], Any]]:
    on = bpy.app.handlers
    return [(on.load_post, _file_opened), (on.undo_post, _undone), (on.redo_post, _undone)]


def register() -> None:
    """Hook into Blender."""
    for handlers, handler in _handlers():
        handlers.append(handler)


def unregister() -> None:
    """Let go of it; what was changed last is written."""
    for handlers, handler in _handlers():
        handlers.remove(handler)
    for timer in (_write_noted, adopt):
        if bpy.app.timers.is_registered(timer):
            bpy.app.timers.unregister(timer)
    remembered.write_noted()
