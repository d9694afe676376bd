"""The panel Bring In: models that are there already, from a file, by an id or a link, or out of an account's list."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import bpy

from ...engine.protocol import Feature, State
from ..drawing import icons, labels, remedies, state_labels, unsupported
from ..drawing.languages import sentence, tr
from ..lists.account_page import page
from ..settings.properties import service

if TYPE_CHECKING:
    from ...client.jobs.replies import AccountModel

#: Rows' heights that the tabs and margins take of the width, what they and a box take of a model's part of it, the same
#: with a button's icon and a sign beside it, and the most of a picture's.
_AROUND, _BESIDE, _WITH_SIGNS, _LARGEST = 3.2, 2.4, 3.7, 9.0
_WITH_MODELS = {State.READY, State.PLACED}


class _BringInPanel:
    """Where the panels are."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Neural4D"
    bl_options = {"DEFAULT_CLOSED"}


class NEURAL4D_PT_bring_in(_BringInPanel, bpy.types.Panel):
    """Models that are there already, wherever they were made"""

    bl_label = "Bring In"
    bl_order = 9

    def draw(self, context: bpy.types.Context) -> None:
        """What to bring in; it comes in the size and as the import settings above say."""
        layout = self.layout
        field = context.window_manager.neural4d_bring_in
        row = layout.row(align=True)
        row.prop(field, "what", text="", placeholder=tr("Id, link or path"))
        row.operator("neural4d.paste_what", text="", icon="PASTEDOWN")
        row = layout.row()
        row.enabled = bool(field.what.strip())
        row.operator("neural4d.bring_in", icon="IMPORT")
        layout.operator("neural4d.bring_in_files", text=tr("Model Files..."), icon="FILE_3D")


class NEURAL4D_PT_account(_BringInPanel, bpy.types.Panel):
    """What the account has at the service, whoever made it with what"""

    bl_label = "From My Account"
    bl_parent_id = "NEURAL4D_PT_bring_in"

    def draw(self, context: bpy.types.Context) -> None:
        """Nothing is asked before the button is pressed."""
        layout, declared = self.layout, service(context.scene.neural4d)
        if why := unsupported.why(declared, Feature.ACCOUNT):
            labels.draw(layout, why, "INFO")
            return
        if page.provider != declared.id:
            _ask(layout, tr("List Models at {name}").format(name=declared.name), declared.id, 0, "VIEWZOOM")
        elif page.models is None:
            layout.label(text=tr("Asking {name} ...").format(name=declared.name), icon="TIME")
        else:
            _draw_pages(layout)
            if page.trouble:
                # A job's remedy is Retry, and there is none here.
                said = f"{sentence(page.trouble['what'])} {tr('The arrows above ask once more.')}"
                labels.draw(layout, said, "ERROR")
                remedies.draw(layout, page.trouble, declared.id)
            else:
                _draw_models(layout, page.models)


def _ask(layout: bpy.types.UILayout, text: str, provider: str, number: int, icon: Any) -> None:
    button = layout.operator("neural4d.list_account", text=text, icon=icon)
    button.provider, button.page = provider, number


def _draw_pages(layout: bpy.types.UILayout) -> None:
    row = layout.row(align=True)
    for there, number, icon in (
        (page.number > 0, page.number - 1, "TRIA_LEFT"),
        (True, page.number, "FILE_REFRESH"),
        (page.more, page.number + 1, "TRIA_RIGHT"),
    ):
        part = row.row(align=True)
        part.enabled = there
        text = tr("Page {number}").format(number=number + 1) if number == page.number else ""
        _ask(part, text, page.provider, max(number, 0), icon)


def _draw_models(layout: bpy.types.UILayout, models: list[AccountModel]) -> None:
    if not models:
        layout.label(text=tr("No model is on this page."))
    words = (tr("Bring In"), tr("Place Again"), tr("Failed"))
    columns = 2 if all(labels.fits(one, inset=_width() / 2 + _WITH_SIGNS) for one in words) else 1
    grid = layout.grid_flow(row_major=True, columns=columns, even_columns=True, even_rows=False, align=False)
    for model in models:
        _draw_model(grid.box().column(align=True), model, columns)


def _width() -> float:
    """The region's, in rows' heights."""
    return bpy.context.region.width / (20 * bpy.context.preferences.system.ui_scale)


def _draw_model(column: bpy.types.UILayout, model: AccountModel, columns: int) -> None:
    """A picture, what it is called, when it was made, and the button."""
    room = _width() / columns
    inset = _width() - room + _BESIDE
    shown = icons.icon(page.pictures.get(model.id, "")) or icons.own("IMAGE_DATA")
    column.template_icon(shown, scale=min(room - _AROUND / columns, _LARGEST))
    job = page.job_of(model)
    column.label(text=labels.cut(model.title or (job.request.title if job else tr("Model")), inset=inset))
    column.label(text=labels.cut(_state(model), inset=inset))
    if job is None:
        row = unsupported.row(column, model.obstacle)
        button = row.operator("neural4d.bring_in", icon="IMPORT")
        button.what, button.provider = model.id, page.provider
        button.called = model.title or f"{labels.service(page.provider)} Model"  # a name in the file: not translated
    elif job.state in _WITH_MODELS:
        place = column.operator("neural4d.place", text=tr("Place Again"), icon="CHECKMARK")
        place.job, place.variant = job.id, job.placed[0] if job.placed else -1
    else:
        words, icon = state_labels.state(job)
        column.label(text=labels.cut(words, inset=inset + 1), icon=icon)


def _state(model: AccountModel) -> str:
    """What is to be said of one that is not done; else when it was made."""
    said = {"generating": tr("Generating"), "next": tr("Not finished"), "failed": tr("Failed")}.get(model.outcome, "")
    return said or (time.strftime("%Y-%m-%d", time.localtime(model.created)) if model.created else "")


CLASSES = (NEURAL4D_PT_bring_in, NEURAL4D_PT_account)
