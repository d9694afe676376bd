"""Generate, of the panel's settings or of what an Image Editor shows; and what all operators say of errors."""

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ...api import generate
from ...engine.protocol import FREE_TO_CANCEL, Feature, Neural4DError, State
from ...scene import timer_and_file_handlers, user_settings
from ...scene.finished_jobs import place_finished_models
from ...scene.shared_engine import bridge
from ..drawing import icons, labels, remedies, unsupported
from ..drawing.languages import reason, sentence, tr
from ..settings import draw_price, image_sources, panel_request, picture_preview, reference_list, side_views
from ..settings.properties import arguments, makes_pictures, service
from ..settings.recent_prompts_and_presets import remembered

#: Blender takes a mixin's members over; a type checker has to be told what it is mixed into.
_Base = bpy.types.Operator if TYPE_CHECKING else object
#: The job is on its way to the service. One that waits for a choice may do so for days.
_ON_ITS_WAY = (FREE_TO_CANCEL | {State.SUBMITTING, State.UNKNOWN}) - {State.CHOOSING_CUTOUT}
#: Seconds that Generate stays modal at most, because Blender does not auto-save meanwhile; the timer goes on.
_MODAL = 60.0


def report_error(operator: bpy.types.Operator, error: Neural4DError, how: Any = "ERROR") -> set[Any]:
    """Show an error with its remedy where Blender shows errors; where that is a place, with a button that opens it.

    Args:
        how: "WARNING" for what nobody has pressed a button for: it is told, and nothing opens at the mouse.
    """
    if how == "ERROR" and remedies.pop_up(error.to_dict(), bpy.context.scene.neural4d.provider):
        how = "WARNING"  # which opens no pop-up of its own
    operator.report({how}, " ".join(sentence(part) for part in (error.what, error.remedy) if part))
    return {"CANCELLED"}


def cancel(job: "generate.Job") -> None:
    """Cancel, and say so until the engine does: it may be in the middle of a request."""
    job.cancel()
    bridge.jobs[job.id] = replace(bridge.jobs[job.id], note=tr("Cancelling ..."))


def in_the_way(context: bpy.types.Context, missing: str | None = None) -> str:
    """Why no job can be started; empty where one can. Blender adds the full stop.

    Args:
        missing: what the settings lack, where it is not to be looked for in the panel's.
    """
    declared = service(context.scene.neural4d)
    if not user_settings.online():
        return labels.offline()
    if not user_settings.key(declared):
        return tr("No key is set for {name}").format(name=declared.name)
    return _missing(context) if missing is None else missing


def _missing(context: bpy.types.Context) -> str:
    """What the panel's settings lack before a job can be started; empty when nothing."""
    chosen = context.scene.neural4d
    if chosen.use_cap and (why := draw_price.no_cap(chosen)):
        return f"{why} {tr('Untick Spending Limit under More')}"
    declared = service(chosen)
    if chosen.input == "IMAGE":
        why = image_sources.missing(context, declared)
        sides = not unsupported.why(declared, Feature.VIEWS)
        return why or (side_views.missing(chosen, declared) if sides else "") or _refused(chosen, of_image=True)
    if why := unsupported.why(declared, Feature.TEXT):
        return reason(why)
    if not chosen.prompt.strip():
        return tr("Write a prompt first")
    why = reference_list.missing(chosen, declared.max_references) if makes_pictures(chosen) else ""
    return why or _refused(chosen, of_image=False)


def _refused(chosen: Any, *, of_image: bool) -> str:
    """Why the service's options do not go together; Blender adds the full stop."""
    return panel_request.refusal(chosen, of_image=of_image).rstrip(".。")


