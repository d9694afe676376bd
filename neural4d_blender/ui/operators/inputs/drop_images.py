"""Images that are dropped on the 3D viewport become what the next model is made of."""

from pathlib import Path
from typing import Any

import bpy
from bpy.props import StringProperty

from ...drawing.languages import sentence, tr
from ...settings import image_sources

#: What a viewport takes as an image; Blender's own handlers of images take these too, and movies.
_ENDINGS = ".png;.jpg;.jpeg;.webp;.tif;.tiff;.bmp;.tga;.exr;.hdr;.jp2;.dpx;.cin"


class NEURAL4D_OT_drop_image(bpy.types.Operator):
    """Make the next model of this image file"""

    bl_idname = "neural4d.drop_image"
    bl_label = "Generate 3D with Neural4D"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    filepath: StringProperty(name="File", subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[Any]:
        """It was dropped in a window: the pop-up has the price, and the button to press."""
        done = self.execute(context)
        if done == {"FINISHED"} and not bpy.app.background:
            bpy.ops.neural4d.generate_popup("INVOKE_DEFAULT")
        return done

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Choose the file in the panel; nothing is sent before Generate is pressed."""
        if not self.filepath:
            return {"CANCELLED"}
        if why := image_sources.take_file(context.scene.neural4d, self.filepath):
            self.report(
                {"ERROR"},
                tr("{why} Choose another service in the sidebar's Neural4D tab, then drop it again.").format(
                    why=sentence(why)
                ),
            )
            return {"CANCELLED"}
        self.report(
            {"INFO"}, tr("{name}: press Generate in the sidebar's Neural4D tab").format(name=Path(self.filepath).name)
        )
        return {"FINISHED"}


class NEURAL4D_FH_image(bpy.types.FileHandler):
    """Offers the above beside what Blender itself does with an image that is dropped on a 3D viewport."""

    bl_idname = "NEURAL4D_FH_image"
    bl_label = "Neural4D image"
    bl_import_operator = "neural4d.drop_image"
    bl_file_extensions = _ENDINGS

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        """Only on a 3D viewport."""
        return bool(context.area and context.area.type == "VIEW_3D")


CLASSES = (NEURAL4D_OT_drop_image, NEURAL4D_FH_image)
