"""What the user sees: panels, operators, preferences. Imports scene and api, never the engine's insides."""

from __future__ import annotations

import atexit

import bpy

from ..engine.late import open_late
from ..scene import clock, settings

# Drawing needs them, registering does not, or only in a window.
open_late(
    __name__,
    "batch_tally",
    "history_page",
    "job_list",
    "job_pictures",
    "lacking",
    "making",
    "prices",
    "setup_operators",
    "text",
    "wanted",
)

from . import from_files, image_sources, operators, options, preferences, properties, references  # noqa: E402

#: Nothing is drawn in background, and Blender starts sooner without what would be. Who has Blender as a module may
#: look at the panels all the same, as the tests do.
_IS_SHOWN = not bpy.app.background or settings.is_module()
if _IS_SHOWN:
    from . import window

#: In the order in which Blender has to learn of them: what is pointed to before what points.
_CLASSES = (
    *options.GROUPS.values(),
    *references.CLASSES,
    properties.NEURAL4D_PG_settings,
    preferences.NEURAL4D_AP_preferences,
    *image_sources.CLASSES,
    *operators.CLASSES,
    *from_files.CLASSES,
)


def register() -> None:
    """Tell Blender of every class, the settings on the scene, and the clock."""
    for kind in _CLASSES:
        bpy.utils.register_class(kind)
    bpy.types.Scene.neural4d = bpy.props.PointerProperty(type=properties.NEURAL4D_PG_settings)
    clock.register()
    if _IS_SHOWN:
        window.register()
    if settings.is_module():
        atexit.unregister(_end)
        atexit.register(_end)


def unregister() -> None:
    """Take all of it back."""
    if not hasattr(bpy.types.Scene, "neural4d"):
        return  # a bpy module that ends disables its extensions after what atexit has done
    if _IS_SHOWN:
        window.unregister()
    clock.unregister()
    del bpy.types.Scene.neural4d
    for kind in reversed(_CLASSES):
        bpy.utils.unregister_class(kind)


def _end() -> None:
    """The interpreter of a bpy module ends.

    With classes registered it would crash (4.2) or hang (4.5); with properties left in their annotations, crash (4.2).
    """
    unregister()
    for kind in {base for registered in (*_CLASSES, *window.CLASSES) for base in registered.__mro__}:
        if kind.__module__.startswith(__name__):
            vars(kind).get("__annotations__", {}).clear()
