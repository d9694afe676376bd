"""All that only a window shows: panels with their buttons' operators, lists, what is dropped on it, its menus.

In background none of it is registered. What its operators do, the Python API does there.
"""

from __future__ import annotations

import bpy

from . import menus, text_templates
from .drawing import icons, languages, unsupported
from .lists import account_page, batch_list, history_page
from .operators import assets, batches, bring_in, export_print, keys_and_storage, shortcut, try_sample
from .operators.fit import boxes, dress, measure
from .operators.inputs import drop_images, presets, prompts, references
from .operators.jobs import copy_as_python, job_actions, placed_models, result_files, select_marked, show
from .panels import bring_in as bring_in_panel
from .panels import history, placeholder_labels, popup, sidebar, status_bar
from .settings import recent_prompts_and_presets, sizes

#: Panels in the order in which the sidebar has them.
CLASSES = (
    *unsupported.CLASSES,
    *keys_and_storage.CLASSES,
    *job_actions.CLASSES,
    *result_files.CLASSES,
    *show.CLASSES,
    *references.CLASSES,
    *sizes.CLASSES,
    *measure.CLASSES,
    *prompts.CLASSES,
    *presets.CLASSES,
    *shortcut.CLASSES,
    *placed_models.CLASSES,
    *select_marked.CLASSES,
    *assets.CLASSES,
    *batches.CLASSES,
    *boxes.CLASSES,
    *dress.CLASSES,
    *sidebar.CLASSES,
    *status_bar.CLASSES,
    *batch_list.CLASSES,
    history_page.NEURAL4D_PG_history,
    *bring_in.CLASSES,
    *bring_in_panel.CLASSES,
    *history.CLASSES,
    *drop_images.CLASSES,
    *export_print.CLASSES,
    *copy_as_python.CLASSES,
    *text_templates.CLASSES,
    *try_sample.CLASSES,
    *popup.CLASSES,
    *menus.CLASSES,
)


def register() -> None:
    """Tell Blender of every class, the history's filters, the menus, the key and the names over placeholders."""
    languages.register()
    for kind in CLASSES:
        languages.in_context(kind)
        bpy.utils.register_class(kind)
    bpy.types.WindowManager.neural4d_history = bpy.props.PointerProperty(type=history_page.NEURAL4D_PG_history)
    bpy.types.WindowManager.neural4d_bring_in = bpy.props.PointerProperty(type=bring_in.NEURAL4D_PG_bring_in)
    recent_prompts_and_presets.register()
    shortcut.register()
    text_templates.register()
    menus.register()
    placeholder_labels.register()
    status_bar.register()


def unregister() -> None:
    """Take all of it back."""
    status_bar.unregister()
    placeholder_labels.unregister()
    menus.unregister()
    text_templates.unregister()
    shortcut.unregister()
    recent_prompts_and_presets.unregister()
    icons.unregister()
    history_page.page.forget()
    account_page.page.forget()
    del bpy.types.WindowManager.neural4d_bring_in
    del bpy.types.WindowManager.neural4d_history
    for kind in reversed(CLASSES):
        bpy.utils.unregister_class(kind)
    languages.unregister()
