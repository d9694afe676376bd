"""The panel's settings as a line of Python: what Copy as Python puts on the clipboard."""

from __future__ import annotations

import inspect
from typing import Any

import bpy

from ....api import generate
from ....scene import user_settings
from ...drawing.languages import tr
from ...settings import image_sources
from ...settings.properties import arguments, service

#: A longer call gets a line for each argument.
_WIDTH = 100


class NEURAL4D_OT_copy_as_python(bpy.types.Operator):
    """Copy the call that these settings amount to, for a script or the Python console"""

    bl_idname = "neural4d.copy_as_python"
    bl_label = "Copy as Python"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Put it on the clipboard."""
        context.window_manager.clipboard = script(context)
        self.report({"INFO"}, tr("Copied: paste it into the Python console or the Text Editor"))
        return {"FINISHED"}


def import_line() -> str:
    """How a script imports this extension, under whatever name it is installed."""
    above, _, name = user_settings.PACKAGE.rpartition(".")
    if above:
        return f"from {above} import {name}"
    return f"import {name} as neural4d"


def script(context: bpy.types.Context) -> str:
    """The import and the call of ``generate``, with the arguments that differ from their defaults."""
    chosen = context.scene.neural4d
    given = arguments(chosen)
    if given["format"] == service(chosen).native:
        given["format"] = ""
    given["options"] = given["options"] or None
    defaults = {name: one.default for name, one in inspect.signature(generate.generate).parameters.items()}
    defaults |= {"repair": [], "lods": []}
    told = {name: _literal(value) for name, value in given.items() if value != defaults[name]}
    head, note = [import_line()], ""
    if chosen.input == "IMAGE" and chosen.image_source != "SERVICE":  # that one is an option
        told["image"], note = _picture(context)
    if any("bpy.data" in told.get(name, "") for name in ("image", "references")):
        head.insert(0, "import bpy")
    call = [told.pop("prompt")] if "prompt" in told else []
    call += [f"{name}={value}" for name, value in told.items()]
    line = f"job = neural4d.generate({', '.join(call)})"
    if len(line) > _WIDTH:
        line = "\n    ".join(("job = neural4d.generate(", *(f"{part}," for part in call))) + "\n)"
    return "\n".join((*head, "", *([f"# {note}"] if note else []), line, ""))


def _picture(context: bpy.types.Context) -> tuple[str, str]:
    """The argument ``image`` as Python, and what a reader has to know of it."""
    chosen = context.scene.neural4d
    image: bpy.types.Image | None = None
    match chosen.image_source:
        case "FILE":
            return repr(bpy.path.abspath(chosen.image_path)), ""
        case "URL":
            return repr(chosen.image_url.strip()), ""
        case "IMAGE":
            image = chosen.image
        case "EDITOR":
            image = image_sources.edited_image(context)
        case "RENDER":
            return 'bpy.data.images["Render Result"]', ""
        case capture:
            name = f"{capture.lower()}.png"
            return repr(name), f"The panel takes a picture of the {capture.lower()}: a script needs it as a file."
    return (_literal(image), "") if image else ('"picture.png"', "No image is chosen yet.")


def _literal(value: Any) -> str:
    """A value as a person writes it: Blender's floats have seven digits, the rest is noise."""
    if isinstance(value, float):
        short = float(f"{value:.7g}")
        return repr(int(short)) if short.is_integer() else repr(short)
    if isinstance(value, bpy.types.Image):
        return f"bpy.data.images[{value.name!r}]"
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {_literal(one)}" for key, one in value.items()) + "}"
    return repr(value)


CLASSES = (NEURAL4D_OT_copy_as_python,)
