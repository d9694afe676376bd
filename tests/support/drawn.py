"""A layout that notes what is drawn into it, for panels that are drawn where there is no window."""

from __future__ import annotations

from typing import Any

import pytest

from neural4d_blender.ui.drawing import labels


class Drawn:
    """Stands for a layout and for all its rows and boxes.

    Attributes:
        texts: of labels. buttons: text (the operator's id where it has none), operator, and what is set on it.
        settings: names of properties. pictures: how large icons are drawn.
    """

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.buttons: list[tuple[str, str, Any]] = []
        self.settings: list[str] = []
        self.pictures: list[float] = []

    def label(self, text: str = "", **_: Any) -> None:
        self.texts.append(text)

    def operator(self, name: str, text: str | None = None, **_: Any) -> Any:
        given = type("Properties", (), {})()
        self.buttons.append((name if text is None else text, name, given))
        return given

    def prop(self, _data: object, name: str, **_: Any) -> None:
        self.settings.append(name)

    def template_icon(self, _icon: int, scale: float = 1.0) -> None:
        self.pictures.append(scale)

    def __getattr__(self, _name: str) -> Any:
        return lambda *_, **__: self

    def operators(self) -> list[str]:
        """Ids of the operators that have a button."""
        return [name for _, name, _ in self.buttons]


def without_a_region(monkeypatch: pytest.MonkeyPatch, width: float = 10_000) -> None:
    """A character is a pixel wide, and lines are as long as that."""
    monkeypatch.setattr(labels, "_measure", lambda: len)
    monkeypatch.setattr(labels, "_width", lambda inset: width - inset)