class _Generate(_Base):
    """Starts a job and stays modal until the service has accepted it; what there are two buttons for.

    A mixin: Blender loses track of an operator that another registered one inherits from.
    """

    bl_options = {"REGISTER"}

    _timer: bpy.types.Timer | None = None
    _job: Any = None  # a Job
    _ends = 0.0

    @classmethod
    def may_generate(cls, context: bpy.types.Context, missing: str) -> bool:
        """Whether a job can be started; ``missing`` says what the settings lack, if anything."""
        why = in_the_way(context, missing)
        if why:
            cls.poll_message_set(why)
        return not why

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Start the job and return: what a script or Blender in the background gets."""
        try:
            self._job = self.start(context)
        except Neural4DError as error:
            return report_error(self, error)
        return {"FINISHED"}

    def start(self, context: bpy.types.Context) -> "generate.Job":
        """Start the job."""
        raise NotImplementedError

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[Any]:
        """Start the job and stay modal until the service has accepted it."""
        result = self.execute(context)
        if result != {"FINISHED"} or bpy.app.background:
            return result
        self._ends = time.monotonic() + _MODAL
        self._timer = context.window_manager.event_timer_add(0.1, window=context.window)
        context.window_manager.modal_handler_add(self)
        timer_and_file_handlers.redraw()
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[Any]:
        """Watch the job on its way to the service. Modal no longer than that: auto-save waits for modal operators."""
        job = self._job
        if job is None:
            return self._finish(context)
        if event.type == "ESC" and event.value == "PRESS" and job.state in FREE_TO_CANCEL:
            cancel(job)
            self.report({"INFO"}, tr("Cancelling; the job list says whether it was in time to cost nothing"))
            return self._finish(context)
        if event.type == "TIMER":
            if place_finished_models.pump():
                timer_and_file_handlers.redraw()
            if job.state not in _ON_ITS_WAY or time.monotonic() > self._ends:
                if error := job.error:
                    # In the status bar; an error would pop up on top of the panel, which says it all.
                    report_error(self, error, "WARNING")
                return self._finish(context)
        return {"PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the operator (another file, quitting); the job goes on."""
        self._finish(context)

    def _finish(self, context: bpy.types.Context) -> set[Any]:
        if self._timer:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None
        return {"FINISHED"}


class NEURAL4D_OT_generate(_Generate, bpy.types.Operator):
    """Send the prompt or the image to the service; the model comes to the 3D cursor when it is done"""

    bl_idname = "neural4d.generate"
    bl_label = "Generate"

    _picture: Any = None  # its path, and what it is called, where it was shown before it is sent

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Say why the button is grey."""
        return cls.may_generate(context, _missing(context))

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[Any]:
        """Show a picture that the panel could not show before it is sent; the button that sends it has the price."""
        chosen = context.scene.neural4d
        if chosen.input != "IMAGE" or bpy.app.background or not picture_preview.is_unseen(context):
            return _Generate.invoke(self, context, event)
        try:
            folder = Path(tempfile.mkdtemp(dir=bpy.app.tempdir))  # Blender deletes that when it ends
            self._picture = picture_preview.take(context, service(chosen), folder)
        except Neural4DError as error:
            return report_error(self, error)
        return context.window_manager.invoke_props_dialog(
            self,
            width=420,
            title=tr("Send this picture to {name}?").format(name=service(chosen).name),
            confirm_text=draw_price.button_text(chosen, of_image=True),
        )

    def draw(self, _context: bpy.types.Context) -> None:
        """The picture as it is sent."""
        if self._picture and (shown := icons.icon(str(self._picture[0]))):
            self.layout.template_icon(shown, scale=18)

    def start(self, context: bpy.types.Context) -> "generate.Job":
        """Start the job that the panel's settings amount to."""
        chosen = context.scene.neural4d
        if chosen.input != "IMAGE":
            job = generate.generate(**arguments(chosen))
            remembered.add_prompt(chosen.prompt.strip())
            return job
        if self._picture:
            path, name = self._picture
            return generate.generate(image=path, name=name, **arguments(chosen))
        with tempfile.TemporaryDirectory() as folder:  # of a capture, what is sent is a copy too
            image = image_sources.resolve(context, service(chosen), Path(folder))
            return generate.generate(image=image, **arguments(chosen))


class NEURAL4D_OT_generate_from_editor(_Generate, bpy.types.Operator):
    """Make a model of the image that is open in this Image Editor"""

    bl_idname = "neural4d.generate_from_editor"
    bl_label = "Generate 3D from This Image"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Say why the button is grey."""
        missing = "" if image_sources.edited_image(context) else tr("No image is open in an Image Editor")
        chosen = context.scene.neural4d
        why = reason(service(chosen).lacks(Feature.IMAGE))
        return cls.may_generate(context, why or missing or _refused(chosen, of_image=True))

    def start(self, context: bpy.types.Context) -> "generate.Job":
        """The panel's settings, with the editor's image whatever the panel's source is."""
        chosen = context.scene.neural4d
        return generate.generate(image=image_sources.edited_image(context), **arguments(chosen, of_image=True))


CLASSES = (NEURAL4D_OT_generate, NEURAL4D_OT_generate_from_editor)
