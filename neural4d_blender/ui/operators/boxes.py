"""Operators on boxes: a model for those that are selected, a whole blockout, and models fitted to their boxes anew."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, IntProperty, StringProperty

from ...api import batches, fit, generate
from ...engine import protocol
from ...engine.protocol import Neural4DError
from ...scene import timer_and_file_handlers
from ...scene.engine_process import bridge
from ...scene.placing import box_room
from ..drawing import labels
from ..drawing.languages import sentence, tr
from ..settings.properties import arguments, service
from .generate import in_the_way, report_error

if TYPE_CHECKING:
    from ...batching.generate_arguments import Arguments

_Base = bpy.types.Operator if TYPE_CHECKING else object
#: Pixels of the dialogs at the interface's usual scale, and how many lines the table shows.
_WIDTH, _TABLE, _LINES = 420, 720, 14


def selected_boxes(context: bpy.types.Context) -> list[bpy.types.Object]:
    """What is selected and could be filled, the active one first."""
    found = fit.fillable(context.selected_objects)
    return sorted(found, key=lambda thing: (thing != context.active_object, thing.name))


def defaults(chosen: Any) -> "Arguments":
    """What the panel's settings say of each job in a box: not what it is made of, how large it is, nor where."""
    given = arguments(chosen, of_image=False)
    for name in ("prompt", "size_mm", "axis", "picture_first", "choose_cutout", "pictures", "references", "place_all"):
        given.pop(name, None)
    return given


