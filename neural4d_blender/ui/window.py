"""All that only a window shows: panels with their buttons' operators, lists, what is dropped on it, its menus.

In background none of it is registered. What its operators do, the Python API does there.
"""

from __future__ import annotations

import bpy

from . import (
    as_python,
    batch_list,
    batch_operators,
    dropping,
    history,
    history_page,
    job_operators,
    lacking,
    model_operators,
    panels,
    pictures,
    placeholder_labels,
    reference_operators,
    result_operators,
    setup_operators,
    templates,
)

#: Panels in the order in which the sidebar has them.
CLASSES = (
    *lacking.CLASSES,
    *setup_operators.CLASSES,
    *job_operators.CLASSES,
    *result_operators.CLASSES,
    *reference_operators.CLASSES,
    *model_operators.CLASSES,
    *batch_operators.CLASSES,
    *panels.CLASSES,
    *batch_list.CLASSES,
    history_page.NEURAL4D_PG_history,
    *history.CLASSES,
    *dropping.CLASSES,
    *as_python.CLASSES,
    *templates.CLASSES,
)


def register() -> None:
    """Tell Blender of every class, the history's filters, the menus and the names over placeholders."""
    for kind in CLASSES:
        bpy.utils.register_class(kind)
    bpy.types.WindowManager.neural4d_history = bpy.props.PointerProperty(type=history_page.NEURAL4D_PG_history)
    templates.register()
    placeholder_labels.register()


def unregister() -> None:
    """Take all of it back."""
    placeholder_labels.unregister()
    templates.unregister()
    pictures.unregister()
    del bpy.types.WindowManager.neural4d_history
    for kind in reversed(CLASSES):
        bpy.utils.unregister_class(kind)
