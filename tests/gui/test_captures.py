"""Captures of the viewport and of the camera's view, and images dropped on the viewport, in a real window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from tests.gui.harness import SCREENSHOTS, run_scenario

BLUE = (0, 0, 255)


def read(path: str | Path) -> np.ndarray:
    """Pixels, the top row first."""
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def red(pixels: np.ndarray) -> np.ndarray:
    """Where the square is."""
    return pixels[..., 0] > 127


def has_only_the_square(pixels: np.ndarray) -> bool:
    """Blue around, red within, and between them only what smooth edges mix: no grid, axis, outline or gizmo."""
    mixed = (pixels[..., 1] <= 2) & (pixels[..., 0] + pixels[..., 2] >= 250)
    # A Blender's colour management may round the blue's zeros to 2.
    return bool(mixed.all() and red(pixels).any() and np.abs(pixels[2, 2] - BLUE).max() <= 2)


def test_viewport_and_camera(tmp_path: Path) -> None:
    done = run_scenario("captures", arguments={"folder": str(tmp_path)}, timeout=120, size=(1600, 900), whole=True)
    left, bottom, width, height = done["region"]
    viewport, camera = read(done["viewport"]), read(done["camera"])
    screen = read(SCREENSHOTS / "captures-window.png")
    shown = screen[screen.shape[0] - bottom - height : screen.shape[0] - bottom, left : left + width]
    assert not has_only_the_square(shown)  # so that the next lines could fail

    assert viewport.shape == (height, width, 3)
    assert has_only_the_square(viewport)
    # The square is where the window shows it, in the window's colours. The camera's frame crosses it on screen.
    rows, columns = np.nonzero(red(viewport))
    row, column = rows.min() + 5, (columns.min() + columns.max()) // 2 - 10
    # Smooth edges let half a percent of the background's light through.
    assert np.abs(shown[row, column] - viewport[row, column]).max() <= 25

    assert camera.shape == (512, 1024, 3)  # the render's 2 : 1, as large as a small render has to be drawn
    assert has_only_the_square(camera)
    rows, columns = np.nonzero(red(camera))
    assert abs(columns.min() - 256) <= 1
    assert abs(columns.max() - 767) <= 1
    assert rows.max() - rows.min() == 511

    assert done["errors"] == ["The scene has no camera.", "There is nothing to be seen in the view."]


def test_a_view_that_cycles_renders(tmp_path: Path) -> None:
    done = run_scenario("captures.cycles", arguments={"folder": str(tmp_path)}, timeout=180)
    pixels = read(done)
    middle = pixels[pixels.shape[0] // 2, pixels.shape[1] // 2]
    assert middle[0] > 200
    assert middle[0] > middle[2] + 50
    assert tuple(pixels[2, 2]) != tuple(middle)


def test_an_image_dropped_on_the_viewport(tmp_path: Path) -> None:
    path = tmp_path / "dropped.png"
    Image.new("RGB", (300, 300), "orange").save(path)
    done = run_scenario("captures.dropped", arguments={"path": str(path)})
    assert done == {"chosen": ["FILE", str(path)], "undone": ""}
