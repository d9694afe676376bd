"""A dialog whose button names the price, and that never pays another one than it names."""

from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import StringProperty

from .languages import tr

_Base = bpy.types.Operator if TYPE_CHECKING else object


class PricedDialog(_Base):
    """A mixin for operators: a dialog with the price in its button.

    Blender fixes the button's words when it opens a dialog. Where the price has changed by what was set in it, the
    dialog says so, and comes once more before anything is paid.
    """

    on_button: StringProperty(options={"SKIP_SAVE", "HIDDEN"})

    def price(self, context: bpy.types.Context) -> str:
        """What it costs as it is set now, in words."""
        raise NotImplementedError

    def ask(self, context: bpy.types.Context, words: str, **dialog: Any) -> set[Any]:
        """Open the dialog.

        Args:
            words: what the button does. **dialog: as Blender's ``invoke_props_dialog`` takes it.
        """
        self.on_button = self.price(context)
        said = f"{words} · {self.on_button}"
        return context.window_manager.invoke_props_dialog(self, confirm_text=said, **dialog)

    def draw_changed(self, context: bpy.types.Context) -> None:
        """What the price has become since it was opened."""
        if (now := self.price(context)) != self.on_button:
            self.layout.label(text=tr("Now {price}: you are asked once more").format(price=now), icon="INFO")

    def asks_anew(self, context: bpy.types.Context, **settings: Any) -> bool:
        """It was opened once more, since the button named another price than would be paid.

        Args:
            settings: what was set in the dialog.
        """
        if self.on_button in ("", self.price(context)):
            return False
        getattr(bpy.ops.neural4d, type(self).__name__.partition("_OT_")[2])("INVOKE_DEFAULT", **settings)
        return True
