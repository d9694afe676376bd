"""Where the picture of a job comes from: the panel's choice of sources, and images dropped on the 3D viewport.

Nothing here looks at a picture's content; that is done when it is sent (``scene/images.py``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
from bpy.props import StringProperty

from ..engine.protocol import InvalidInput

#: For an EnumProperty.
SOURCES = [
    ("FILE", "File", "An image file", "FILE_IMAGE", 0),
    ("IMAGE", "Image", "An image of this blend file, saved or not", "IMAGE_DATA", 1),
    ("EDITOR", "Image Editor", "What the Image Editor shows", "IMAGE", 2),
    ("RENDER", "Render Result", "What was rendered last in this scene", "RENDER_RESULT", 3),
    ("VIEWPORT", "Viewport", "What the 3D viewport shows, without overlays and gizmos", "VIEW3D", 4),
    ("CAMERA", "Camera View", "What the scene's camera sees, shaded as in the viewport", "CAMERA_DATA", 5),
]
#: What a viewport takes as an image; Blender's own handlers of images take these too, and movies.
_ENDINGS = ".png;.jpg;.jpeg;.webp;.tif;.tiff;.bmp;.tga;.exr;.hdr;.jp2;.dpx;.cin"


def edited_image(context: bpy.types.Context) -> bpy.types.Image | None:
    """The image of the Image Editor: of this one, else of the largest one there is, this window's first."""
    here: Any = context.space_data
    if here is not None and here.type == "IMAGE_EDITOR":
        return here.image
    windows = sorted(context.window_manager.windows, key=lambda window: window != context.window)
    for window in windows:
        areas = [area for area in window.screen.areas if area.type == "IMAGE_EDITOR"]
        for area in sorted(areas, key=lambda area: -area.width * area.height):
            space: Any = area.spaces.active
            if space.image is not None:
                return space.image
    return None


def missing(context: bpy.types.Context) -> str:
    """Why the chosen source gives no picture, for a button that is grey; empty where it may well give one."""
    chosen = context.scene.neural4d
    match chosen.image_source:
        case "FILE" if not chosen.image_path:
            return "Choose an image file"
        case "FILE" if not Path(bpy.path.abspath(chosen.image_path)).is_file():
            return "The image file does not exist"
        case "IMAGE" if chosen.image is None:
            return "Choose an image"
        case "EDITOR" if edited_image(context) is None:
            return "No image is open in an Image Editor"
        case "CAMERA" if context.scene.camera is None:
            return "The scene has no camera"
    return ""


def resolve(context: bpy.types.Context, folder: Path) -> str | Path | bpy.types.Image:
    """What ``generate(image=...)`` takes of the chosen source.

    Args:
        folder: where a capture is written.

    Raises:
        InvalidInput: the source gives no picture. UnsupportedFeature: a capture, in background.
    """
    if why := missing(context):
        raise InvalidInput(f"{why}.", "Choose one, or another source.")
    from ..scene import captures  # it brings numpy, which would hold up Blender's start

    chosen = context.scene.neural4d
    match chosen.image_source:
        case "FILE":
            return str(chosen.image_path)
        case "RENDER":
            return captures.render_result(folder)
        case "VIEWPORT":
            return captures.capture_viewport(folder, context.area)
        case "CAMERA":
            return captures.capture_camera(folder)
    return edited_image(context) if chosen.image_source == "EDITOR" else chosen.image


def draw(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """The source, and what it asks for."""
    chosen = context.scene.neural4d
    layout.prop(chosen, "image_source", text="")
    if chosen.image_source == "FILE":
        layout.prop(chosen, "image_path", text="")
    elif chosen.image_source == "IMAGE":
        layout.template_ID(chosen, "image", open="image.open")
    elif chosen.image_source == "EDITOR":
        image = edited_image(context)
        layout.label(text=image.name if image else missing(context), icon="IMAGE_DATA" if image else "INFO")
    elif why := missing(context):
        layout.label(text=why, icon="INFO")


class NEURAL4D_OT_drop_image(bpy.types.Operator):
    """Make the next model of this image file"""

    bl_idname = "neural4d.drop_image"
    bl_label = "Generate 3D with Neural4D"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    filepath: StringProperty(name="File", subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Choose the file in the panel; nothing is sent before Generate is pressed."""
        if not self.filepath:
            return {"CANCELLED"}
        chosen = context.scene.neural4d
        chosen.input, chosen.image_source = "IMAGE", "FILE"
        chosen.image_path = self.filepath
        self.report({"INFO"}, f"{Path(self.filepath).name}: press Generate in the sidebar's Neural4D tab")
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
