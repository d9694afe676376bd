"""Operators for what has to be in place before anything is generated: keys, online access, room for files."""

from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import StringProperty

from ...api import generate
from ...engine.protocol import Neural4DError, declaration
from ...scene import timer_and_file_handlers, user_settings
from ...scene.session import session
from ...scene.shared_engine import bridge
from .generate import report_error

if TYPE_CHECKING:
    from ...client.jobs.replies import Answer

#: Blender takes a mixin's members over; a type checker has to be told what it is mixed into.
_Base = bpy.types.Operator if TYPE_CHECKING else object
#: What to do about an error of Test Key: its button is pressed right beside the key and the address.
_KEY_REMEDIES = {
    "KeyRejected": "Copy the key from the service's page once more.",
    "ServiceUnreachable": "Check the address above and the internet connection.",
    "InvalidInput": "Check the address above.",
}


class NEURAL4D_OT_test_key(bpy.types.Operator):
    """Ask the service something that it answers only with a valid key, and that costs nothing"""

    bl_idname = "neural4d.test_key"
    bl_label = "Test Key"
    bl_options = {"INTERNAL"}

    provider: StringProperty(name="Service", default="neural4d", options={"SKIP_SAVE"})

    def execute(self, _context: bpy.types.Context) -> set[Any]:
        """Ask; the answer shows beside the button, and as the balance in the panel."""
        asked = declaration(self.provider)
        try:
            generate.require_ready(asked)
            bridge.send("test_key", self._answered(self.provider), provider=self.provider)
        except Neural4DError as error:
            session.asked.key_tests[self.provider] = (error.what, False)
            return report_error(self, error)
        session.asked.key_tests[self.provider] = (f"Asking {asked.name} ...", True)
        timer_and_file_handlers.start()
        return {"FINISHED"}

    @staticmethod
    def _answered(provider: str) -> Any:
        def take(answer: "Answer") -> None:
            error = answer.error
            if error:
                remedy = _KEY_REMEDIES.get(error["code"], "Press Test Key again in a few minutes.")
                session.asked.key_tests[provider] = (f"{error['what']} {remedy}", False)
            else:
                left = f"{answer.balance.total:,} {declaration(provider).unit} left." if answer.balance else ""
                session.asked.key_tests[provider] = (f"The key works. {left}".strip(), True)
            timer_and_file_handlers.redraw()

        return take


class ListsJobs(_Base):
    """Asks the engine for its jobs; starting it for that also has it measure the data folder."""

    bl_options = {"INTERNAL"}

    def execute(self, _context: bpy.types.Context) -> set[Any]:
        """Ask the engine."""
        try:
            timer_and_file_handlers.list_jobs()
        except Neural4DError as error:
            return report_error(self, error)
        return {"FINISHED"}


class NEURAL4D_OT_measure_files(ListsJobs, bpy.types.Operator):
    """Find out how much room the history, downloads and prepared models take"""

    bl_idname = "neural4d.measure_files"
    bl_label = "Measure"


class NEURAL4D_OT_open_preferences(bpy.types.Operator):
    """Open the preferences of this extension, where keys, addresses and folders are set"""

    bl_idname = "neural4d.open_preferences"
    bl_label = "Open Preferences"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Show the extension's own entry, with the settings of the chosen service unfolded."""
        if own := user_settings.preferences():
            setattr(own, f"show_{context.scene.neural4d.provider}", True)
        return bpy.ops.preferences.addon_show(module=user_settings.PACKAGE)


class NEURAL4D_OT_open_network_settings(bpy.types.Operator):
    """Open Preferences > System, where online access is allowed"""

    bl_idname = "neural4d.open_network_settings"
    bl_label = "Open Network Settings"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Show the System page, whose Network part has the switch."""
        context.preferences.active_section = "SYSTEM"
        return bpy.ops.screen.userpref_show("INVOKE_DEFAULT")


CLASSES = (
    NEURAL4D_OT_test_key,
    NEURAL4D_OT_measure_files,
    NEURAL4D_OT_open_preferences,
    NEURAL4D_OT_open_network_settings,
)
