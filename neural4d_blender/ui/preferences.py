"""The extension's preferences: a key and an address for each service, the folder for files.

The classes' properties are made from the services' declarations, so that a new service has its own
by itself. Keys are kept by Blender in the user preferences, never in a .blend of the user's.
"""

from __future__ import annotations

import os
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty, StringProperty

from ..client import environment_variables
from ..engine import protocol
from ..engine.protocol import Declaration, InvalidInput, declarations
from ..scene import assets, user_settings
from ..scene.session import session
from ..scene.shared_engine import bridge
from .drawing import labels
from .drawing.languages import tr
from .lists import batch_progress, history_page

#: What can be kept from the process that imports a model, as confined_folder.py of the engine names it.
KEPT = {
    "files": "Your files are out of its reach",
    "network": "The network is out of its reach",
    "processes": "Other programs are out of its reach",
    "limits": "Its memory is limited",
}


def _changed(_preferences: bpy.types.AddonPreferences, _context: bpy.types.Context) -> None:
    session.asked.key_tests.clear()
    bridge.balances.clear()
    bridge.configure()


def _moved(_preferences: bpy.types.AddonPreferences, _context: bpy.types.Context) -> None:
    """The engine of the old folder ends; its jobs are there when that folder is set again."""
    bridge.stop()
    bridge.jobs.clear()
    bridge.usage, session.asked.unlisted = None, None
    history_page.page.forget()
    batch_progress.forget()


def _properties() -> dict[str, object]:
    made: dict[str, object] = {
        "data_dir": StringProperty(
            name="Files",
            description="Folder for the job history, downloads and prepared models. Empty: Blender's own folder",
            subtype="DIR_PATH",
            update=_moved,
        ),
        "library_dir": StringProperty(
            name="Asset Library",
            description="Folder that Save to Library writes to. Empty: Neural4D, beside Blender's own asset library",
            subtype="DIR_PATH",
        ),
        "require_sandbox": BoolProperty(
            name="Only in a Sandbox",
            description="Import no model where the system cannot keep what imports it from your files and the network",
            update=_changed,
        ),
        "agent_points_job": IntProperty(
            name="Points a Job",
            description="What a job of an agent may cost without asking; 0: as much as a day's points cover",
            min=0,
            update=_changed,
        ),
        "agent_points_month": IntProperty(
            name="Points a Month",
            description="What each agent may take a month without asking; 0: as much as the days allow",
            min=0,
            update=_changed,
        ),
        "agent_places": BoolProperty(
            name="Place Their Models",
            description="What agents have had made comes into the open file by itself, into a collection of their own",
        ),
        "agent_points_day": IntProperty(
            name="Points a Day",
            description="What each agent may take a day without asking; for all beyond it you are asked in Jobs",
            min=0,
            update=_changed,
        ),
        "failed_placeholder": EnumProperty(
            name="Failed or Cancelled",
            description="What becomes of the placeholder of a job that failed or was cancelled",
            items=[
                ("KEEP", "Keep the Placeholder", "It says why nothing came; Retry still puts the model there"),
                ("REMOVE", "Remove the Placeholder", "It is deleted; Retry makes another one where it stood"),
            ],
        ),
    }
    made["show_first"] = BoolProperty(
        name="Show the First Model",
        description="Select the first model of a session and have the 3D Viewports frame it when it comes",
        default=True,
    )
    made["play_sound"] = BoolProperty(
        name="Sound", description="Play two notes when a job has ended, well or not", default=False
    )
    for number, service in enumerate(declarations()):
        made[f"show_{service.id}"] = BoolProperty(
            name=service.name, description=f"Show the key and the address of {service.name}", default=number == 0
        )
        made[f"key_{service.id}"] = StringProperty(
            name="Key",
            description=f"Your key for {service.name}. It is kept in Blender's user preferences, never in a .blend",
            subtype="PASSWORD",
            update=_changed,
        )
        made[f"url_{service.id}"] = StringProperty(
            name="Address",
            description=f"Base address of the service. Empty: {service.url}",
            update=_changed,
        )
    return made


def _fields(box: bpy.types.UILayout) -> bpy.types.UILayout:
    """Where settings stand with their names before them."""
    column = box.column()
    column.use_property_split = True
    column.use_property_decorate = False
    return column


