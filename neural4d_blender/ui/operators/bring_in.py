"""Bring in models that are there already: files, what an id or a link leads to, what an account has; free of cost."""

import re
from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, FloatProperty, IntProperty, StringProperty

from ...api import bring_in
from ...engine.protocol import Neural4DError
from ...scene import timer_and_file_handlers
from ..drawing.languages import tr
from ..lists.account_page import page
from ..settings import sizes
from ..settings.properties import AXES, arrival, service
from .generate import report_error

#: Endings of model files that a viewport offers this for, beside Blender's own importers; a .blend it opens itself.
ENDINGS = (".glb", ".gltf", ".fbx", ".obj", ".stl", ".ply", ".usdz", ".usd", ".usda", ".usdc", ".zip")


class NEURAL4D_PG_bring_in(bpy.types.PropertyGroup):
    """What the panel's field holds; of the window, so never saved."""

    what: StringProperty(
        name="What", description="A model's id at the chosen service, its link, or the path of its file", maxlen=4096
    )


class NEURAL4D_OT_bring_in(bpy.types.Operator):
    """Bring in the model that this leads to, as large as the panel says. It costs nothing"""

    bl_idname = "neural4d.bring_in"
    bl_label = "Bring In"
    bl_options = {"REGISTER", "INTERNAL"}

    what: StringProperty(name="What", options={"SKIP_SAVE", "HIDDEN"})
    provider: StringProperty(name="Service", options={"SKIP_SAVE", "HIDDEN"})
    called: StringProperty(name="Name", options={"SKIP_SAVE", "HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Of the account's list what it names; else what the field holds."""
        field, chosen = context.window_manager.neural4d_bring_in, context.scene.neural4d
        what = self.what or field.what.strip()
        whose = self.provider or (chosen.provider if re.fullmatch(service(chosen).ids or "(?!)", what) else "")
        try:
            job = bring_in.bring_in(what, provider=whose, name=self.called, **arrival(chosen))
        except Neural4DError as error:
            return report_error(self, error)
        if not self.what:
            field.what = ""
        elif not isinstance(job, list):  # as it would be of a folder
            page.brought[self.what] = job.id
        timer_and_file_handlers.redraw()
        return {"FINISHED"}


class NEURAL4D_OT_paste_what(bpy.types.Operator):
    """Take the id, link or path that the clipboard holds into the field; it is read only now"""

    bl_idname = "neural4d.paste_what"
    bl_label = "Paste"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Its first line that is not empty."""
        lines = (line.strip() for line in context.window_manager.clipboard.splitlines())
        text = next((line for line in lines if line), "")
        if not text:
            self.report({"INFO"}, tr("There is no text on the clipboard"))
            return {"CANCELLED"}
        context.window_manager.neural4d_bring_in.what = text
        return {"FINISHED"}


class NEURAL4D_OT_list_account(bpy.types.Operator):
    """Ask the service for the models that the account has; it costs nothing"""

    bl_idname = "neural4d.list_account"
    bl_label = "List Models"
    bl_options = {"INTERNAL"}

    provider: StringProperty(name="Service", options={"SKIP_SAVE", "HIDDEN"})
    page: IntProperty(name="Page", min=0, options={"SKIP_SAVE", "HIDDEN"})

    def execute(self, _context: bpy.types.Context) -> set[Any]:
        """The answer shows in the panel, and so does what stands in the way of one."""
        page.look_up(self.provider, self.page)
        timer_and_file_handlers.redraw()
        return {"FINISHED"}


class NEURAL4D_OT_bring_in_files(bpy.types.Operator):
    """Bring in model files from any service or program, exactly as large as you say"""

    bl_idname = "neural4d.bring_in_files"
    bl_label = "Model at Real Size"
    bl_options = {"REGISTER"}

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})
    files: CollectionProperty(type=bpy.types.OperatorFileListElement, options={"SKIP_SAVE", "HIDDEN"})
    directory: StringProperty(subtype="DIR_PATH", options={"SKIP_SAVE", "HIDDEN"})
    filter_glob: StringProperty(
        default=";".join(f"*{ending}" for ending in (".blend", *ENDINGS)), options={"HIDDEN", "SKIP_SAVE"}
    )
    use_size: BoolProperty(
        name="Exact Size", description="Scale to the size below; otherwise a model keeps the size it has", default=True
    )
    size: FloatProperty(
        name="Size",
        description="Real size along the chosen side, in the scene's units or with any other one: 1.8m, 180cm, 6ft",
        default=1.0,
        min=0.0,
        unit="LENGTH",
        subtype="DISTANCE",
        precision=4,
        options={"SKIP_SAVE"},
    )
    axis: EnumProperty(name="Along", description="The side that gets the size", items=AXES)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[Any]:
        """Ask for the files; of those that were dropped ask the size alone."""
        chosen = context.scene.neural4d
        if not self.properties.is_property_set("size"):
            self.size = sizes.in_units(context.scene, sizes.wanted(chosen))
        if self.paths():
            return context.window_manager.invoke_props_dialog(self, confirm_text=tr("Bring In"))
        self.use_size, self.axis = chosen.use_size, chosen.axis
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def draw(self, _context: bpy.types.Context) -> None:
        """The size, below the names of what was dropped."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(self, "use_size")
        column = layout.column()
        column.active = self.use_size
        column.prop(self, "size")
        column.prop(self, "axis")

    def paths(self) -> list[Path]:
        """The files."""
        several = [Path(self.directory) / file.name for file in self.files if file.name]
        return several or ([Path(self.filepath)] if self.filepath else [])

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """A job for each; all else is as the panel's import settings say."""
        scene, paths = context.scene, self.paths()
        settings = arrival(scene.neural4d)
        settings["size_mm"] = sizes.in_mm(scene, self.size) if self.use_size else None
        settings["axis"] = self.axis
        try:
            bring_in.bring_in([bpy.path.abspath(str(path)) for path in paths], **settings)
        except Neural4DError as error:
            return report_error(self, error)
        timer_and_file_handlers.redraw()
        return {"FINISHED"}


class NEURAL4D_FH_model(bpy.types.FileHandler):
    """Offers the above beside Blender's own importers for a model that is dropped on a 3D viewport."""

    bl_idname = "NEURAL4D_FH_model"
    bl_label = "Neural4D model"
    bl_import_operator = "neural4d.bring_in_files"
    bl_file_extensions = ";".join(ENDINGS)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """Only on a 3D viewport."""
        return bool(context.area and context.area.type == "VIEW_3D")


CLASSES = (
    NEURAL4D_PG_bring_in,
    NEURAL4D_OT_bring_in,
    NEURAL4D_OT_paste_what,
    NEURAL4D_OT_list_account,
    NEURAL4D_OT_bring_in_files,
    NEURAL4D_FH_model,
)
