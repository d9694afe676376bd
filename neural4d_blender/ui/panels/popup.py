"""What the menus and the key open: a pop-up at the mouse with all that a job needs, in any workspace and mode."""

from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from ...scene.user_settings import located
from ..drawing import labels
from ..drawing.languages import sentence, tr
from ..drawing.priced_dialog import PricedDialog
from ..operators.generate import in_the_way
from ..settings import draw_price, image_sources, recent_prompts_and_presets
from ..settings.properties import service
from . import inputs, obstacles

#: Pixels of the pop-up at the interface's usual scale.
_WIDTH = 400


class NEURAL4D_OT_generate_popup(PricedDialog, bpy.types.Operator):
    """Make a model of a prompt or an image with an AI service, at the 3D cursor. The price is shown first"""

    bl_idname = "neural4d.generate_popup"
    bl_label = "Generate 3D Model (AI)"
    bl_options = {"REGISTER"}

    input: EnumProperty(
        name="Make It Of",
        items=[
            ("PANEL", "As Last Time", "What it was made of the last time"),
            ("TEXT", "Prompt", "Make the model of a few words"),
            ("IMAGE", "Image", "Make the model of a picture"),
        ],
        options={"SKIP_SAVE"},
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[Any]:
        """Open it, with the user's own settings."""
        recent_prompts_and_presets.adopt()
        if self.input != "PANEL":
            context.scene.neural4d.input = self.input
        return self.ask(context, tr("Generate"), width=_WIDTH, title=tr("Generate 3D Model"))

    def price(self, context: bpy.types.Context) -> str:
        """What the panel's settings cost."""
        chosen = context.scene.neural4d
        return draw_price.price_text(chosen, of_image=chosen.input == "IMAGE")

    def draw(self, context: bpy.types.Context) -> None:
        """What the panel has, less what most jobs need no change of."""
        layout, chosen = self.layout, context.scene.neural4d
        with labels.in_popup(_WIDTH):
            obstacles.draw(layout, chosen)
            layout.prop(chosen, "provider", text="")
            inputs.draw_source(layout, context)
            inputs.draw_size(inputs.split(layout).row, chosen)
            draw_price.draw_told(layout, chosen, of_image=chosen.input == "IMAGE")
            self.draw_changed(context)

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Start the job as the panel's button does."""
        if self.asks_anew(context):
            return {"CANCELLED"}
        if why := in_the_way(context):
            self.report({"ERROR"}, f"{why}.")
            return {"CANCELLED"}
        bpy.ops.neural4d.generate("EXEC_DEFAULT" if bpy.app.background else "INVOKE_DEFAULT")
        return {"FINISHED"}


class NEURAL4D_OT_image_to_3d(bpy.types.Operator):
    """Make a model of an image: choose it, and see the price before anything is sent"""

    bl_idname = "neural4d.image_to_3d"
    bl_label = "Image to 3D Model (AI)"
    bl_options = {"REGISTER"}

    image: StringProperty(name="Image", description="Name of an image in this file", options={"SKIP_SAVE", "HIDDEN"})
    filepath: StringProperty(name="File", subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})
    filter_image: BoolProperty(default=True, options={"SKIP_SAVE", "HIDDEN"})
    filter_folder: BoolProperty(default=True, options={"SKIP_SAVE", "HIDDEN"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[Any]:
        """Ask for a file where no image is named."""
        if self.image or self.filepath:
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Choose it in the panel, and open the pop-up."""
        chosen = context.scene.neural4d
        image: Any = bpy.data.images.get(self.image)
        source = "FILE" if image is None else "RENDER" if image.type == "RENDER_RESULT" else "IMAGE"
        why = image_sources.lacks(service(chosen), source)
        if not why and source == "FILE" and not located(self.filepath).is_file():
            why = f"{tr('The image file does not exist')}."
        if why:
            self.report({"ERROR"}, sentence(why))
            return {"CANCELLED"}
        chosen.input, chosen.image_source = "IMAGE", source
        if source == "FILE":
            chosen.image_path = self.filepath
        elif source == "IMAGE":
            chosen.image = image
        if not bpy.app.background:
            bpy.ops.neural4d.generate_popup("INVOKE_DEFAULT")
        return {"FINISHED"}


CLASSES = (NEURAL4D_OT_generate_popup, NEURAL4D_OT_image_to_3d)
