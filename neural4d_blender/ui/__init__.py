"""What the user sees: panels, operators, preferences. Imports scene and api, never the engine's insides."""

from __future__ import annotations

import atexit

import bpy

from ..scene import timer_and_file_handlers, user_settings
from . import preferences
from .drawing import languages
from .operators import generate, generate_from_files
from .settings import image_sources, properties, reference_list, service_options

#: Nothing is drawn in background, and Blender starts sooner without what would be. Who has Blender as a module may
#: look at the panels all the same, as the tests do.
_IS_SHOWN = not bpy.app.background or user_settings.is_module()
if _IS_SHOWN:
    from . import registration

#: In the order in which Blender has to learn of them: what is pointed to before what points.
_CLASSES = (
    *service_options.GROUPS.values(),
    *reference_list.CLASSES,
    properties.NEURAL4D_PG_settings,
    preferences.NEURAL4D_AP_preferences,
    *image_sources.CLASSES,
    *generate.CLASSES,
    *generate_from_files.CLASSES,
)


def register() -> None:
    """Tell Blender of every class, the settings on the scene, and the clock."""
    for kind in _CLASSES:
        languages.in_context(kind)
        bpy.utils.register_class(kind)
    bpy.types.Scene.neural4d = bpy.props.PointerProperty(type=properties.NEURAL4D_PG_settings)
    timer_and_file_handlers.register()
    if _IS_SHOWN:
        registration.register()
    if user_settings.is_module():
        atexit.unregister(_end)
        atexit.register(_end)


def unregister() -> None:
    """Take all of it back."""
    if not hasattr(bpy.types.Scene, "neural4d"):
        return  # a bpy module that ends disables its extensions after what atexit has done
    if _IS_SHOWN:
        registration.unregister()
    timer_and_file_handlers.unregister()
    del bpy.types.Scene.neural4d
    for kind in reversed(_CLASSES):
        bpy.utils.unregister_class(kind)


def _end() -> None:
    """The interpreter of a bpy module ends.

    With classes registered it would crash (4.2) or hang (4.5); with properties left in their annotations, crash (4.2).
    """
    unregister()
    for kind in {base for registered in (*_CLASSES, *registration.CLASSES) for base in registered.__mro__}:
        if kind.__module__.startswith(__name__):
            vars(kind).get("__annotations__", {}).clear()
