"""What the user sees: panels, operators, preferences. Imports scene and api, never the engine's insides."""

from __future__ import annotations

import atexit

import bpy

from ..engine.late import open_late
from ..scene import clock, settings

# Drawing needs them, registering does not.
open_late(__name__, "batch_tally", "job_list", "job_pictures", "making", "prices", "text")

from . import (  # noqa: E402
    as_python,
    batch_list,
    batch_operators,
    dropping,
    history,
    history_page,
    image_sources,
    job_operators,
    lacking,
    model_operators,
    operators,
    options,
    panels,
    pictures,
    placeholder_labels,
    preferences,
    properties,
    result_operators,
    templates,
)

#: In the order in which Blender has to learn of them: what is pointed to before what points.
_CLASSES = (
    *options.GROUPS.values(),
    properties.NEURAL4D_PG_settings,
    preferences.NEURAL4D_AP_preferences,
    *lacking.CLASSES,
    *image_sources.CLASSES,
    *dropping.CLASSES,
    *operators.CLASSES,
    *job_operators.CLASSES,
    *result_operators.CLASSES,
    *model_operators.CLASSES,
    *panels.CLASSES,
    *batch_operators.CLASSES,
    *batch_list.CLASSES,
    history_page.NEURAL4D_PG_history,
    *history.CLASSES,
    *as_python.CLASSES,
    *templates.CLASSES,
)


def register() -> None:
    """Tell Blender of every class, the settings on the scene, the history's filters, and the clock."""
    for kind in _CLASSES:
        bpy.utils.register_class(kind)
    bpy.types.Scene.neural4d = bpy.props.PointerProperty(type=properties.NEURAL4D_PG_settings)
    bpy.types.WindowManager.neural4d_history = bpy.props.PointerProperty(type=history_page.NEURAL4D_PG_history)
    templates.register()
    clock.register()
    placeholder_labels.register()
    if settings.is_module():
        atexit.unregister(_end)
        atexit.register(_end)


def unregister() -> None:
    """Take all of it back."""
    if not hasattr(bpy.types.Scene, "neural4d"):
        return  # a bpy module that ends disables its extensions after what atexit has done
    placeholder_labels.unregister()
    clock.unregister()
    templates.unregister()
    pictures.unregister()
    del bpy.types.WindowManager.neural4d_history
    del bpy.types.Scene.neural4d
    for kind in reversed(_CLASSES):
        bpy.utils.unregister_class(kind)


def _end() -> None:
    """The interpreter of a bpy module ends.

    With classes registered it would crash (4.2) or hang (4.5); with properties left in their annotations, crash (4.2).
    """
    unregister()
    for kind in {base for registered in _CLASSES for base in registered.__mro__}:
        if kind.__module__.startswith(__name__):
            vars(kind).get("__annotations__", {}).clear()
