"""The Neural4D tab of the 3D Viewport's sidebar: one panel to generate, one for the jobs."""

from __future__ import annotations

import bpy

from ...engine.protocol import Feature
from ..drawing import labels
from ..drawing.languages import tr
from ..lists import job_list
from ..operators.inputs import presets
from ..settings import draw_price, image_sources, panel_request, recent_prompts_and_presets, service_options
from ..settings.properties import NEURAL4D_PG_settings, service
from . import about_model, inputs, obstacles


class _SidebarPanel:
    """Where the panels are."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Neural4D"


class NEURAL4D_PT_generate(_SidebarPanel, bpy.types.Panel):
    """Prompt, size and price, and the button"""

    bl_label = "Generate"

    def draw_header_preset(self, _context: bpy.types.Context) -> None:
        """Saved settings; and for those who go on in Python."""
        presets.NEURAL4D_PT_presets.draw_panel_header(self.layout)
        self.layout.operator("neural4d.copy_as_python", text="", icon="COPYDOWN", emboss=False)
        self.layout.separator()  # Blender's own grip comes next

    def draw(self, context: bpy.types.Context) -> None:
        """What stands in the way comes first, then what to make, then what it costs."""
        layout, chosen = self.layout, context.scene.neural4d
        if recent_prompts_and_presets.is_new(chosen):
            recent_prompts_and_presets.adopt_soon()
        obstacles.draw(layout, chosen)
        layout.prop(chosen, "provider", text="")
        inputs.draw(layout, context)
        _draw_refusal(layout, chosen, of_image=chosen.input == "IMAGE")
        draw_price.draw(layout, chosen, of_image=chosen.input == "IMAGE")


class NEURAL4D_PT_more(_SidebarPanel, bpy.types.Panel):
    """What most jobs need no change of"""

    bl_label = "More"
    bl_parent_id = "NEURAL4D_PT_generate"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Format, limit, and the points in detail."""
        layout, chosen = self.layout, context.scene.neural4d
        layout.use_property_split = True
        layout.use_property_decorate = False
        declared = service(chosen)
        layout.prop(service_options.group(chosen, declared), "file_format")
        draw_price.draw_cap(layout, chosen)
        draw_price.draw_points(layout, chosen.provider, declared.unit)


class NEURAL4D_PT_service(_SidebarPanel, bpy.types.Panel):
    """What only the chosen service can do"""

    bl_label = ""
    bl_parent_id = "NEURAL4D_PT_generate"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """The service has options."""
        return bool(service(context.scene.neural4d).options)

    def draw_header(self, context: bpy.types.Context) -> None:
        """Named after the service."""
        self.layout.label(text=tr("{name} Options").format(name=service(context.scene.neural4d).name))

    def draw(self, context: bpy.types.Context) -> None:
        """The options as it declares them."""
        layout, chosen = self.layout, context.scene.neural4d
        layout.use_property_split = True
        layout.use_property_decorate = False
        declared = service(chosen)
        service_options.draw(layout, chosen, declared, for_images=chosen.input == "IMAGE")
        if chosen.input == "IMAGE" and declared.max_images > 1:
            layout.operator("neural4d.generate_from_files", icon="FILE_IMAGE")


