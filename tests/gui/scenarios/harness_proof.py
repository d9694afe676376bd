"""Proves the harness on an add-on of its own: a tab with a text field and two buttons."""

from __future__ import annotations

import bpy


class PROOF_OT_press(bpy.types.Operator):
    """Counts how often it was pressed"""

    bl_idname = "proof.press"
    bl_label = "Press Me"

    def execute(self, context):
        context.scene["pressed"] = context.scene.get("pressed", 0) + 1
        return {"FINISHED"}


class PROOF_OT_other(bpy.types.Operator):
    """Is there so that a wrong click shows"""

    bl_idname = "proof.other"
    bl_label = "Not Me"

    def execute(self, context):
        context.scene["wrong"] = True
        return {"FINISHED"}


class PROOF_PT_panel(bpy.types.Panel):
    bl_label = "Harness Proof"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Proof"

    def draw(self, context):
        self.layout.label(text="A tab of a throw-away add-on")
        self.layout.prop(context.scene, "proof_text")
        row = self.layout.row()
        row.operator("proof.other")
        row.operator("proof.press")


def scenario(ui, text):
    bpy.types.Scene.proof_text = bpy.props.StringProperty(name="Text")
    for cls in (PROOF_OT_press, PROOF_OT_other, PROOF_PT_panel):
        bpy.utils.register_class(cls)
    yield from ui.open_tab("Proof")
    width = ui.region().width
    yield from ui.widen(100)
    yield from ui.screenshot("harness-tab")
    field = yield from ui.find(r"\.proof_text$")
    yield from ui.click(field.x, field.y)
    yield from ui.type(text)
    yield from ui.press("RET")
    ui.gaps.start()
    button = yield from ui.find(r"proof\.press\(")
    yield from ui.click(button.x, button.y)
    for _ in range(50):
        yield 0.01  # so many turns of Blender's loop at least, however slow the machine is
    gaps = ui.gaps.stop()
    yield from ui.screenshot("harness-pressed")
    scene = bpy.context.scene
    return {
        "widened": ui.region().width - width,
        "text": scene.proof_text,
        "pressed": scene.get("pressed", 0),
        "wrong": scene.get("wrong", False),
        "gaps": gaps,
        "buttons": [button.what for button in (yield from ui.buttons())],
    }


def fails(ui):
    yield 0.1
    raise ValueError("on purpose")


def never_ends(ui):
    while True:
        yield 0.1
