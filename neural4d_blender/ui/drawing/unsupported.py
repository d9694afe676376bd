"""What the chosen service cannot do: greyed out, with a sign beside it that says why."""

from typing import Any

import bpy
from bpy.props import StringProperty

from ...engine import protocol
from ...engine.protocol import Declaration, Feature
from ...scene.shared_engine import bridge
from . import policy
from .languages import reason, sentence


class NEURAL4D_OT_why(bpy.types.Operator):
    """Why this is greyed out"""

    bl_idname = "neural4d.why"
    bl_label = "Why"
    bl_options = {"INTERNAL"}

    why: StringProperty(name="Why", options={"SKIP_SAVE", "HIDDEN"})

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: Any) -> str:
        """The reason is the tooltip; Blender adds the full stop."""
        return reason(properties.why)

    def execute(self, _context: bpy.types.Context) -> set[Any]:
        """Tell it in the status bar too."""
        self.report({"INFO"}, sentence(self.why))
        return {"FINISHED"}


#: What a policy calls it.
_NAMES = {
    Feature.PICTURE: "picture_first",
    Feature.CHOICE: "choose_cutout",
    Feature.VIEWS: "views",
    Feature.VARIANTS: "variants",
    Feature.PBR: "pbr",
    Feature.IMAGE_URL: "image_urls",
}


def why(service: Declaration, feature: Feature) -> str:
    """Why the service, its server as far as that is known, or the policy cannot do that; empty where they can."""
    lacks = protocol.lacks(service.id, feature, bridge.servers.get(service.id, {}))
    return lacks or policy.why(_NAMES.get(feature, ""))


def row(layout: bpy.types.UILayout, why: str = "", *, grey: bool = True, room: bool = False) -> bpy.types.UILayout:
    """A row for a setting; greyed out, with the sign at its end, where there is a reason.

    Args:
        grey: False where the reason is that nothing else can be done.
        room: leave the sign's room where there is none, so that rows with and without one are in line.
    """
    outer = layout.row(align=True)
    inner = outer.row(align=True)
    if why:
        inner.enabled = not grey
        outer.operator("neural4d.why", text="", icon="INFO", emboss=False).why = why
    elif room:
        outer.label(text="", icon="BLANK1")
    return inner


CLASSES = (NEURAL4D_OT_why,)
