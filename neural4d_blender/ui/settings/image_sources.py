"""Where the picture of a job comes from: the panel's choice of sources, as far as the service takes them.

Nothing here looks at a picture's content; that is done when it is sent (``scene/images/export.py``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from ...engine import protocol
from ...engine.protocol import Declaration, Feature, InvalidInput, Option, declaration
from ...scene.user_settings import located
from ..drawing import labels, unsupported
from ..drawing.languages import reason, sentence, tr
from . import service_options

#: For an EnumProperty.
SOURCES = [
    ("FILE", "File", "An image file", "FILE_IMAGE", 0),
    ("IMAGE", "Image", "An image of this blend file, saved or not", "IMAGE_DATA", 1),
    ("EDITOR", "Image Editor", "What the Image Editor shows", "IMAGE", 2),
    ("RENDER", "Render Result", "What was rendered last in this scene", "RENDER_RESULT", 3),
    ("VIEWPORT", "Viewport", "What the 3D viewport shows, without overlays and gizmos", "VIEW3D", 4),
    ("CAMERA", "Camera View", "What the scene's camera sees, shaded as in the viewport", "CAMERA_DATA", 5),
    ("URL", "Web Address", "An image on the web, which the service fetches by itself", "URL", 6),
    ("SERVICE", "At the Service", "An image that the service has already, by its id there", "ASSET_MANAGER", 7),
]
#: Width of a reason in the menu, in rows' heights.
_REASON = 16


def reference(service: Declaration) -> Option | None:
    """The option that names an image which the service has already."""
    return next((option for option in service.options if option.replaces_image), None)


def lacks(service: Declaration, source: str) -> str:
    """Why the service takes no image from there; empty where it does."""
    if source == "SERVICE":
        return "" if reference(service) else f"{service.name} keeps no images that a model could be made of."
    return unsupported.why(service, Feature.IMAGE_URL if source == "URL" else Feature.IMAGE)


def lacks_all(service: Declaration) -> str:
    """Why the service makes no models of images at all."""
    reasons = [lacks(service, source) for source, *_ in SOURCES]
    return "" if "" in reasons else reasons[0]


def first_of(service: Declaration) -> str:
    """The first source that the service takes images from; FILE where there is none."""
    return next((source for source, *_ in SOURCES if not lacks(service, source)), "FILE")


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


def missing(context: bpy.types.Context, service: Declaration) -> str:
    """Why the chosen source gives no picture, for a button that is grey; empty where it may well give one."""
    chosen = context.scene.neural4d
    if why := lacks(service, chosen.image_source):
        return reason(why)
    named = reference(service)
    match chosen.image_source:
        case "FILE" if not chosen.image_path:
            return tr("Choose an image file")
        case "FILE" if not located(chosen.image_path).is_file():
            return tr("The image file does not exist")
        case "IMAGE" if chosen.image is None:
            return tr("Choose an image")
        case "EDITOR" if edited_image(context) is None:
            return tr("No image is open in an Image Editor")
        case "CAMERA" if context.scene.camera is None:
            return tr("The scene has no camera")
        case "URL" if not protocol.is_web_address(chosen.image_url.strip()):
            return tr("Enter the image's address: https://...")
        case "SERVICE" if named and not getattr(service_options.group(chosen, service), named.key).strip():
            return tr("Enter the {label}").format(label=tr(named.label))
    return ""


def take_file(chosen: Any, path: str) -> str:
    """Have the panel make the next model of that file; returns why the service takes none, empty where it does."""
    why = lacks(declaration(chosen.provider), "FILE")
    if not why:
        chosen.input, chosen.image_source, chosen.image_path = "IMAGE", "FILE", path
    return why


def resolve(context: bpy.types.Context, service: Declaration, folder: Path) -> str | Path | bpy.types.Image | None:
    """What ``generate(image=...)`` takes of the chosen source; None for an image that an option names.

    Args:
        folder: where a capture is written.

    Raises:
        InvalidInput: the source gives no picture. UnsupportedFeature: a capture, in background.
    """
    if why := missing(context, service):
        raise InvalidInput(f"{why}.", "Choose one, or another source.")
    from ...scene.images import captures  # it brings numpy, which would hold up Blender's start

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
        case "URL":
            return str(chosen.image_url).strip()
        case "SERVICE":
            return None
    return edited_image(context) if chosen.image_source == "EDITOR" else chosen.image


def draw(layout: bpy.types.UILayout, context: bpy.types.Context, service: Declaration) -> None:
    """The source, and what it asks for."""
    chosen = context.scene.neural4d
    why = lacks(service, chosen.image_source)
    named = reference(service)
    _, label, _, icon, _ = next(source for source in SOURCES if source[0] == chosen.image_source)
    chosen_here = named.label if named and chosen.image_source == "SERVICE" else label
    layout.menu("NEURAL4D_MT_image_source", text=tr(chosen_here), icon=icon)  # type: ignore[arg-type]
    if why:
        labels.draw(layout, why, "ERROR", inset=3)
        return
    match chosen.image_source:
        case "FILE":
            layout.prop(chosen, "image_path", text="")
        case "IMAGE":
            layout.template_ID(chosen, "image", open="image.open")
        case "EDITOR":
            image = edited_image(context)
            shown = image.name if image else missing(context, service)
            layout.label(text=shown, icon="IMAGE_DATA" if image else "INFO")
        case "URL":
            field = unsupported.row(
                layout, "" if service.can(Feature.IMAGE) else service.lacks(Feature.IMAGE), grey=False
            )
            field.prop(chosen, "image_url", text="", placeholder="https://...")
        case "SERVICE" if named:
            layout.prop(service_options.group(chosen, service), named.key, text="", placeholder="ID")
        case _:
            if why := missing(context, service):
                layout.label(text=why, icon="INFO")


class NEURAL4D_MT_image_source(bpy.types.Menu):
    """Where the image comes from"""

    bl_label = "Image From"

    def draw(self, context: bpy.types.Context) -> None:
        """All sources, those greyed out that the service takes no images from, and why."""
        chosen = context.scene.neural4d
        service, named = declaration(chosen.provider), reference(declaration(chosen.provider))
        column, reasons = self.layout.column(), list[str]()
        for source, label, *_ in SOURCES:
            why = lacks(service, source)
            if source == "SERVICE" and not named:
                continue
            item = column.row()
            item.enabled = not why
            item.prop_enum(
                chosen, "image_source", source, text=tr(named.label if named and source == "SERVICE" else label)
            )
            if why and why not in reasons:
                reasons.append(why)
        for why in reasons:
            column.separator()
            for line in labels.wrap(sentence(why), _REASON * 20 * context.preferences.system.ui_scale):
                column.label(text=line)


CLASSES = (NEURAL4D_MT_image_source,)
