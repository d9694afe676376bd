"""Pictures of what Blender shows: the render result, a 3D viewport, the camera's view.

May import bpy, gpu, numpy and the engine's ``protocol``. A capture is drawn beside the window, into memory of the
graphics card: neither the render result nor the undo history is touched, and overlays and gizmos are off for the
moment of drawing only. A view rendered with Cycles is drawn as Material Preview. Drawing needs a graphics context,
so there are no captures in background.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy
import gpu
import numpy as np
from mathutils import Matrix

from ...engine.protocol import InvalidInput, UnsupportedFeature
from . import export, pixels

#: Pixels of a capture's longer side at least, and of its shorter side: a small viewport is drawn larger than it is.
_LONGER, _SHORTER = 1024, 256
#: Longer side of a capture of the camera at most, whatever the render is set to.
_MOST = 4096
#: Colours differ by at least so much where there is something to be seen.
_SOMETHING = 3 / 255


def render_result(folder: Path) -> bpy.types.Image:
    """The render result of the current scene, for ``images.export_image``.

    Args:
        folder: where a file may be made for a moment; Blender does not tell otherwise whether there is a render.

    Raises:
        InvalidInput: nothing was rendered in this scene yet.
    """
    image = next((image for image in bpy.data.images if image.type == "RENDER_RESULT"), None)
    if image is None:
        raise InvalidInput("Nothing has been rendered yet.", "Render the scene first (F12).")
    folder.mkdir(parents=True, exist_ok=True)
    path = pixels.unique_path(folder, "JPEG")
    try:
        export.save_as_rendered(image, path, "JPEG")
    finally:
        pixels.discard(path)
    return image


def capture_viewport(folder: Path, area: bpy.types.Area | None = None) -> Path:
    """Write what a 3D viewport shows, without overlays and gizmos, as a PNG in ``folder``.

    Args:
        area: the viewport; the one below the mouse, or else the largest one, where it is None.

    Raises:
        InvalidInput: no 3D viewport is open. UnsupportedFeature: Blender runs in background.
    """
    with _viewport(area) as (window, view3d, region):
        view = view3d.region_3d
        factor = max(1.0, _LONGER / max(region.width, region.height), _SHORTER / min(region.width, region.height))
        size = (round(region.width * factor), round(region.height * factor))
        drawn = _draw(window, view3d, region, view.view_matrix, view.window_matrix, size)
    return _write(drawn, folder, "Viewport")


def capture_camera(folder: Path) -> Path:
    """Write what the scene's camera sees as a PNG in ``folder``: shaded as in the viewport, framed as in a render.

    Raises:
        InvalidInput: the scene has no camera, or no 3D viewport is open, whose shading is needed.
        UnsupportedFeature: Blender runs in background.
    """
    with _viewport(None) as (window, view3d, region):
        camera = window.scene.camera
        if camera is None or camera.type != "CAMERA":
            raise InvalidInput("The scene has no camera.", "Add one with Add > Camera, or capture the viewport.")
        size = _camera_size(window.scene.render)
        with bpy.context.temp_override(window=window):
            depsgraph = bpy.context.evaluated_depsgraph_get()
        seen = camera.evaluated_get(depsgraph)
        # The aspect of the pixels is in the size already.
        projection = seen.calc_matrix_camera(depsgraph, x=size[0], y=size[1])
        drawn = _draw(window, view3d, region, seen.matrix_world.normalized().inverted(), projection, size)
    return _write(drawn, folder, "Camera")


def _camera_size(render: bpy.types.RenderSettings) -> tuple[int, int]:
    part = render.resolution_percentage / 100
    width = render.resolution_x * render.pixel_aspect_x * part
    height = render.resolution_y * render.pixel_aspect_y * part
    factor = max(1.0, _LONGER / max(width, height), _SHORTER / min(width, height))
    factor = min(factor, _MOST / max(width, height))
    return max(1, round(width * factor)), max(1, round(height * factor))


@contextmanager
def _viewport(
    area: bpy.types.Area | None,
) -> Iterator[tuple[bpy.types.Window, bpy.types.SpaceView3D, bpy.types.Region]]:
    """A 3D viewport to draw with, its overlays and gizmos off."""
    if bpy.app.background:
        raise UnsupportedFeature(
            "Blender runs in background, where nothing can be captured.",
            "Render the scene and use the render result, or give an image file.",
        )
    window, area = _find(area)
    view3d: Any = area.spaces.active
    region = next(region for region in area.regions if region.type == "WINDOW")
    before = (view3d.overlay.show_overlays, view3d.show_gizmo, view3d.shading.type)
    try:
        view3d.overlay.show_overlays, view3d.show_gizmo = False, False
        if view3d.shading.type == "RENDERED" and not window.scene.render.engine.startswith("BLENDER_"):
            view3d.shading.type = "MATERIAL"  # Cycles and other engines draw nothing here but black
        yield window, view3d, region
    finally:
        view3d.overlay.show_overlays, view3d.show_gizmo, view3d.shading.type = before


def _find(area: bpy.types.Area | None) -> tuple[bpy.types.Window, bpy.types.Area]:
    wanted = area or bpy.context.area
    views = [
        (window, candidate)
        for window in bpy.context.window_manager.windows
        for candidate in window.screen.areas
        if candidate.type == "VIEW_3D"
    ]
    if not views:
        raise InvalidInput("No 3D viewport is open.", "Open one, or use another source.")
    return next((view for view in views if view[1] == wanted), max(views, key=lambda v: v[1].width * v[1].height))


def _draw(
    window: bpy.types.Window,
    view3d: bpy.types.SpaceView3D,
    region: bpy.types.Region,
    view: Matrix,
    projection: Matrix,
    size: tuple[int, int],
) -> np.ndarray:
    """Draw the scene as it is displayed; pixels as in ``pixels``."""
    width, height = size
    offscreen: Any = gpu.types.GPUOffScreen
    state: Any = gpu.state
    try:
        canvas = offscreen(width, height)
    except (SystemError, RuntimeError, ValueError) as error:
        raise UnsupportedFeature(
            f"The graphics card gave no room for a capture: {error}.", "Use the render result or an image file."
        ) from error
    try:
        # Blender 4 draws a material white at the first look: its shader is made meanwhile.
        for _ in range(2 if view3d.shading.type in ("MATERIAL", "RENDERED") else 1):
            canvas.draw_view3d(
                *(window.scene, window.view_layer, view3d, region, view, projection), do_color_management=True
            )
            with canvas.bind():
                buffer = state.active_framebuffer_get().read_color(0, 0, width, height, 4, 0, "FLOAT")
    finally:
        canvas.free()
    buffer.dimensions = width * height * 4
    drawn = np.array(buffer, dtype=np.float32).reshape(height, width, 4)
    drawn[..., 3] = 1.0  # what shows in the window has no holes
    if np.ptp(drawn[..., :3], axis=(0, 1)).max() < _SOMETHING:
        raise InvalidInput("There is nothing to be seen in the view.", "Turn the view to what it is to show.")
    return np.clip(drawn, 0.0, 1.0)


def _write(drawn: np.ndarray, folder: Path, name: str) -> Path:
    """A PNG by that name, which the model is going to be called by; with a number behind it where it is taken."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.png"
    if path.exists():
        path = folder / f"{name}-{uuid.uuid4().hex[:8]}.png"
    with pixels.passing(pixels.from_pixels(drawn)) as image:
        return pixels.save(image, path, "PNG")
