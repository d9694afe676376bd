"""The size of the next model by what is measured: two points that are clicked, or how large the selection is."""

from typing import Any

import blf
import bpy
from bpy.props import EnumProperty, FloatProperty, FloatVectorProperty
from mathutils import Vector

from ....api import measure
from ....engine.protocol import Neural4DError
from ....scene import measuring
from ...drawing.languages import tr
from ...settings.properties import AXES
from ..generate import report_error

#: What a viewport does while points are clicked.
_NAVIGATION = ("MIDDLEMOUSE", "WHEEL", "TRACKPAD", "NDOF", "NUMPAD")
_COLOR, _EXACT = (1.0, 1.0, 1.0, 1.0), (1.0, 0.6, 0.1, 1.0)


def _take(context: bpy.types.Context, size_mm: float, axis: str) -> None:
    """The panel's size from now on."""
    chosen = context.scene.neural4d
    chosen.use_size, chosen.size_mm = True, float(f"{size_mm:.7g}")
    if axis:
        chosen.axis = axis


class NEURAL4D_OT_measure_size(bpy.types.Operator):
    """Click two points, which snap to corners and middles of edges: how far they are apart becomes the size"""

    bl_idname = "neural4d.measure_size"
    bl_label = "Measure Two Points"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    first: FloatVectorProperty(name="First Point", subtype="XYZ", options={"SKIP_SAVE", "HIDDEN"})
    second: FloatVectorProperty(name="Second Point", subtype="XYZ", options={"SKIP_SAVE", "HIDDEN"})

    _points: Any = None
    _at: Any = None  # where the mouse is: a Snapped
    _drawn: Any = None

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There is a viewport to click in."""
        return bool(context.area and context.area.type == "VIEW_3D") or bpy.app.background

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[Any]:
        """Wait for the clicks."""
        self._points, self._at = [], None
        self._drawn = bpy.types.SpaceView3D.draw_handler_add(self._draw, (), "WINDOW", "POST_PIXEL")
        context.window.cursor_modal_set("CROSSHAIR")
        context.window_manager.modal_handler_add(self)
        self._say(context)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[Any]:
        """Follow the mouse; take a point with each click."""
        if event.type in {"ESC", "RIGHTMOUSE"}:
            self._end(context)
            return {"CANCELLED"}
        if event.type.startswith(_NAVIGATION):
            return {"PASS_THROUGH"}
        if event.type == "LEFTMOUSE" and event.value == "PRESS":
            if (at := self._below(context, event)) is None:
                return {"RUNNING_MODAL"}
            self._points.append(at.point)
            self._say(context)
            if len(self._points) == 2:
                self._end(context)
                self.first, self.second = self._points
                return self.execute(context)
        elif event.type in {"MOUSEMOVE", "LEFT_CTRL", "RIGHT_CTRL"}:
            self._at = self._below(context, event)
            _redraw(context)
        return {"RUNNING_MODAL"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends it: another file, quitting."""
        self._end(context)

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Take the distance; along an axis where the points are above or beside each other."""
        try:
            size = measure.distance_mm(self.first, self.second)
        except Neural4DError as error:
            return report_error(self, error)
        _take(context, size, measuring.axis_of(self.first, self.second))
        self.report({"INFO"}, tr("The size is {size} now").format(size=_in_words(context.scene, size)))
        return {"FINISHED"}

    @staticmethod
    def _below(context: bpy.types.Context, event: bpy.types.Event) -> "measuring.Snapped | None":
        """The point below the mouse; None where that is over no viewport."""
        for area in context.screen.areas:
            inside = 0 <= event.mouse_x - area.x < area.width and 0 <= event.mouse_y - area.y < area.height
            if area.type != "VIEW_3D" or not inside:
                continue
            x, y = event.mouse_x, event.mouse_y
            over = [r for r in area.regions if r.x <= x < r.x + r.width and r.y <= y < r.y + r.height and r.width > 1]
            if [region.type for region in over] == ["WINDOW"]:
                mouse, view = Vector((x - over[0].x, y - over[0].y)), area.spaces.active.region_3d
                return measuring.snap(context.scene, over[0], view, mouse, free=event.ctrl)
        return None

    def _say(self, context: bpy.types.Context) -> None:
        text = tr("Click the second point") if self._points else tr("Click the first point")
        context.workspace.status_text_set(f"{text}  ·  {tr('Ctrl: no snapping')}  ·  {tr('Esc: cancel')}")

    def _end(self, context: bpy.types.Context) -> None:
        if self._drawn:
            bpy.types.SpaceView3D.draw_handler_remove(self._drawn, "WINDOW")
            self._drawn = None
        context.window.cursor_modal_restore()
        context.workspace.status_text_set(None)
        _redraw(context)

    def _draw(self) -> None:
        """The points and the line between them, with how long it is."""
        import gpu  # Blender's start does without
        from bpy_extras.view3d_utils import location_3d_to_region_2d
        from gpu_extras.batch import batch_for_shader

        context = bpy.context
        points = [*self._points, *([self._at.point] if self._at else [])]
        found = [location_3d_to_region_2d(context.region, context.region_data, point) for point in points]
        spots = [(spot.x, spot.y) for spot in found if spot is not None]
        if not spots:
            return
        shader = gpu.shader.from_builtin("UNIFORM_COLOR")
        shader.uniform_float("color", _EXACT if self._at and self._at.is_exact else _COLOR)
        gpu.state.point_size_set(8)
        batch_for_shader(shader, "POINTS", {"pos": [(*spot, 0) for spot in spots]}).draw(shader)
        if len(spots) == 2:
            batch_for_shader(shader, "LINES", {"pos": [(*spot, 0) for spot in spots]}).draw(shader)
            length = measuring.distance_mm(points[0], points[1], context.scene)
            blf.size(0, 14 * context.preferences.system.ui_scale)
            blf.color(0, *_COLOR)
            blf.position(0, (spots[0][0] + spots[1][0]) / 2 + 8, (spots[0][1] + spots[1][1]) / 2 + 8, 0)
            blf.draw(0, _in_words(context.scene, length))
        gpu.state.point_size_set(1)


class NEURAL4D_OT_size_of_selection(bpy.types.Operator):
    """Take the size of what is selected, or so many times that: as tall as the door, half as wide as the table"""

    bl_idname = "neural4d.size_of_selection"
    bl_label = "As Large as the Selection"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    axis: EnumProperty(name="Along", description="The side that gets the size", items=AXES, default="Z")
    times: FloatProperty(
        name="Times", description="0.5 is half as large", default=1.0, min=0.001, soft_max=10.0, options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Say why it is grey."""
        if not context.selected_objects:
            cls.poll_message_set(tr("Select what the model is to be measured by"))
        return bool(context.selected_objects)

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Take it; Adjust Last Operation has the factor."""
        try:
            size = measure.size_mm_of(context.selected_objects, self.axis) * self.times
        except Neural4DError as error:
            return report_error(self, error)
        _take(context, size, self.axis)
        self.report({"INFO"}, tr("The size is {size} now").format(size=_in_words(context.scene, size)))
        return {"FINISHED"}


class NEURAL4D_MT_size(bpy.types.Menu):
    """Measure the size in the scene"""

    bl_label = "Measure Size"

    def draw(self, _context: bpy.types.Context) -> None:
        """Two points, or each side of the selection."""
        layout = self.layout
        layout.operator_context = "INVOKE_DEFAULT"
        layout.operator("neural4d.measure_size", icon="DRIVER_DISTANCE")
        layout.separator()
        texts = (("Z", tr("As Tall as the Selection")), ("X", tr("As Wide as the Selection")))
        for axis, text in (*texts, ("Y", tr("As Deep as the Selection"))):
            layout.operator("neural4d.size_of_selection", text=text).axis = axis


def _in_words(scene: bpy.types.Scene, size_mm: float) -> str:
    """A length in the scene's units."""
    system = scene.unit_settings.system
    metres = size_mm / 1000
    return f"{metres:.4g}" if system == "NONE" else bpy.utils.units.to_string(system, "LENGTH", metres, precision=4)


def _redraw(context: bpy.types.Context) -> None:
    for area in context.screen.areas:
        if area.type == "VIEW_3D":
            area.tag_redraw()


CLASSES = (NEURAL4D_OT_measure_size, NEURAL4D_OT_size_of_selection, NEURAL4D_MT_size)
