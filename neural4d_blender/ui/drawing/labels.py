"""Words for the panel: times, sizes, prices, and text that is broken to the width of a region."""

from __future__ import annotations

import bisect
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import blf
import bpy

from ...engine.protocol import name_of, unit_of
from .languages import sentence, tr

_FONT = 0
#: What stays on one line: a word, or a character of Chinese and Japanese with the marks that belong to it.
_EAST = "\u3000-\u30ff\u3400-\u9fff\uff00-\uffef"
_OPENING, _CLOSING = "（「『【〈《", "、。，．！？：；）」』】〉》…ー"  # noqa: RUF001
_PIECE = re.compile(f"\\s*[{_OPENING}]*(?:[{_EAST}]|[^\\s{_EAST}]+)[{_CLOSING}]*")
#: The width of the pop-up that is being drawn.
_popup: list[int] = []


def seconds(value: float) -> str:
    """A span of time: 0:42, 12:05, 1:02:03."""
    minutes, rest = divmod(int(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def size(number: int) -> str:
    """A number of bytes: 4.2 MB."""
    value = float(number)
    if value < 1000:
        return count(number, "byte")
    for unit in ("kB", "MB"):
        value /= 1000
        if value < 1000:
            return f"{value:.1f} {unit}"
    value /= 1000
    return f"{value:.1f} GB"


def price(points: int | None, unit: str = "points", *, measured: bool = False) -> str:
    """What something costs, for a label; a price that was measured is more than what a document says."""
    if points is None:
        return tr("Price not known")
    cost = amount(points, unit, measured=measured)
    return tr("Costs {amount}").format(amount=cost) if points else tr("Costs nothing")


def amount(points: int | None, unit: str = "points", *, measured: bool = False) -> str:
    """The price alone, for a button: about 60 points."""
    if points is None:
        return tr("price not known")
    if not points:
        return tr("free")
    return (tr("{points:,} {unit}") if measured else tr("about {points:,} {unit}")).format(points=points, unit=tr(unit))


def count(number: int, what: str) -> str:
    """1 picture, 2 pictures."""
    return tr(f"{{number}} {what}" if number == 1 else f"{{number}} {what}s").format(number=number)


def points(count: int, provider: str, estimated: bool = False) -> str:
    """A number of what the service calls its points; about so many where part of it is estimated."""
    words = tr("about {points:,} {unit}") if estimated else tr("{points:,} {unit}")
    return words.format(points=count, unit=tr(unit_of(provider)))


def service(provider: str) -> str:
    """The name of a service; its id where this version does not know it."""
    return name_of(provider)


def offline() -> str:
    """Why no service can be reached, and what to do: a start option cannot be overruled in the preferences."""
    if bpy.app.online_access_override:
        return tr("Blender was started with --offline-mode: start it without that to reach the service.")
    return tr("Blender's online access is off: allow it in the preferences to reach the service.")


def wrap(text: str, width: float) -> list[str]:
    """Break a text into lines that fit ``width`` pixels in the interface's font."""
    measured = _measure()
    lines: list[str] = []
    for paragraph in text.splitlines():
        line = ""
        for piece in _PIECE.findall(paragraph):
            longer = f"{line}{piece}".strip()
            if line and measured(longer) > width:
                lines.append(line)
                longer = piece.strip()
            while measured(longer) > width and len(longer) > 1:  # an address, a name of a file
                fits = max(1, bisect.bisect_right(range(1, len(longer)), width, key=_until(longer, measured)))
                lines.append(longer[:fits])
                longer = longer[fits:]
            line = longer
        lines.append(line)
    return lines


def _until(text: str, measured: Callable[[str], float]) -> Callable[[int], float]:
    return lambda count: measured(text[:count])


def fits(text: str, *, inset: float) -> bool:
    """The text fits the region, less ``inset`` rows' heights."""
    return _measure()(text) <= _width(inset)


def side_by_side(layout: bpy.types.UILayout, *buttons: str) -> bpy.types.UILayout:
    """A row for buttons with an icon and these words, or a column where the region has no room for one of them."""
    room = _width(2.5) / len(buttons) - 30 * bpy.context.preferences.system.ui_scale
    has_room = max(map(_measure(), buttons)) <= room
    return layout.row(align=True) if has_room else layout.column(align=True)


def cut(text: str, *, inset: float) -> str:
    """As much of a text as fits the region, less ``inset`` rows' heights; with dots where that is not all of it."""
    measured, width = _measure(), _width(inset)
    if measured(text) <= width:
        return text
    fits = bisect.bisect_right(range(1, len(text)), width, key=lambda count: measured(f"{text[:count]} ..."))
    return f"{text[:fits].rstrip()} ..."


def _measure() -> Callable[[str], float]:
    """What gives the width of a text in pixels of the interface's font."""
    points = bpy.context.preferences.ui_styles[0].widget.points
    blf.size(_FONT, points * bpy.context.preferences.system.ui_scale)
    return lambda text: blf.dimensions(_FONT, text)[0]  # type: ignore[index]  # a gap of the stubs


@contextmanager
def in_popup(width: int) -> Iterator[None]:
    """Break texts to the width of a pop-up (pixels at the interface's usual scale), which has no region yet."""
    _popup.append(width)
    try:
        yield
    finally:
        _popup.pop()


def _width(inset: float) -> float:
    scale = bpy.context.preferences.system.ui_scale
    width = _popup[-1] * scale if _popup else bpy.context.region.width
    return max(width - inset * 20 * scale, 60 * scale)


def draw(layout: bpy.types.UILayout, text: str, icon: Any = "NONE", *, inset: float = 3.6, share: float = 1) -> None:
    """Labels that hold the whole text, broken to the region's width.

    Args:
        inset: how much of the width the sidebar's tabs, margins and the box around it take, in rows' heights.
        share: of what is left of the width; half of it in two columns.
    """
    column = layout.column(align=True)
    column.scale_y = 0.75
    for number, line in enumerate(wrap(sentence(text), _width(inset + (icon != "NONE")) * share)):
        if icon == "NONE":
            column.label(text=line)
        else:
            column.label(text=line, icon=icon if number == 0 else "BLANK1")
