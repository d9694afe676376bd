"""The History panel: every job ever made, a page at a time, with what can be done about each of them."""

import time
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty

from ...api.jobs import job as known
from ...engine.protocol import State
from ...scene.shared_engine import bridge
from ..drawing import icons, labels, remedies, state_labels
from ..drawing.languages import tr
from ..lists import job_list
from ..lists.history_page import LENGTH, look_up_soon, page
from ..operators.jobs.job_actions import JobOperator

if TYPE_CHECKING:
    from ...client.jobs.replies import Answer
    from ...client.jobs.snapshots import Job

_PREVIEW = 3.4
#: Rows' heights that margins and gaps take beside the words of a line of the totals.
_BESIDE_TOTALS = 5.0
#: Lines of the totals; the rest is in ``neural4d.totals()``.
_MONTHS = 12
_WITH_MODELS = {State.READY, State.PLACED}
_ENDED = {State.FAILED, State.CANCELLED}


class _HistoryPanel:
    """Where the panels are."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Neural4D"
    bl_options = {"DEFAULT_CLOSED"}


class NEURAL4D_PT_history(_HistoryPanel, bpy.types.Panel):
    """Every job ever made, of all files"""

    bl_label = "History"
    bl_order = 10

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """There are jobs."""
        return page.has_any()

    def draw(self, context: bpy.types.Context) -> None:
        """Filters, then the page, then the way to the others."""
        layout = self.layout
        if page.is_stale():
            look_up_soon()
        _draw_filters(layout, context.window_manager.neural4d_history)
        if page.trouble:
            remedies.draw_told(layout, page.trouble)
        else:
            for job in page.newest():
                _draw_job(layout.box(), job)
            _draw_pages(layout)
        layout.operator("neural4d.list_jobs", icon="RECOVER_LAST")


class NEURAL4D_PT_totals(_HistoryPanel, bpy.types.Panel):
    """What was spent"""

    bl_label = "Points by Month"
    bl_parent_id = "NEURAL4D_PT_history"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Something was spent."""
        return bool(page.totals)

    def draw(self, _context: bpy.types.Context) -> None:
        """Newest month first; then all of them together."""
        layout, totals = self.layout, page.totals or []
        table = layout.column(align=True)
        for told in totals[:_MONTHS]:
            cost = labels.points(told.points, told.provider)
            _draw_total(table, f"{told.month}  {labels.service(told.provider)}", told.jobs, cost)
        if len(totals) > 1:
            layout.separator(type="LINE")
        for service in dict.fromkeys(told.provider for told in totals if len(totals) > 1):
            mine = [told for told in totals if told.provider == service]
            cost = labels.points(sum(told.points for told in mine), service)
            _draw_total(
                layout,
                tr("All of {service}").format(service=labels.service(service)),
                sum(told.jobs for told in mine),
                cost,
            )
        taken = sum(told.bytes for told in totals)
        layout.label(text=tr("Their files take {size}.").format(size=labels.size(taken)))


def _draw_total(layout: bpy.types.UILayout, what: str, jobs: int, cost: str) -> None:
    told = f"{labels.count(jobs, 'job')}  ·  {cost}"
    row = layout.row() if labels.fits(what + told, inset=_BESIDE_TOTALS) else layout.column(align=True)
    row.label(text=what)
    numbers = row.row()
    numbers.alignment = "RIGHT"
    numbers.label(text=told)


def _draw_filters(layout: bpy.types.UILayout, filters: Any) -> None:
    column = layout.column(align=True)
    column.prop(filters, "text", text="", icon="VIEWZOOM", placeholder=tr("Search"))
    column.prop(filters, "provider", text="")
    row = column.row(align=True)
    row.prop(filters, "state", text="")
    row.prop(filters, "period", text="")
    if filters.period == "RANGE":
        row = column.row(align=True)
        row.prop(filters, "since", text="", placeholder=tr("From 2031-05-01"))
        row.prop(filters, "until", text="", placeholder=tr("To 2031-05-31"))


def _draw_pages(layout: bpy.types.UILayout) -> None:
    row = layout.row(align=True)
    if not page.total:
        row.label(text=tr("No job fits."))
        return
    first = page.offset + 1
    row.label(
        text=tr("{first:,} to {last:,} of {total:,}").format(
            first=first, last=page.offset + len(page.jobs), total=page.total
        )
    )
    newer = row.row(align=True)
    newer.enabled = page.offset > 0
    newer.operator("neural4d.turn_page", text="", icon="TRIA_LEFT").older = False
    older = row.row(align=True)
    older.enabled = page.offset + LENGTH < page.total
    older.operator("neural4d.turn_page", text="", icon="TRIA_RIGHT").older = True


