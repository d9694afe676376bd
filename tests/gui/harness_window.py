"""What a scenario does to Blender's window: move, click, type, find a button, take a picture. Runs inside Blender.

Every action is a generator that yields until Blender has handled what was sent, so a scenario says
`yield from ui.click(x, y)`. Positions are window pixels with the origin at the bottom left, as in
`area.x` and `event_simulate`. Nothing here keeps a bpy object: File > Open would leave it dangling.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from tests.gui.harness_sweep import Point, listen, look, middle

#: What a scenario may yield: seconds, or what it waits for.
Step = Generator["float | Until", None, Any]
SETTLE = 0.05  # seconds for Blender to handle an event and redraw
ROW, COLUMN = 10, 18  # pixels between the points that are swept for buttons; an icon's button is 20 by 20
ROWS = 10  # rows that are swept between two redraws: a redraw takes longer than all the rest
EMPTY = 200
WIDE = (0.3, 0.6)  # where buttons as wide as a region are met, as fractions of its width


class GaveUp(AssertionError):
    """What a scenario waited for did not come about."""


@dataclass(frozen=True)
class Until:
    """Wait for a condition; GaveUp is raised in the scenario when it has not come after `seconds`."""

    condition: Callable[[], object]
    what: str
    seconds: float = 30.0


@dataclass(frozen=True)
class Button:
    """A button that was found: its middle, and what it is (see Window.buttons)."""

    x: int
    y: int
    what: str


class Window:
    """Blender's window as a person uses it; set `focus` to the number of another one, such as the preferences."""

    def __init__(self, shots: Path) -> None:
        self.focus = 0
        self._shots = shots
        self._mouse = (0, 0)
        self.gaps = Gaps()
        listen()

    # Where things are

    @property
    def window(self) -> bpy.types.Window:
        return bpy.context.window_manager.windows[self.focus]

    def area(self, kind: str = "VIEW_3D") -> bpy.types.Area:
        """The largest area of that kind."""
        areas = [area for area in self.window.screen.areas if area.type == kind]
        if not areas:
            raise GaveUp(f"no {kind} area in this window")
        return max(areas, key=lambda area: area.width * area.height)

    def region(self, kind: str = "UI", area: str = "VIEW_3D") -> bpy.types.Region:
        return next(region for region in self.area(area).regions if region.type == kind)

    def middle(self, kind: str = "WINDOW", area: str = "VIEW_3D") -> Point:
        """The middle of a region, or of what a sidebar over it leaves of it."""
        region = self.region(kind, area)
        right = region.x + region.width
        over = [other.x for other in self.area(area).regions if other.type == "UI" and other.width > 1]
        right = min([right, *(x for x in over if kind == "WINDOW" and x > region.x)])
        return (region.x + right) // 2, region.y + region.height // 2

    # Mouse and keyboard

    def move(self, x: int, y: int) -> Step:
        self._mouse = x, y
        self.window.event_simulate(type="MOUSEMOVE", value="NOTHING", x=x, y=y)
        yield SETTLE

    def click(self, x: int, y: int, button: str = "LEFTMOUSE") -> Step:
        # Two moves: a button lights up under a mouse that moves, and only then takes a click.
        yield from self.move(x - 1, y)
        yield from self.move(x, y)
        for value in ("PRESS", "RELEASE"):
            self.window.event_simulate(type=button, value=value, x=x, y=y)
            yield SETTLE

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> Step:
        """With the left button held, in a few moves as a hand makes them."""
        yield from self.move(start[0] - 30, start[1])  # an edge takes a mouse that came to it
        yield from self.move(*start)
        yield SETTLE
        self.window.event_simulate(type="LEFTMOUSE", value="PRESS", x=start[0], y=start[1])
        yield SETTLE
        for part in range(1, 6):
            x, y = (round(a + (b - a) * part / 5) for a, b in zip(start, end, strict=True))
            yield from self.move(x, y)
        self.window.event_simulate(type="LEFTMOUSE", value="RELEASE", x=end[0], y=end[1])
        yield SETTLE

    def press(self, key: str, *, ctrl: bool = False, shift: bool = False, alt: bool = False) -> Step:
        """A key by Blender's name for it (RET, ESC, Z), where the mouse is."""
        x, y = self._mouse  # a key means what it means in the region below the mouse
        for value in ("PRESS", "RELEASE"):
            self.window.event_simulate(type=key, value=value, x=x, y=y, ctrl=ctrl, shift=shift, alt=alt)
            yield SETTLE

    def type(self, text: str, *, at_mouse: bool = False) -> Step:
        """Text into the field that is being edited, or into the editor below the mouse."""
        x, y = self._mouse if at_mouse else (0, 0)
        for letter in text:
            # A text field takes the character; the key only has to be one that stands for text.
            self.window.event_simulate(type="A", value="PRESS", unicode=letter, x=x, y=y)
            self.window.event_simulate(type="A", value="RELEASE", x=x, y=y)
        yield SETTLE

    # Sidebar and buttons

    def open_tab(self, category: str, area: str = "VIEW_3D") -> Step:
        """Show the sidebar of an area and one of its tabs."""
        yield 0.5  # a file that was just opened has to be drawn first: its areas are not whole before that
        self.area(area).spaces[0].show_region_ui = True
        yield Until(lambda: self.region("UI", area).width > 1, "the sidebar to open")
        yield 0.3  # the sidebar slides in, and its tabs exist from its first drawing on
        self.region("UI", area).active_panel_category = category
        yield from self.redraw(area)

    def widen(self, pixels: int, area: str = "VIEW_3D") -> Step:
        """Drag the sidebar's edge to the left, so that long labels are whole."""
        region = self.region("UI", area)
        y = region.y + region.height - 100
        yield from self.drag((region.x, y), (region.x - pixels, y))
        yield 0.3

    def redraw(self, area: str = "VIEW_3D") -> Step:
        self.area(area).tag_redraw()
        yield 0.2

    def buttons(
        self,
        kind: str = "UI",
        area: str = "VIEW_3D",
        until: str | None = None,
        *,
        columns: Sequence[float] = (),
        empty: int = EMPTY,
    ) -> Generator[Any, None, list[Button]]:
        """Every button of a region, top to bottom, found by sweeping the mouse over it (some seconds).

        `what` is the operator call ("bpy.ops.neural4d.generate()") or the full data path of the
        property ('bpy.data.scenes["Scene"].neural4d.prompt'), as Blender's own Copy Python Command
        and Copy Full Data Path of the button below the mouse give it. Labels are not found, and
        where nothing was hit for `empty` pixels the panel is taken to be over. With `until`, a regular
        expression, the sweep ends below the first button that matches it. With `columns`, fractions of the
        region's width such as WIDE, only these are swept, which takes a tenth of the time.
        """
        region = self.region(kind, area)
        left, bottom, right, top = region.x, region.y, region.x + region.width, region.y + region.height
        seen: dict[str, list[Point]] = {}
        lowest, match = top, ""
        places = [left + round((right - left) * part) for part in columns] or range(left + COLUMN // 2, right, COLUMN)
        below: dict[Point, str] = {}
        for y in range(top - 3, bottom, -ROW):
            if y < lowest - empty or (match and seen[match][-1][1] > y + ROW):
                break
            if (places[0], y) not in below:
                # A button is told until another one is met: begin where there is none.
                yield from self.move(right - 1, top - 1)
                self.region(kind, area).tag_redraw()
                yield Until(lambda: not self.below_mouse(kind, area), "the button that was met last to be forgotten")
                rows = range(y, max(bottom, y - ROWS * ROW), -ROW)
                points = [(x, row) for row in rows for x in places]
                below = yield from look(self.window, points, lambda: self.below_mouse(kind, area))
            for x in places:
                what = below[x, y]
                if what:
                    seen.setdefault(what, []).append((x, y))
                    lowest = y
                    match = match or (what if until and re.search(until, what) else "")
        return [Button(*middle(points), what) for what, points in seen.items()]

    def find(
        self,
        pattern: str,
        kind: str = "UI",
        area: str = "VIEW_3D",
        *,
        columns: Sequence[float] = (),
        empty: int = EMPTY,
    ) -> Generator[Any, None, Button]:
        r"""The first button whose `what` matches a regular expression: r"neural4d\.generate\(", r"\.prompt$"."""
        buttons = yield from self.buttons(kind, area, until=pattern, columns=columns, empty=empty)
        for button in buttons:
            if re.search(pattern, button.what):
                return button
        there = "\n".join(f"  {button}" for button in buttons) or "  none"
        raise GaveUp(f"no button matches {pattern!r}; there are:\n{there}")

    def below_mouse(self, kind: str = "UI", area: str = "VIEW_3D") -> str:
        """What the button below the mouse is, as buttons() tells it; empty where there is none."""
        manager = bpy.context.window_manager
        with bpy.context.temp_override(window=self.window, area=self.area(area), region=self.region(kind, area)):
            for copy, arguments in (
                (bpy.ops.ui.copy_python_command_button, {}),
                (bpy.ops.ui.copy_data_path_button, {"full_path": True}),
            ):
                if copy.poll():
                    manager.clipboard = ""
                    copy(**arguments)
                    return str(manager.clipboard)
        return ""

    # Seeing

    def screenshot(self, name: str) -> Step:
        """What the screen shows, to out/screenshots/NAME.png; the harness outside takes it."""
        done = self._shots / f"{name}.done"
        done.unlink(missing_ok=True)
        yield 0.2  # a redraw that is due
        (self._shots / f"{name}.wanted").touch()
        yield Until(done.exists, f"the screenshot {name}", 20)


class Gaps:
    """How long the window stood still: the largest gap between the ticks of a 5 ms timer."""

    def __init__(self) -> None:
        self._last = 0.0
        self._largest = 0.0
        self._ticks = 0

    def start(self) -> None:
        self._last, self._largest, self._ticks = time.perf_counter(), 0.0, 0
        if not bpy.app.timers.is_registered(self._tick):
            bpy.app.timers.register(self._tick, persistent=True)

    def stop(self) -> dict[str, float]:
        """`largest_ms` and `ticks` since start()."""
        if bpy.app.timers.is_registered(self._tick):
            bpy.app.timers.unregister(self._tick)
        return {"largest_ms": round(self._largest * 1000, 2), "ticks": self._ticks}

    def _tick(self) -> float:
        now = time.perf_counter()
        self._largest = max(self._largest, now - self._last)
        self._last = now
        self._ticks += 1
        return 0.005