class NEURAL4D_AP_preferences(bpy.types.AddonPreferences):
    """What Preferences > Add-ons > Neural4D shows."""

    bl_idname = user_settings.PACKAGE
    __annotations__ = _properties()

    def draw(self, _context: bpy.types.Context) -> None:
        """Services first: a new user needs nothing else."""
        layout = self.layout
        if not user_settings.online():
            box = layout.box()
            labels.draw(box, labels.offline(), "ERROR", inset=4)
            if not bpy.app.online_access_override:
                box.operator("neural4d.open_network_settings")
        for service in declarations():
            self._draw_service(layout.box(), service)
        self._draw_endings(layout.box())
        box = layout.box()
        from . import menus  # neither is needed where nothing is drawn
        from .panels import obstacles

        obstacles.draw_samples(box)
        if key := menus.key():
            _fields(box).prop(key, "type", text=tr("Key for the Pop-up"), full_event=True)
        self._draw_links(layout)
        self._draw_placeholders(layout.box())
        self._draw_agents(layout.box())
        self._draw_safety(layout.box())
        self._draw_files(layout.box())
        self._draw_library(layout.box())

    def _draw_service(self, box: bpy.types.UILayout, service: Declaration) -> None:
        """One line; the settings below it where they are wanted, and where they need a look."""
        head = box.row()
        shown = getattr(self, f"show_{service.id}")
        icon: Any = "DISCLOSURE_TRI_DOWN" if shown else "DISCLOSURE_TRI_RIGHT"
        head.prop(self, f"show_{service.id}", text="", icon=icon, emboss=False)
        head.label(text=service.name, icon="WORLD")
        state = head.row()
        state.alignment = "RIGHT"
        said, good = session.asked.key_tests.get(service.id, ("", True))
        if not user_settings.key(service):
            state.label(text=tr("No key yet"))
        elif said:
            state.label(text="", icon="CHECKMARK" if good else "ERROR")
        else:
            state.label(text="", icon="KEYINGSET")
        if not shown:
            return
        column = _fields(box)
        self._draw_setting(column, f"key_{service.id}", service.key_env)
        self._draw_setting(column, f"url_{service.id}", service.url_env, placeholder=service.url)
        try:
            protocol.check_url(user_settings.url(service))
        except InvalidInput as error:
            labels.draw(column, f"{error.what} {error.remedy}", "ERROR")
        row = box.row(align=True)
        row.operator("neural4d.test_key", icon="KEYINGSET").provider = service.id
        row.operator("wm.url_open", text=tr("Get a Key"), icon="URL").url = service.keys_page
        if said:
            labels.draw(box, said, "CHECKMARK" if good else "ERROR", inset=4)

    def _draw_links(self, layout: bpy.types.UILayout) -> None:
        """The project's pages where the build knows them; the README that came with it otherwise."""
        row = layout.row(align=True)
        if website := user_settings.website().rstrip("/"):
            pages = ((tr("Website"), ""), (tr("Documentation"), "#readme"), (tr("Report a Problem"), "/issues"))
            for text, page in pages:
                row.operator("wm.url_open", text=text, icon="URL").url = website + page
        else:
            readme = str(user_settings.INSTALLED / "README.md")
            row.operator("wm.path_open", text=tr("Documentation"), icon="HELP").filepath = readme

    def _draw_setting(self, column: bpy.types.UILayout, name: str, variable: str, placeholder: str = "") -> None:
        """A setting, or word of the environment variable that goes before it."""
        if os.environ.get(variable):
            column.label(text=tr("Set by {variable} in the environment").format(variable=variable), icon="INFO")
        else:
            column.prop(self, name, placeholder=placeholder)

    def _draw_endings(self, box: bpy.types.UILayout) -> None:
        box.label(text=tr("When a Job Ends"), icon="CHECKMARK")
        column = _fields(box)
        column.prop(self, "show_first")
        column.prop(self, "play_sound")

    def _draw_placeholders(self, box: bpy.types.UILayout) -> None:
        box.label(text=tr("Placeholders"), icon="MESH_CUBE")
        column = _fields(box)
        column.prop(self, "failed_placeholder")

    def _draw_agents(self, box: bpy.types.UILayout) -> None:
        box.label(text=tr("Agents"), icon="COMMUNITY")
        column = _fields(box)
        for name in ("agent_points_job", "agent_points_day", "agent_points_month", "agent_places"):
            column.prop(self, name)

    def _draw_safety(self, box: bpy.types.UILayout) -> None:
        box.label(text=tr("Imported Files"), icon="LOCKED")
        column = _fields(box)
        column.prop(self, "require_sandbox")
        if bridge.sandbox is None:
            box.label(text=tr("What holds on this computer is tried when the first job starts."))
        elif not bridge.sandbox:
            told = tr("What holds on this computer could not be tried; take it that nothing does")
            labels.draw(box, told, "ERROR", inset=4)
        for name, kept in KEPT.items() if bridge.sandbox else ():
            icon = "CHECKMARK" if bridge.sandbox[name] else "ERROR"
            labels.draw(
                box,
                tr(kept) if bridge.sandbox[name] else tr("Not here: {what}").format(what=tr(kept)),
                icon,
                inset=4,
            )

    def _draw_files(self, box: bpy.types.UILayout) -> None:
        box.label(text=tr("Files"), icon="FILE_FOLDER")
        column = _fields(box)
        self._draw_setting(column, "data_dir", environment_variables.DATA_DIR_ENV)
        folder = user_settings.data_dir()
        labels.draw(box, tr("Kept in {folder}").format(folder=folder), inset=4)
        row = box.row(align=True)
        if not folder.exists():
            row.label(text=tr("Nothing is there yet."))
            return
        if bridge.usage is None:
            row.operator("neural4d.measure_files", icon="FILE_REFRESH")
        else:
            row.label(text=tr("{size} taken").format(size=labels.size(bridge.usage)))
        row.operator("wm.path_open", text=tr("Open Folder"), icon="FILE_FOLDER").filepath = str(folder)

    def _draw_library(self, box: bpy.types.UILayout) -> None:
        box.label(text=tr("Asset Library"), icon="ASSET_MANAGER")
        column = _fields(box)
        folder = user_settings.library_dir()
        column.prop(self, "library_dir", text=tr("Folder"), placeholder=str(folder))
        if assets.is_registered(folder):
            labels.draw(box, tr("The Asset Browser shows {folder}").format(folder=folder), inset=4)
        else:
            box.operator("neural4d.add_library", icon="ADD")
