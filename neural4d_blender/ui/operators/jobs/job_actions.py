"""Operators on one job of the list: cancel, retry, place, dismiss; and on the list itself."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import IntProperty, StringProperty

from ....api import generate
from ....engine.protocol import ErrorTexts, Neural4DError
from ....scene import timer_and_file_handlers
from ....scene.finished_jobs import agents_jobs, hidden_collections, job_report
from ....scene.placing import targets
from ....scene.session import session
from ....scene.shared_engine import bridge
from ...drawing.languages import tr
from ...lists import account_page, history_page, job_list
from ...settings import restore
from ..generate import cancel, report_error
from ..keys_and_storage import ListsJobs

if TYPE_CHECKING:
    from ....client.jobs import snapshots

#: Blender takes a mixin's properties over; a type checker has to be told what it is mixed into.
_Base = bpy.types.Operator if TYPE_CHECKING else object


def snapshot(job_id: str) -> "snapshots.Job | None":
    """A job that is listed, or on the page of the history or of an account, as it is now."""
    return account_page.page.find(job_id) or history_page.page.find(job_id)


class JobOperator(_Base):
    """What the operators on one job share: the job's id, and errors that are shown."""

    bl_options = {"INTERNAL"}

    job: StringProperty(name="Job", options={"SKIP_SAVE", "HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Do it; what goes wrong is shown with its remedy."""
        data = snapshot(self.job)
        if data is None:
            return {"CANCELLED"}
        try:
            self.act(context, generate.Job(self.job, data))
        except Neural4DError as error:
            return report_error(self, error)
        timer_and_file_handlers.start()
        timer_and_file_handlers.redraw()
        return {"FINISHED"}


class NEURAL4D_OT_cancel(JobOperator, bpy.types.Operator):
    """Stop this job. Free until the service has accepted it; after that Retry picks it up again unpaid"""

    bl_idname = "neural4d.cancel"
    bl_label = "Cancel Job"

    def act(self, _context: bpy.types.Context, job: "generate.Job") -> None:
        """Cancel it."""
        cancel(job)


class NEURAL4D_OT_retry(JobOperator, bpy.types.Operator):
    """Go on where this job stopped; what is paid for is not paid again"""

    bl_idname = "neural4d.retry"
    bl_label = "Retry"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[Any]:
        """Ask first where trying again is a new, paid job."""
        data = snapshot(self.job)
        if data and data.retry_pays:
            return context.window_manager.invoke_confirm(
                self,
                event,
                title=tr("Pay again?"),
                message=tr("Trying again is a new job at the service, and is paid again."),
                confirm_text=tr("Pay Again"),
            )
        return self.execute(context)

    def act(self, _context: bpy.types.Context, job: "generate.Job") -> None:
        """Retry it."""
        bridge.send("retry", lambda answer: _note(job.id, answer.error), job=job.id)
        session.placings.trouble.pop(job.id, None)


def _note(job_id: str, error: ErrorTexts | None) -> None:
    """Show on the job why the engine would not."""
    if error and job_id in bridge.jobs:
        bridge.jobs[job_id] = replace(bridge.jobs[job_id], error=error)


class Approval(JobOperator):
    """What the two answers share: the points that were shown, so that nobody approves of another sum."""

    points: IntProperty(name="Points", options={"SKIP_SAVE", "HIDDEN"})

    def act(self, _context: bpy.types.Context, job: "generate.Job") -> None:
        """Tell the engine; any engine may have the job."""
        do = self.bl_idname.rpartition("_")[2]
        bridge.send(do, lambda answer: _note(job.id, answer.error), job=job.id, points=self.points)


class NEURAL4D_OT_approve(Approval, bpy.types.Operator):
    """Let this job cost so many points, beyond the allowance; it goes on at once"""

    bl_idname = "neural4d.approve"
    bl_label = "Approve"


class NEURAL4D_OT_decline(Approval, bpy.types.Operator):
    """Send nothing more: the job ends, and pays nothing more"""

    bl_idname = "neural4d.decline"
    bl_label = "Decline"


class NEURAL4D_OT_use_again(JobOperator, bpy.types.Operator):
    """Bring prompt, image, service and all settings of this job back into the panel; nothing is sent"""

    bl_idname = "neural4d.use_again"
    bl_label = "Use Again"
    bl_options = {"INTERNAL", "UNDO"}  # type: ignore[assignment]

    def act(self, context: bpy.types.Context, job: "generate.Job") -> None:
        """Set the panel."""
        data = snapshot(job.id)
        lost = restore.restore(context.scene.neural4d, data.provider, data.request)
        said = tr("Prompt, image and settings are back in the panel: press Generate to make it once more")
        if data.request.bring_in:
            context.window_manager.neural4d_bring_in.what = data.request.bring_in
            said = tr("It stands in the panel's field again: press Bring In to bring it in once more")
        self.report({"WARNING" if lost else "INFO"}, lost or said)


class NEURAL4D_OT_copy_report(JobOperator, bpy.types.Operator):
    """Copy what is known of this job and its error, without any key, to send to whoever is asked for help"""

    bl_idname = "neural4d.copy_report"
    bl_label = "Copy Report"

    def act(self, context: bpy.types.Context, job: "generate.Job") -> None:
        """Put it on the clipboard."""
        context.window_manager.clipboard = job_report.report_text(job.id)
        self.report({"INFO"}, tr("Copied: paste it where you ask for help"))


class NEURAL4D_OT_place(JobOperator, bpy.types.Operator):
    """Put the model at the 3D cursor of the open file; what is paid for is not paid again"""

    bl_idname = "neural4d.place"
    bl_label = "Place Here"

    variant: IntProperty(name="Variant", default=-1, options={"SKIP_SAVE", "HIDDEN"})

    def act(self, _context: bpy.types.Context, job: "generate.Job") -> None:
        """Place it now; the pump does it later where it is not prepared yet or Blender is busy with the scene."""
        variant = None if self.variant < 0 else self.variant
        data = snapshot(job.id)
        target = agents_jobs.target(data) if data.agent else targets.bind()
        # A variant that is new to the scene comes beside its siblings; the same one again, to the cursor.
        target["beside"] = self.variant not in data.placed and not target.get("fit")
        job.start_place(variant, target)


class NEURAL4D_OT_show_collection(JobOperator, bpy.types.Operator):
    """Show the collection that this model is in: include it in the view layer, and no longer hide it"""

    bl_idname = "neural4d.show_collection"
    bl_label = "Show Collection"

    def act(self, _context: bpy.types.Context, job: "generate.Job") -> None:
        """Show it."""
        hidden_collections.show(job.id)


class NEURAL4D_OT_dismiss(JobOperator, bpy.types.Operator):
    """Take this job off the list; it stays in the history and its files are kept"""

    bl_idname = "neural4d.dismiss"
    bl_label = "Dismiss"

    def act(self, _context: bpy.types.Context, job: "generate.Job") -> None:
        """Dismiss it."""
        dismiss(job.id)


class NEURAL4D_OT_dismiss_ended(bpy.types.Operator):
    """Take every job that has ended off the list; all of them stay in the history"""

    bl_idname = "neural4d.dismiss_ended"
    bl_label = "Dismiss All Ended"
    bl_options = {"INTERNAL"}

    def execute(self, _context: bpy.types.Context) -> set[Any]:
        """Dismiss them."""
        for job in job_list.ended():
            dismiss(job.id)
        timer_and_file_handlers.redraw()
        return {"FINISHED"}


class NEURAL4D_OT_close_notices(bpy.types.Operator):
    """Close what is said of the job history; the jobs that it is about say it too"""

    bl_idname = "neural4d.close_notices"
    bl_label = "Understood"
    bl_options = {"INTERNAL"}

    def execute(self, _context: bpy.types.Context) -> set[Any]:
        """It is not told again."""
        bridge.notices.close()
        timer_and_file_handlers.start()
        timer_and_file_handlers.redraw()
        return {"FINISHED"}


class NEURAL4D_OT_list_jobs(ListsJobs, bpy.types.Operator):
    """Show the jobs of earlier sessions that were not dismissed, and go on with those that were cut off"""

    bl_idname = "neural4d.list_jobs"
    bl_label = "Show Earlier Jobs"


def dismiss(job_id: str) -> None:
    """Hide a job from the list, now and later."""
    bridge.jobs[job_id] = replace(bridge.jobs[job_id], dismissed=True)
    bridge.send("dismiss", job=job_id)


CLASSES = (
    NEURAL4D_OT_cancel,
    NEURAL4D_OT_retry,
    NEURAL4D_OT_approve,
    NEURAL4D_OT_decline,
    NEURAL4D_OT_use_again,
    NEURAL4D_OT_copy_report,
    NEURAL4D_OT_place,
    NEURAL4D_OT_show_collection,
    NEURAL4D_OT_dismiss,
    NEURAL4D_OT_dismiss_ended,
    NEURAL4D_OT_close_notices,
    NEURAL4D_OT_list_jobs,
)
