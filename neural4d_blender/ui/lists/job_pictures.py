"""Draws the pictures of a job: those to choose from, previews of its models, files that were kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ...api import generate
from ...client.jobs.box_fit import fit_of
from ...engine.protocol import ErrorTexts, State, VariantState
from ...scene.session import session
from ..drawing import icons, labels, remedies, state_labels, verdicts
from ..drawing.languages import sentence, tr

if TYPE_CHECKING:
    from ...client.jobs.snapshots import Job, Variant

_PREVIEW = 4.5
#: Rows' heights that the sidebar's tabs and margins and a job's box take of the width, and the most of a picture's.
_AROUND, _LARGEST = 3.6, 9.0
#: The same of a picture in the window that is there to compare them, and of that window the width in pixels.
_LARGE, LARGE_WIDTH = 14.0, 600
_PLACEABLE = (VariantState.DONE, VariantState.DOWNLOADED, VariantState.PREPARED)


def draw_large(layout: bpy.types.UILayout, job: Job) -> None:
    """Pictures to choose from, or the models' own, large enough to judge them."""
    if job.state == State.CHOOSING_CUTOUT:
        draw_cutouts(layout, job, _LARGE)
    elif any(variant.preview for variant in job.variants):
        draw_variants(layout, job, _LARGE)
    else:
        for number, column in _grid(layout, [path for path in job.pictures if path], _LARGE):
            column.label(text=str(number + 1))


def draw_cutouts(box: bpy.types.UILayout, job: Job, scale: float = 0.0) -> None:
    """The pictures, each with the button that takes it.

    Args:
        scale: of each picture, in rows' heights; 0 for as large as the region has room for.
    """
    what = state_labels.choice(job)
    points = labels.points(job.cost or 0, job.provider, job.cost_estimated)
    paid = tr("{points} so far.").format(points=points) if job.cost else ""
    if job.variants:  # they are a stage of the job
        paid = paid or tr("The pictures themselves are ordered already.")
    labels.draw(
        box,
        f"{tr('Which {what}? The generation is paid for only after this choice.').format(what=what)} {paid}",
        "QUESTION",
    )
    for number, column in _grid(box, job.pictures, scale):
        properties = column.operator("neural4d.choose_cutout", text=tr("Take {number}").format(number=number + 1))
        properties.job, properties.cutout = job.id, number


def draw_kept(box: bpy.types.UILayout, job: Job) -> None:
    """The pictures that were made of the prompt: paid for, and of use whatever became of the job. Folded in."""
    kept = [path for path in job.pictures if path]
    if not (kept and state_labels.of_pictures(job)):
        return
    is_open = job.id in session.shown.unfolded
    row = box.row()
    row.alignment = "LEFT"
    icon: Any = "DISCLOSURE_TRI_DOWN" if is_open else "DISCLOSURE_TRI_RIGHT"
    label = labels.count(len(kept), "picture")
    row.operator("neural4d.unfold_pictures", text=label, icon=icon, emboss=False).job = job.id
    if is_open:
        for number, column in _grid(box, kept):
            column.operator("neural4d.use_picture", text=tr("Use as Image")).path = kept[number]


def _grid(box: bpy.types.UILayout, shown: list[str], scale: float = 0.0) -> Iterator[tuple[int, bpy.types.UILayout]]:
    """A column for each picture, two in a row, with the picture at its top."""
    columns = min(len(shown), 2)
    grid = box.grid_flow(row_major=True, columns=columns, even_columns=True, even_rows=True, align=True)
    unit = 20 * bpy.context.preferences.system.ui_scale
    scale = scale or min((bpy.context.region.width / unit - _AROUND) / columns, _LARGEST)
    for number, picture in enumerate(shown):
        column = grid.column(align=True)
        if icon := icons.of_job(picture):
            column.template_icon(icon, scale=scale)
        yield number, column


def draw_variants(box: bpy.types.UILayout, job: Job, scale: float = _PREVIEW) -> None:
    """Each model's picture as it comes, with the buttons to place and to keep it."""
    variants = job.variants
    grid = box.grid_flow(row_major=True, columns=min(len(variants), 2), even_columns=True, even_rows=False, align=False)
    for variant in variants:
        column = grid.column(align=True)
        shown = icons.of_job(variant.preview)
        if shown:
            column.template_icon(shown, scale=scale)
        if (filled := fit_of(job, variant)) is not None:
            column.label(text=tr("fills {share:.0%} of its box").format(share=filled))
        verdicts.draw_rank(column, job, variant)
        if variant.state == VariantState.FAILED:
            labels.draw(column, _why_failed(variant), "ERROR", inset=4 if len(variants) == 1 else 10)
            if variant.can_be_kept:
                _draw_keep(column, job, variant, tr("Keep File"))
        elif variant.state in _PLACEABLE:
            _draw_buttons(column, job, variant)
        else:
            column.label(text=f"{variant.index + 1}: {variant.progress:.0%}", icon="TIME")


def _draw_buttons(column: bpy.types.UILayout, job: Job, variant: Variant) -> None:
    number, placed = variant.index, variant.index in job.placed
    label = tr("Place Again") if placed else tr("Place Here")
    icon: Any = "CURSOR"
    if len(job.variants) > 1:  # too narrow for words
        label, icon = tr("Place {number}").format(number=number + 1), "CHECKMARK" if placed else "CURSOR"
    if variant.state == VariantState.DONE and job.request.format != job.native:
        price = generate.conversion_estimate(job.provider)
        label += f" (~{price})" if price else ""  # points, for its conversion
    row = column.row(align=True)
    failed = job.state == State.FAILED
    if not failed:
        place = row.operator("neural4d.place", text=label, icon=icon)
        place.job, place.variant = job.id, number
    _draw_keep(row, job, variant, tr("Keep File") if failed else "")


def _draw_keep(layout: bpy.types.UILayout, job: Job, variant: Variant, label: str) -> None:
    save = layout.operator("neural4d.save", text=label, icon="FILE_TICK")
    save.job, save.variant = job.id, variant.index


def _why_failed(variant: Variant) -> str:
    return f"{variant.index + 1}: {sentence(variant.error['what']) if variant.error else tr('Failed')}"


def draw_saves(box: bpy.types.UILayout, job: Job) -> None:
    """The files that are being made, were kept, or could not be."""
    for save in job.saves:
        if save.state == "saved":
            row = box.row(align=True)
            row.label(text=Path(save.path).name, icon="FILE_TICK")
            row.operator("wm.path_open", text="", icon="FILE_FOLDER").filepath = save.folder
        elif save.state == "failed":
            told: ErrorTexts = {**save.error, "what": f"{save.format}: {save.error['what']}"}
            remedies.draw_told(box, told, job.provider)
        else:
            box.label(text=tr("Making the {format} file").format(format=save.format), icon="TIME")
