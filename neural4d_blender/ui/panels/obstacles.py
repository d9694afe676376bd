"""Draws what has to be in place before anything can be sent, where it can be put in place, and what can be had without.

A new user's first look at the extension.
"""

from __future__ import annotations

import bpy

from ...engine.protocol import SAMPLES
from ...scene import user_settings
from ..drawing import labels, policy
from ..drawing.languages import tr
from ..settings.properties import NEURAL4D_PG_settings, service


def draw(layout: bpy.types.UILayout, chosen: NEURAL4D_PG_settings) -> None:
    """Online access, the key of the chosen service, and the samples as long as there is none."""
    declared = service(chosen)
    policy.draw(layout, declared.id)
    online, key = user_settings.online(), user_settings.key(declared)
    if online and key:
        return
    box = layout.box()
    if not online:
        switch = not bpy.app.online_access_override
        labels.draw(box, tr("Blender's online access is off.") if switch else labels.offline(), "ERROR")
        if switch:
            row = box.row(align=True)
            row.prop(bpy.context.preferences.system, "use_online_access")
            row.operator("neural4d.open_network_settings", text="", icon="PREFERENCES")
    if not key:
        labels.draw(box, tr("To begin, enter your {name} key.").format(name=declared.name), "KEYINGSET")
        row = box.row(align=True)
        if own := user_settings.preferences():
            row.prop(own, f"key_{declared.id}", text="", placeholder=tr("Key"))
        row.operator("neural4d.open_preferences", text="" if own else None, icon="PREFERENCES")
        box.operator("wm.url_open", text=tr("Get a Key"), icon="URL").url = declared.keys_page
        draw_samples(layout)


def draw_samples(layout: bpy.types.UILayout) -> None:
    """What can be tried without a key."""
    column = layout.column(align=True)
    labels.draw(column, tr("Try it, free, with nothing sent:"))
    row = column.row(align=True)
    for name in SAMPLES:
        row.operator("neural4d.try_sample", text=tr(name.title())).sample = name
