"""Operators on a model that stands in the scene: again, variations, another one in its place."""

from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import EnumProperty, IntProperty, StringProperty

from ....api import generate
from ....engine import protocol
from ....engine.protocol import Neural4DError, declaration
from ....scene import start_job, timer_and_file_handlers
from ....scene.placing import provenance, targets
from ....scene.session import session
from ....scene.shared_engine import bridge
from ...drawing import labels
from ...drawing.languages import sentence, tr
from ...drawing.priced_dialog import PricedDialog
from ..generate import report_error

if TYPE_CHECKING:
    from ....client.jobs.job_target import Target
    from ....client.jobs.replies import Answer

_Base = bpy.types.Operator if TYPE_CHECKING else object


def selected_root(context: bpy.types.Context) -> bpy.types.Object | None:
    """The root of the model that is selected, whatever part of it is."""
    active = context.active_object
    return provenance.root_of(active) if active and active.select_get() else None


def origin(root: bpy.types.Object) -> "tuple[str, protocol.Request] | None":
    """Service and request that a model came from: the journal's word, else what its properties tell."""
    said = provenance.read(root)
    if job := bridge.jobs.get(said.job):
        return job.provider, job.request
    request = provenance.request_of(said)
    return (said.service, request) if request else None


class ModelOperator(_Base):
    """What the operators on the selected model share. A mixin: see generate._Generate."""

    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """A model is selected, and nobody is at work in it."""
        if context.mode != "OBJECT":
            cls.poll_message_set(tr("Go back to Object Mode first"))
            return False
        return selected_root(context) is not None

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Do it; what goes wrong is shown with its remedy."""
        root = selected_root(context)
        if root is None:
            return {"CANCELLED"}
        try:
            self.act(context, root)
        except Neural4DError as error:
            return report_error(self, error)
        timer_and_file_handlers.redraw()
        return {"FINISHED"}

    def act(self, context: bpy.types.Context, root: bpy.types.Object) -> None:
        """What the operator does."""
        raise NotImplementedError


class _Paid(PricedDialog, ModelOperator):
    """Starts jobs that are paid: the dialog's button says what they cost, and is what pays."""

    own: tuple[str, ...] = ()  # settings of the operator's own

    def requests(self, provider: str, request: "protocol.Request") -> "list[protocol.Request]":
        """The requests of the jobs to start."""
        raise NotImplementedError

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[Any]:
        """Ask first."""
        if selected_root(context) is None:
            return {"CANCELLED"}
        return self.ask(context, tr(self.bl_label), title=tr(self.bl_label))

    def price(self, context: bpy.types.Context) -> str:
        """What the jobs cost together."""
        root = selected_root(context)
        asked = origin(root) if root else None
        if asked is None:
            return labels.amount(None)
        provider, request = asked
        try:
            points = start_job.price(provider, self.requests(*asked))
        except Neural4DError:  # the dialog says why it cannot be started
            return labels.amount(None)
        measured = protocol.measured(provider, request, bridge.prices)
        return labels.amount(points, declaration(provider).unit, measured=measured)

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Start them at the price that the button named."""
        if self.asks_anew(context, **{name: getattr(self, name) for name in self.own}):
            return {"CANCELLED"}
        return super().execute(context)

    def draw(self, context: bpy.types.Context) -> None:
        """The settings; what stands in the way, and whether they have changed the price."""
        layout = self.layout
        layout.use_property_split = True
        self.draw_settings(layout)
        found = selected_root(context)
        asked = origin(found) if found else None
        if asked:
            layout.label(text=asked[1].title)
            try:
                start_job.check_again(*asked)
            except Neural4DError as error:
                layout.label(text=sentence(error.what), icon="ERROR")
        self.draw_changed(context)

    def draw_settings(self, layout: bpy.types.UILayout) -> None:
        """What can be set."""

    def act(self, _context: bpy.types.Context, root: bpy.types.Object) -> None:
        """Start the jobs."""
        asked = origin(root)
        if asked is None:
            raise Neural4DError(
                "The history on this computer does not know what this model was made of.",
                "Generate from the image itself.",
            )
        for number, request in start_job.side_by_side(self.requests(*asked)):
            start_job.start_again(asked[0], request, self.target(root, number))

    def target(self, root: bpy.types.Object, number: int) -> "Target":
        """Where a job's model is to stand that has that place in the row beside the root, counted from 1."""
        return targets.next_to(root, number)


class NEURAL4D_OT_generate_again(_Paid, bpy.types.Operator):
    """Send the request that this model came from once more: a new job, which is paid"""

    bl_idname = "neural4d.generate_again"
    bl_label = "Generate Again"
    own = ("place",)

    place: EnumProperty(
        name="Put It",
        description="Where the new model goes",
        items=[
            ("BESIDE", "Beside It", "To the right of the selected model"),
            ("REPLACE", "In Its Place", "The selected model, and all duplicates that share its mesh, are replaced"),
        ],
        options={"SKIP_SAVE"},
    )

    def requests(self, _provider: str, request: "protocol.Request") -> "list[protocol.Request]":
        """The same."""
        return [start_job.anew(request)]

    def draw_settings(self, layout: bpy.types.UILayout) -> None:
        """Where to."""
        layout.row().prop(self, "place", expand=True)

    def target(self, root: bpy.types.Object, number: int) -> "Target":
        """As set."""
        return targets.in_place_of(root) if self.place == "REPLACE" else targets.next_to(root, number)


class NEURAL4D_OT_variations(_Paid, bpy.types.Operator):
    """Have other models made of the same request, to choose from: new jobs, which are paid"""

    bl_idname = "neural4d.variations"
    bl_label = "Variations"
    own = ("count",)

    count: IntProperty(name="How Many", description="Models to be made", default=4, min=1, max=16)

    def requests(self, provider: str, request: "protocol.Request") -> "list[protocol.Request]":
        """As many as are set."""
        return start_job.variations(provider, request, self.count)

    def draw_settings(self, layout: bpy.types.UILayout) -> None:
        """How many."""
        layout.prop(self, "count")


class NEURAL4D_OT_replace(ModelOperator, bpy.types.Operator):
    """Put this result into the place of the selected model, and of all duplicates that share its mesh; costs nothing"""

    bl_idname = "neural4d.replace"
    bl_label = "Replace"

    job: StringProperty(name="Job", options={"SKIP_SAVE", "HIDDEN"})
    variant: IntProperty(name="Variant", options={"SKIP_SAVE", "HIDDEN"})

    def act(self, _context: bpy.types.Context, root: bpy.types.Object) -> None:
        """Now, or as soon as the variant is prepared."""
        if self.job in bridge.jobs:
            generate.Job(self.job).start_place(self.variant, targets.in_place_of(root))


class NEURAL4D_OT_find_job(ModelOperator, bpy.types.Operator):
    """Look the job of this model up in the history, with its other variants"""

    bl_idname = "neural4d.find_job"
    bl_label = "Find Its Job"

    def act(self, _context: bpy.types.Context, root: bpy.types.Object) -> None:
        """Ask the engine."""
        wanted = provenance.read(root).job

        def take(answer: "Answer") -> None:
            for job in answer.jobs:
                bridge.jobs.setdefault(job.id, job)
            if wanted not in bridge.jobs:
                session.asked.unknown.add(wanted)
            timer_and_file_handlers.redraw()

        bridge.send("find", take, job=wanted)
        timer_and_file_handlers.start()


CLASSES = (
    NEURAL4D_OT_generate_again,
    NEURAL4D_OT_variations,
    NEURAL4D_OT_replace,
    NEURAL4D_OT_find_job,
)
