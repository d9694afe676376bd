"""What is done with a prompt before it is sent: edited in a large window, taken from the recent ones, given a style."""

import textwrap
from typing import Any

import bpy
from bpy.props import StringProperty

from ...drawing.languages import tr
from ...settings.recent_prompts_and_presets import remembered

#: Lines of the window for long prompts, and about as many characters fit into each.
_LINES, _WIDTH = 8, 90
#: Recent prompts in the menu, and characters of each.
_SHOWN, _LONGEST = 10, 60


def _line() -> Any:
    return StringProperty(name="", options={"SKIP_SAVE"})


class NEURAL4D_OT_edit_prompt(bpy.types.Operator):
    """Write the prompt in several lines"""

    bl_idname = "neural4d.edit_prompt"
    bl_label = "Edit Prompt"
    bl_options = {"INTERNAL", "UNDO"}

    __annotations__ = {f"line_{number}": _line() for number in range(_LINES)}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[Any]:
        """Show it as it is, broken into lines."""
        lines = textwrap.wrap(context.scene.neural4d.prompt, _WIDTH)
        lines[_LINES - 1 :] = [" ".join(lines[_LINES - 1 :])]
        for number, text in enumerate(lines):
            setattr(self, f"line_{number}", text)
        return context.window_manager.invoke_props_dialog(self, width=600, title=tr("Prompt"), confirm_text=tr("Use"))

    def draw(self, _context: bpy.types.Context) -> None:
        """The lines."""
        column = self.layout.column(align=True)
        for number in range(_LINES):
            column.prop(self, f"line_{number}", text="")

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """A service takes one text: line breaks become spaces."""
        lines = [getattr(self, f"line_{number}").strip() for number in range(_LINES)]
        context.scene.neural4d.prompt = " ".join(line for line in lines if line)
        return {"FINISHED"}


class NEURAL4D_OT_use_prompt(bpy.types.Operator):
    """Write this prompt once more"""

    bl_idname = "neural4d.use_prompt"
    bl_label = "Use Prompt"
    bl_options = {"INTERNAL", "UNDO"}

    prompt: StringProperty(name="Prompt", options={"SKIP_SAVE", "HIDDEN"})

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: Any) -> str:
        """The whole prompt is the tooltip."""
        return str(properties.prompt)

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Into the panel."""
        context.scene.neural4d.prompt = self.prompt
        return {"FINISHED"}


class _Style:
    """What the operators on one style share."""

    bl_options = {"INTERNAL"}

    style: StringProperty(name="Name", options={"SKIP_SAVE"})


class NEURAL4D_OT_toggle_style(_Style, bpy.types.Operator):
    """Add the words of this style to the prompt, or take them away"""

    bl_idname = "neural4d.toggle_style"
    bl_label = "Style"

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: Any) -> str:
        """The words are the tooltip."""
        words = remembered.styles().get(properties.style, "")
        return tr("Adds to the prompt, or takes away: {words}").format(words=words)

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """The prompt says it, so that what is sent is seen."""
        chosen, words = context.scene.neural4d, remembered.styles().get(self.style)
        if words is None:
            return {"CANCELLED"}
        chosen.prompt = toggled(chosen.prompt, words)
        return {"FINISHED"}


def has_style(prompt: str, words: str) -> bool:
    """The prompt has the words of the style in it."""
    return f", {words}" in f", {prompt}"


def toggled(prompt: str, words: str) -> str:
    """The prompt with the words of a style at its end, or without them where they are in it."""
    if has_style(prompt, words):
        return f", {prompt}".replace(f", {words}", "", 1).removeprefix(", ")
    return f"{prompt.rstrip(' ,')}, {words}".removeprefix(", ")


class NEURAL4D_OT_save_style(_Style, bpy.types.Operator):
    """Keep words that you add to many prompts, under a name of their own"""

    bl_idname = "neural4d.save_style"
    bl_label = "Save Style"

    words: StringProperty(name="Words", description="What the style adds to a prompt", options={"SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[Any]:
        """Ask for both; what follows the first comma of the prompt may well be it."""
        self.words = context.scene.neural4d.prompt.partition(",")[2].strip()
        return context.window_manager.invoke_props_dialog(self, width=400, confirm_text=tr("Save"))

    def execute(self, _context: bpy.types.Context) -> set[Any]:
        """Keep it for this user, in all files."""
        name, words = self.style.strip(), self.words.strip(" ,")
        if not (name and words):
            self.report({"WARNING"}, tr("Give the style a name and words"))
            return {"CANCELLED"}
        remembered.set_style(name, words)
        return {"FINISHED"}


class NEURAL4D_OT_remove_style(_Style, bpy.types.Operator):
    """Remove this style from the menu"""

    bl_idname = "neural4d.remove_style"
    bl_label = "Remove Style"

    def execute(self, _context: bpy.types.Context) -> set[Any]:
        """Prompts that have its words keep them."""
        remembered.set_style(self.style, "")
        return {"FINISHED"}


class NEURAL4D_MT_prompt(bpy.types.Menu):
    """Recent prompts, and styles that add words to a prompt"""

    bl_label = "Prompts and Styles"

    def draw(self, context: bpy.types.Context) -> None:
        """Styles first, since they are always there."""
        layout, prompt = self.layout, context.scene.neural4d.prompt
        styles = remembered.styles()
        for name, words in styles.items():
            icon: Any = "CHECKBOX_HLT" if has_style(prompt, words) else "CHECKBOX_DEHLT"
            layout.operator("neural4d.toggle_style", text=name, translate=False, icon=icon).style = name
        layout.operator("neural4d.save_style", text=tr("Save Style ..."), icon="ADD")
        if styles:
            layout.menu("NEURAL4D_MT_remove_style", icon="REMOVE")
        for number, recent in enumerate(remembered.prompts()[:_SHOWN]):
            if number == 0:
                layout.separator()
            short = textwrap.shorten(recent, _LONGEST, placeholder=" ...")
            layout.operator("neural4d.use_prompt", text=short, translate=False, icon="RECOVER_LAST").prompt = recent


class NEURAL4D_MT_remove_style(bpy.types.Menu):
    """Styles to remove"""

    bl_label = "Remove Style"

    def draw(self, _context: bpy.types.Context) -> None:
        """All of them."""
        for name in remembered.styles():
            self.layout.operator("neural4d.remove_style", text=name, translate=False).style = name


CLASSES = (
    NEURAL4D_OT_edit_prompt,
    NEURAL4D_OT_use_prompt,
    NEURAL4D_OT_toggle_style,
    NEURAL4D_OT_save_style,
    NEURAL4D_OT_remove_style,
    NEURAL4D_MT_prompt,
    NEURAL4D_MT_remove_style,
)
