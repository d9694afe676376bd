"""Operators on boxes: a model for those that are selected, and models fitted to their boxes anew."""

import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from ....api import fit, generate
from ....engine import protocol
from ....engine.protocol import Neural4DError
from ....scene import timer_and_file_handlers
from ....scene.placing.fitting import box_room
from ....scene.shared_engine import bridge
from ...drawing import labels
from ...drawing.languages import tr
from ...drawing.priced_dialog import PricedDialog
from ...settings import image_sources
from ...settings.properties import arguments, of_service, service
from ..generate import in_the_way, report_error

if TYPE_CHECKING:
    from ....batching.table.generate_arguments import Arguments

_Base = bpy.types.Operator if TYPE_CHECKING else object
#: Pixels of the dialog at the interface's usual scale.
_WIDTH = 420


def selected_boxes(context: bpy.types.Context) -> list[bpy.types.Object]:
    """What is selected and could be filled, the active one first."""
    found = fit.fillable(context.selected_objects)
    return sorted(found, key=lambda thing: (thing != context.active_object, thing.name))


def defaults(chosen: Any, provider: str = "", *, of_image: bool = False) -> "Arguments":
    """What the panel's settings say of each job in a box: not what it is made of, how large it is, nor where.

    Args:
        provider: another service than the panel's; each has settings of its own.
    """
    given = arguments(chosen, of_image=of_image)
    if provider not in ("", chosen.provider):
        own = of_service(chosen, protocol.declaration(provider), of_image=of_image)
        given = {**given, "provider": provider, **own}
    for name in ("prompt", "size_mm", "axis", "picture_first", "choose_cutout", "pictures", "references", "place_all"):
        given.pop(name, None)
    return given


class InBoxes(PricedDialog, _Base):
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
            cls.poll_message_set(why)
        return not why

    def how(self) -> "Arguments":
        """As ``generate`` takes it."""
        stretch = "" if self.stretch == "NONE" else self.stretch
        return {"seat": self.seat, "stretch": stretch, "quarter_turns": self.quarter_turns}

    def set_how(self) -> dict[str, Any]:
        """The same as properties."""
        return {"seat": self.seat, "stretch": self.stretch, "quarter_turns": self.quarter_turns}

    def draw_how(self, context: bpy.types.Context, prices: "Mapping[str, int | None]") -> None:
        """The settings, and what is left at each service; of several also what each is going to charge."""
        column = self.layout.column()
        column.use_property_split, column.use_property_decorate = True, False
        for name in ("seat", "stretch", "quarter_turns"):
            column.prop(self, name)
        for provider, points in prices.items():
            balance = bridge.balances.get(provider)
            left = tr("{points} left").format(points=labels.points(balance.total, provider)) if balance else ""
            price = amount(context.scene.neural4d, provider)(points) if len(prices) > 1 else ""
            told = [protocol.declaration(provider).name, price, left]
            column.label(text="  ·  ".join(filter(None, told)), icon="INFO")
        self.draw_changed(context)


def amount(chosen: Any, provider: str) -> Callable[[int | None], str]:
    """What puts a service's prices into words; one that was measured is more than what a document says."""
    request = protocol.Request.from_dict({**defaults(chosen, provider), "prompt": "?"})
    measured = protocol.measured(provider, request, bridge.prices)
    return partial(labels.amount, unit=protocol.declaration(provider).unit, measured=measured)


class NEURAL4D_OT_fit_selected(InBoxes, bpy.types.Operator):
    """Make a model that fills the selected boxes: its size, place and prompt come from them"""

    bl_idname = "neural4d.fit_selected"
    bl_label = "Fit Selected"

    made_of: EnumProperty(
        name="Make It Of",
        description="What the model is made of",
        items=[
            ("PROMPT", "Prompt", "The name of the box, or what you write", "FONT_DATA", 0),
            ("IMAGE", "Image", "A picture from wherever the panel takes it", "IMAGE_DATA", 1),
        ],
        options={"SKIP_SAVE"},
    )
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
        return self.ask(context, tr("Generate"), width=_WIDTH)

    def price(self, context: bpy.types.Context) -> str:
        """What the one job costs."""
        chosen = context.scene.neural4d
        return amount(chosen, chosen.provider)(self._points(chosen))

    def _points(self, chosen: Any) -> int | None:
        of_image = self.made_of == "IMAGE"
        made_of: Arguments = {"image": "?.png"} if of_image else {"prompt": "?"}
        given: Any = {**defaults(chosen, of_image=of_image), **made_of}
        return generate.estimate(**given)

    def draw(self, context: bpy.types.Context) -> None:
        """What to make it of, and how the box is to be filled."""
        layout, chosen = self.layout, context.scene.neural4d
        of_image = self.made_of == "IMAGE"
        layout.row(align=True).prop(self, "made_of", expand=True)
        if of_image:
            image_sources.draw(layout, context, service(chosen))
        else:
            layout.prop(self, "prompt", text="")
        layout.label(text=self.told, icon="CUBE")
        self.draw_how(context, {chosen.provider: self._points(chosen)})

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Start the job."""
        if self.asks_anew(context, made_of=self.made_of, prompt=self.prompt, **self.set_how()):
            return {"CANCELLED"}
        found, of_image = selected_boxes(context), self.made_of == "IMAGE"
        given = {**defaults(context.scene.neural4d, of_image=of_image), **self.how()}
        try:
            if not found:
                raise protocol.InvalidInput("No box is selected.", "Select an object that no model fills.")
            with tempfile.TemporaryDirectory() as folder:  # of a capture; what is sent is a copy
                if of_image:
                    given["image"] = image_sources.resolve(context, service(context.scene.neural4d), Path(folder))
                    given["name"] = fit.prompt_of(found[0].name)
                else:
                    given["prompt"] = self.prompt
                generate.generate(fit=found, **given)  # type: ignore[arg-type]
        except Neural4DError as error:
            return report_error(self, error)
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


CLASSES = (NEURAL4D_OT_fit_selected, NEURAL4D_OT_refit)