class NEURAL4D_PT_arrival(_SidebarPanel, bpy.types.Panel):
    """What is made of the model before it comes into the scene"""

    bl_label = "Import"
    bl_parent_id = "NEURAL4D_PT_generate"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Parts and faces first, then what they look like."""
        layout, chosen = self.layout, context.scene.neural4d
        layout.prop(chosen, "placeholder")  # not split: long names have all the room
        layout.prop(chosen, "joined")
        layout.prop(chosen, "use_max_faces")
        limit = layout.column()
        limit.active = chosen.use_max_faces
        limit.prop(chosen, "max_faces")
        layout.prop(chosen, "quads")
        layout.prop(chosen, "recalculate_normals")
        layout.prop(chosen, "animation")
        layout.prop(chosen, "pack_images")
        if not (chosen.pack_images or bpy.data.filepath):
            labels.draw(layout, tr("Save the file first: the images go to a folder beside it."), "INFO")


class NEURAL4D_PT_repairs(_SidebarPanel, bpy.types.Panel):
    """What is put right of the model's shape before it comes into the scene"""

    bl_label = "Repairs"
    bl_parent_id = "NEURAL4D_PT_arrival"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Any of them together."""
        self.layout.column().prop(context.scene.neural4d, "repair")


class NEURAL4D_PT_games(_SidebarPanel, bpy.types.Panel):
    """What is made of the model for a game before it comes into the scene"""

    bl_label = "Game"
    bl_parent_id = "NEURAL4D_PT_arrival"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """A new mesh, then what hangs beside it."""
        layout, chosen = self.layout, context.scene.neural4d
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(chosen, "retopology")
        if chosen.retopology != "NONE":
            layout.prop(chosen, "texture_size")
        layout.prop(chosen, "lods", placeholder="0.5, 0.1")
        layout.prop(chosen, "collision")


class NEURAL4D_PT_blockout(_SidebarPanel, bpy.types.Panel):
    """Boxes that are to become models"""

    bl_label = "Blockout"
    bl_options = {"DEFAULT_CLOSED"}  # and there whatever is selected: what is below it stays where it is
    bl_order = 8  # between Batches and Bring In

    def draw(self, _context: bpy.types.Context) -> None:
        """One model, all of them, once more."""
        layout = self.layout
        layout.operator("neural4d.fit_selected", text=tr("Fit Selected..."), icon="CUBE")
        layout.operator("neural4d.dress", text=tr("Dress Blockout..."), icon="SCENE_DATA")
        layout.operator("neural4d.refit", icon="CON_SIZELIKE")


class NEURAL4D_PT_image_editor(bpy.types.Panel):
    """The tab in the Image Editor: a model of the image that is open there"""

    bl_label = "Generate 3D from This Image"
    bl_space_type = "IMAGE_EDITOR"
    bl_region_type = "UI"
    bl_category = "Neural4D"

    def draw(self, context: bpy.types.Context) -> None:
        """The same settings, for the image at hand."""
        layout, chosen = self.layout, context.scene.neural4d
        image = image_sources.edited_image(context)
        obstacles.draw(layout, chosen)
        layout.prop(chosen, "provider", text="")
        layout.label(text=image.name if image else tr("No image is open here"), icon="IMAGE_DATA")
        if why := service(chosen).lacks(Feature.IMAGE):
            labels.draw(layout, why, "ERROR", inset=3)
        inputs.draw_result(layout, chosen, of_image=True)
        _draw_refusal(layout, chosen, of_image=True)
        draw_price.draw(layout, chosen, of_image=True, in_editor=True)
        job_list.draw(layout)


class NEURAL4D_PT_jobs(_SidebarPanel, bpy.types.Panel):
    """Jobs under way, and how the last ones ended"""

    bl_label = "Jobs"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """There are some, or there is something to say of them."""
        return not job_list.is_empty()

    def draw_header_preset(self, _context: bpy.types.Context) -> None:
        """What concerns the whole list."""
        job_list.draw_header(self.layout)

    def draw(self, _context: bpy.types.Context) -> None:
        """Newest first."""
        job_list.draw(self.layout)


def _draw_refusal(layout: bpy.types.UILayout, chosen: NEURAL4D_PG_settings, *, of_image: bool) -> None:
    """Options that do not go together; they may be folded in."""
    if why := panel_request.refusal(chosen, of_image=of_image):
        labels.draw(layout, why, "ERROR", inset=3)


CLASSES = (
    NEURAL4D_PT_generate,
    NEURAL4D_PT_service,
    NEURAL4D_PT_arrival,
    NEURAL4D_PT_repairs,
    NEURAL4D_PT_games,
    NEURAL4D_PT_more,
    NEURAL4D_PT_blockout,
    NEURAL4D_PT_jobs,
    *about_model.CLASSES,
    NEURAL4D_PT_image_editor,
)
