"""Text Editor > Templates > Python: scripts to begin with, for the extension under the name it is installed."""

from pathlib import Path
from typing import Any

import bpy
from bpy.props import StringProperty

from .operators.jobs.copy_as_python import import_line

_FOLDER = Path(__file__).resolve().parents[1] / "templates"
#: How a checkout imports the package; the line stands in each template, which so runs as it is there.
_IMPORT = "import neural4d_blender as neural4d"


def names() -> list[str]:
    """The templates there are."""
    return sorted(path.stem for path in _FOLDER.glob("*.py"))


def text_of(name: str) -> str:
    """A template as it is to be run here."""
    return (_FOLDER / f"{name}.py").read_text(encoding="utf-8").replace(_IMPORT, import_line())


class NEURAL4D_OT_open_template(bpy.types.Operator):
    """Open this script as a new text"""

    bl_idname = "neural4d.open_template"
    bl_label = "Neural4D Template"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    template: StringProperty(name="Template", options={"SKIP_SAVE", "HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Make the text, and show it in the editor that asked for it."""
        if self.template not in names():
            return {"CANCELLED"}
        made = bpy.data.texts.new(f"neural4d_{self.template}.py")
        made.write(text_of(self.template))
        made.cursor_set(0)
        space: Any = context.space_data
        if space is not None and space.type == "TEXT_EDITOR":
            space.text = made
        return {"FINISHED"}


def _draw(menu: Any, context: bpy.types.Context) -> None:
    if getattr(context, "path_menu_directory", None):
        return  # the same menu again, for a folder of Blender's own templates (5.2)
    menu.layout.separator()
    for name in names():
        words = name.replace("_", " ").replace("csv", "CSV")
        label = f"Neural4D: {words[0].upper()}{words[1:]}"
        menu.layout.operator("neural4d.open_template", text=label).template = name


def register() -> None:
    """Put the templates into Blender's own menu."""
    bpy.types.TEXT_MT_templates_py.append(_draw)


def unregister() -> None:
    """Take them out."""
    bpy.types.TEXT_MT_templates_py.remove(_draw)


CLASSES = (NEURAL4D_OT_open_template,)
