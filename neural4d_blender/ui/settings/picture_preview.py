"""The picture that is going to be sent, shown before it is paid for: in the panel, or in a window of its own where
nothing can be shown of it before it is taken.
"""

from __future__ import annotations

from pathlib import Path

import bpy

from ...engine.protocol import Declaration, name_in
from ...scene.user_settings import data_dir, located
from ..drawing import icons
from ..drawing.languages import tr
from . import image_sources
from .properties import arguments

#: Rows' heights of a picture in the panel.
_SCALE = 6.0


def is_unseen(context: bpy.types.Context) -> bool:
    """The chosen source is taken, or made into a picture, only when it is sent: the panel cannot show it."""
    chosen = context.scene.neural4d
    match chosen.image_source:
        case "RENDER" | "VIEWPORT" | "CAMERA":
            return True
        case "IMAGE" | "EDITOR":
            image = chosen.image if chosen.image_source == "IMAGE" else image_sources.edited_image(context)
            return image is not None and not _is_as_on_disk(image)
    return False


def _is_as_on_disk(image: bpy.types.Image) -> bool:
    """A preview of it shows what is sent."""
    return image.source == "FILE" and not image.is_dirty and not image.use_view_as_render


def draw(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """The picture as far as there is one already."""
    chosen = context.scene.neural4d
    shown = 0
    match chosen.image_source:
        case "FILE" if chosen.image_path:
            path = located(chosen.image_path)
            of_a_job = path.is_relative_to(data_dir())
            shown = icons.of_job(str(path)) if of_a_job else icons.icon(str(path))
        case "IMAGE" | "EDITOR":
            image = chosen.image if chosen.image_source == "IMAGE" else image_sources.edited_image(context)
            if image is not None and _is_as_on_disk(image) and (preview := image.preview_ensure()):
                shown = preview.icon_id
        case "URL" if chosen.image_url.strip():
            layout.operator("wm.url_open", text=tr("Look at the Image"), icon="URL").url = chosen.image_url.strip()
    if shown:
        layout.template_icon(shown, scale=_SCALE)
    elif is_unseen(context):
        layout.label(text=tr("Generate shows it to you first."), icon="HIDE_OFF")


def take(context: bpy.types.Context, service: Declaration, folder: Path) -> tuple[Path, str]:
    """Write the picture as it is going to be sent into a folder; returns its path, and what it is called.

    Raises:
        InvalidInput, UnsupportedFeature: the source gives no picture.
    """
    from ...scene.images.export import export_image  # it brings numpy, which would hold up Blender's start

    source = image_sources.resolve(context, service, folder)
    if not isinstance(source, bpy.types.Image):
        return Path(source or ""), ""
    limits = service.limits_of(arguments(context.scene.neural4d)["options"] or {})
    return export_image(source, limits, folder), name_in(source.name)