def _draw_job(box: bpy.types.UILayout, job: "Job") -> None:
    shown = icons.of_job(next((v.preview for v in job.variants if v.preview), ""))
    row = box.row()
    if shown:
        picture = row.column()
        picture.alignment = "LEFT"
        picture.template_icon(shown, scale=_PREVIEW)
    inset = 5.0 + (_PREVIEW if shown else 0.0)
    column = row.column(align=True)
    words, icon = state_labels.state(job)
    column.label(text=labels.cut(job.request.title, inset=inset + 1), icon=icon)
    labels.draw(column, "  ·  ".join(_facts(job, words)), inset=inset)
    _draw_buttons(box.row(align=True), job)


def _facts(job: "Job", words: str) -> list[str]:
    """When it was made, what it cost, and what its files take."""
    made, now = time.localtime(job.created), time.localtime()
    facts = [time.strftime("%H:%M" if made[:3] == now[:3] else "%Y-%m-%d", made)]
    if job.cost is not None:
        facts.append(labels.points(job.cost, job.provider, job.cost_estimated))
    elif job.state in _ENDED:  # of others the line below says it
        facts.append(words)
    if job.bytes:
        facts.append(labels.size(job.bytes))
    return facts


def _draw_buttons(row: bpy.types.UILayout, job: "Job") -> None:
    if job.state in _WITH_MODELS:
        label = tr("Place Again") if job.placed else tr("Place Here")
        place = row.operator("neural4d.place", text=label, icon="CURSOR")
        place.job, place.variant = job.id, job.placed[0] if job.placed else -1
    elif job.state in _ENDED:
        label = tr("Pay Again") if job.retry_pays else tr("Retry")
        row.operator("neural4d.retry", text=label, icon=job_list.RETRY).job = job.id
    else:
        row.label(text=state_labels.state(job)[0])
    row.operator("neural4d.use_again", text="", icon="EYEDROPPER").job = job.id
    if job.folder:
        row.operator("wm.path_open", text="", icon="FILE_FOLDER").filepath = job.folder
    if is_over(job):
        row.operator("neural4d.delete", text="", icon="TRASH").job = job.id


def is_over(job: "Job") -> bool:
    """It may be deleted: nothing is under way, and nothing is waited for."""
    return not job.under_way and job.state != State.CHOOSING_CUTOUT


class NEURAL4D_OT_turn_page(bpy.types.Operator):
    """Show the next page of jobs"""

    bl_idname = "neural4d.turn_page"
    bl_label = "Turn Page"
    bl_options = {"INTERNAL"}

    older: BoolProperty(name="Older", default=True, options={"SKIP_SAVE", "HIDDEN"})

    def execute(self, _context: bpy.types.Context) -> set[Any]:
        """Look it up."""
        there = page.offset + (LENGTH if self.older else -LENGTH)
        if not 0 <= there < max(page.total, 1):
            return {"CANCELLED"}
        page.offset = there
        page.look_up()
        return {"FINISHED"}


class NEURAL4D_OT_delete(JobOperator, bpy.types.Operator):
    """Delete the job's files, and all that is known of it less what it cost"""

    bl_idname = "neural4d.delete"
    bl_label = "Delete Job"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[Any]:
        """Ask first, with what it frees and what is lost by it."""
        job = page.find(self.job) or bridge.jobs.get(self.job)
        if job is None:
            return {"CANCELLED"}
        return context.window_manager.invoke_confirm(
            self,
            event,
            title=tr("Delete {title!r}?").format(title=job.request.title[:40]),
            message=consequences(job),
            confirm_text=tr("Delete"),
            icon="WARNING",
        )

    def act(self, _context: bpy.types.Context, job: "known.Job") -> None:
        """Delete it; the page is looked up anew when that is done."""

        def deleted(answer: "Answer") -> None:
            if answer.error:
                page.trouble = answer.error
            else:
                known.forget(job.id)
                page.look_up()

        bridge.send("delete", deleted, job=job.id)


def consequences(job: "Job") -> str:
    """What deleting the job means, in words."""
    taken = job.bytes
    told = tr("Frees {size}.").format(size=labels.size(taken)) if taken else ""
    told = tr("Its files go.") if taken is None else told
    if job.cost and not any(variant.blend for variant in job.variants):
        told += f" {tr('It was paid for and its model is not on this computer: it will be out of reach.')}"
    return f"{told} {tr('Models in scenes and kept files stay, and so does its cost in the totals.')}".lstrip()


CLASSES = (NEURAL4D_PT_history, NEURAL4D_PT_totals, NEURAL4D_OT_turn_page, NEURAL4D_OT_delete)