class _InBoxes(_Base):
    """How a model is to fill a box; what the two dialogs share. A mixin: see generate._Generate."""

    bl_options = {"INTERNAL"}

    seat: EnumProperty(
        name="Seat",
        description="What of the box the model touches",
        items=[
            ("FLOOR", "Floor", "It stands on the box's floor"),
            ("WALL", "Wall", "Its back is at the box's back"),
            ("CEILING", "Ceiling", "It hangs from the box's top"),
            ("MIDDLE", "Middle", "It is in the middle of the box"),
        ],
    )
    stretch: EnumProperty(
        name="Stretch",
        description="Which sides of the box the model is stretched to, beyond what its proportions allow",
        items=[
            ("NONE", "Keep Proportions", "As large as fits, and not stretched"),
            ("X", "Width", "The box's width is filled too"),
            ("Y", "Depth", "The box's depth is filled too"),
            ("Z", "Height", "The box's height is filled too"),
            ("ALL", "All Sides", "The whole box is filled"),
        ],
    )
    quarter_turns: BoolProperty(
        name="Quarter Turns",
        description="Turn the model by 90 degrees where it fills more of its box then",
        default=True,
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Say why the button is grey."""
        why = tr("Go back to Object Mode first") if context.mode != "OBJECT" else in_the_way(context, "")
        if why:
            cls.poll_message_set(sentence(why))
        return not why

    def how(self) -> "Arguments":
        """As ``generate`` takes it."""
        stretch = "" if self.stretch == "NONE" else self.stretch
        return {"seat": self.seat, "stretch": stretch, "quarter_turns": self.quarter_turns}

    @staticmethod
    def amount(context: bpy.types.Context) -> Callable[[int | None], str]:
        """What puts prices into words; one that was measured is more than what a document says."""
        chosen = context.scene.neural4d
        request = protocol.Request.from_dict({**defaults(chosen), "prompt": "?"})
        measured = protocol.measured(chosen.provider, request, bridge.prices)
        return partial(labels.amount, unit=service(chosen).unit, measured=measured)

    def draw_how(self, context: bpy.types.Context, price: str) -> None:
        """The settings, the service, and what all of it costs, in words."""
        column = self.layout.column()
        column.use_property_split, column.use_property_decorate = True, False
        for name in ("seat", "stretch", "quarter_turns"):
            column.prop(self, name)
        declared = service(context.scene.neural4d)
        balance = bridge.balances.get(declared.id)
        left = tr("{points} left").format(points=labels.points(balance.total, declared.id)) if balance else ""
        told = [declared.name, tr("Price: {price}").format(price=price), left]
        column.label(text="  ·  ".join(filter(None, told)), icon="INFO")


class NEURAL4D_OT_fit_selected(_InBoxes, bpy.types.Operator):
    """Make a model that fills the selected boxes: its size, place and prompt come from them"""

    bl_idname = "neural4d.fit_selected"
    bl_label = "Fit Selected"

    prompt: StringProperty(name="Prompt", description="What to make; the box's name says it", options={"SKIP_SAVE"})
    told: StringProperty(options={"SKIP_SAVE", "HIDDEN"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[Any]:
        """Show what it is going to be, and the price."""
        found = selected_boxes(context)
        if not found:
            self.report({"ERROR"}, tr("Select a box first: any object that no model fills."))
            return {"CANCELLED"}
        self.prompt = self.prompt or fit.prompt_of(found[0].name)
        what = ", ".join(thing.name for thing in found[:4])
        self.told = f"{what}  ·  {size_text(found[0], context.scene)}"
        return context.window_manager.invoke_props_dialog(self, width=_WIDTH, confirm_text=tr("Generate"))

    def draw(self, context: bpy.types.Context) -> None:
        """The prompt, and how the box is to be filled."""
        self.layout.prop(self, "prompt", text="")
        self.layout.label(text=self.told, icon="CUBE")
        given = defaults(context.scene.neural4d)
        points = generate.estimate(**{**given, "prompt": "?"})  # type: ignore[arg-type]
        self.draw_how(context, self.amount(context)(points))

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Start the job."""
        found = selected_boxes(context)
        given = {**defaults(context.scene.neural4d), **self.how()}
        try:
            if not found:
                raise protocol.InvalidInput("No box is selected.", "Select an object that no model fills.")
            generate.generate(self.prompt, fit=found, **given)  # type: ignore[arg-type]
        except Neural4DError as error:
            return report_error(self, error)
        timer_and_file_handlers.redraw()
        return {"FINISHED"}


class NEURAL4D_PG_box(bpy.types.PropertyGroup):
    """A line of the table: what boxes of one name are to become"""

    prompt: StringProperty(name="Prompt", description="What to make")
    variants: IntProperty(name="Variants", description="Of several the one that fits best is taken", default=1, min=1)
    size: StringProperty()
    count: IntProperty()
    boxes: StringProperty()


class NEURAL4D_OT_dress(_InBoxes, bpy.types.Operator):
    """Have a model made for each of the selected boxes, or of all in the active collection; equal names share one"""

    bl_idname = "neural4d.dress"
    bl_label = "Dress Blockout"

    style: StringProperty(name="Style", description="Goes behind every prompt")
    vary: BoolProperty(name="Vary", description="A model of its own for each box, also where names are equal")
    use_budget: BoolProperty(name="Budget", description="Stop before all of it costs more than this")
    budget: IntProperty(name="Points at Most", description="What all models may cost together", min=0)
    lines: CollectionProperty(type=NEURAL4D_PG_box, options={"SKIP_SAVE", "HIDDEN"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[Any]:
        """Show the table, and the price of all of it."""
        found = selected_boxes(context) or fit.fillable(context.collection.all_objects)
        if not found:
            self.report({"ERROR"}, tr("Select boxes first, or a collection that has some."))
            return {"CANCELLED"}
        self._fill(context, found)
        return context.window_manager.invoke_props_dialog(self, width=_TABLE, confirm_text=tr("Generate All"))

    def _fill(self, context: bpy.types.Context, found: list[bpy.types.Object]) -> None:
        self.lines.clear()
        for row in fit.plan(found, style="", vary=False, prompts={}):
            line = self.lines.add()
            line.prompt, line.count = row["prompt"], len(row["fit"])
            line.boxes = "\n".join(box.name for box in row["fit"])
            line.size = size_text(row["fit"][0], context.scene)

    def draw(self, context: bpy.types.Context) -> None:
        """What each name becomes, then what holds for all of them."""
        amount, prices = self.amount(context), [self._price(context, line) for line in self.lines]
        table = self.layout.column(align=True)
        for line, points in zip(self.lines[:_LINES], prices[:_LINES], strict=True):
            row = table.split(factor=0.08, align=True)
            row.label(text=f"{line.count} x")
            row = row.split(factor=0.45, align=True)
            row.prop(line, "prompt", text="")
            row = row.split(factor=0.5, align=True)
            row.label(text=line.size)
            row = row.split(factor=0.3, align=True)
            several = row.row(align=True)
            several.enabled = service(context.scene.neural4d).max_variants > 1
            several.prop(line, "variants", text="")
            row.label(text=amount(points))
        if len(self.lines) > _LINES:
            table.label(text=tr("and {count} more").format(count=len(self.lines) - _LINES))
        layout = self.layout
        layout.prop(self, "style")
        row = layout.row()
        row.prop(self, "vary")
        row.prop(self, "use_budget")
        most = row.row()
        most.active = self.use_budget
        most.prop(self, "budget")
        self.draw_how(context, amount(None if None in prices else sum(price or 0 for price in prices)))

    def _variants(self, context: bpy.types.Context, line: Any) -> int:
        return min(line.variants, service(context.scene.neural4d).max_variants)

    def _price(self, context: bpy.types.Context, line: Any) -> int | None:
        chosen = context.scene.neural4d
        given = {**defaults(chosen), "prompt": "?", "variants": self._variants(context, line)}
        price = generate.estimate(**given)  # type: ignore[arg-type]
        return price and price * (line.count if self.vary else 1)

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Start the batch; called by a script, without a dialog, of what is selected."""
        if not self.lines:
            self._fill(context, selected_boxes(context))
        rows: list[Arguments] = []
        for line in self.lines:
            names = line.boxes.split("\n")
            there = [bpy.data.objects[name] for name in names if name in bpy.data.objects]
            name = fit.prompt_of(there[0].name) if there else line.prompt
            planned = fit.plan(there, style=self.style, vary=self.vary, prompts={name: line.prompt})
            rows += [{**row, "variants": self._variants(context, line)} for row in planned]
        given = {**defaults(context.scene.neural4d), **self.how(), "placeholder": not bpy.app.background}
        given.pop("variants", None)
        try:
            made = batches.batch(
                rows,
                layout="cursor",
                budget=self.budget if self.use_budget else None,
                **given,  # type: ignore[arg-type]
            )
        except Neural4DError as error:
            return report_error(self, error)
        if isinstance(made, batches.Batch):
            timer_and_file_handlers.show_batch(made.id)
        timer_and_file_handlers.redraw()
        return {"FINISHED"}


class NEURAL4D_OT_refit(bpy.types.Operator):
    """Fit the selected models to their boxes as those are now; costs nothing"""

    bl_idname = "neural4d.refit"
    bl_label = "Refit"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Something is selected, and nobody is at work in it."""
        return context.mode == "OBJECT" and bool(context.selected_objects)

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Each; models, and boxes that are filled."""
        done = set()
        for thing in context.selected_objects:
            try:
                done.update(fit.refit(thing))
            except protocol.InvalidInput as error:
                reason = error
            except Neural4DError as error:
                return report_error(self, error)
        return {"FINISHED"} if done else report_error(self, reason)


def size_text(box: bpy.types.Object, scene: bpy.types.Scene) -> str:
    """Width, depth and height of a box, in the scene's units; empty where it has none."""
    try:
        sides = box_room.sides_mm(box_room.room_of(box, scene), scene)
    except protocol.InvalidInput:
        return ""
    unit = scene.unit_settings.system
    if unit == "NONE":
        return " x ".join(f"{side / 1000:.3g}" for side in sides)
    return " x ".join(bpy.utils.units.to_string(unit, "LENGTH", side / 1000, precision=3) for side in sides)


CLASSES = (NEURAL4D_OT_fit_selected, NEURAL4D_PG_box, NEURAL4D_OT_dress, NEURAL4D_OT_refit)
