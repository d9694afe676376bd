"""The dialog that has a whole blockout dressed: a line for each name, what all of it costs, one click."""

from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, IntProperty, StringProperty

from ....api import batches, fit, generate
from ....engine import protocol
from ....engine.protocol import Neural4DError
from ....scene import timer_and_file_handlers, user_settings
from ...drawing.languages import tr
from ...settings.properties import SERVICES
from ..generate import report_error
from .boxes import InBoxes, amount, defaults, selected_boxes, size_text

if TYPE_CHECKING:
    from ....batching.table.generate_arguments import Arguments

#: Pixels of the dialog at the interface's usual scale, and how many lines the table shows before it scrolls.
_WIDTH, _LINES = 760, 12
#: Parts of a line's width: count, prompt, size, service, variants; the price has the rest.
_COLUMNS = (0.06, 0.34, 0.38, 0.4, 0.4)

#: What is set of a line.
_OF_A_LINE = ("prompt", "service", "variants", "size", "count", "boxes")


class NEURAL4D_PG_box(bpy.types.PropertyGroup):
    """A line of the table: what boxes of one name are to become"""

    prompt: StringProperty(name="Prompt", description="What to make")
    service: EnumProperty(name="Service", description="The service that makes the model", items=SERVICES)
    variants: IntProperty(name="Variants", description="Of several the one that fits best is taken", default=1, min=1)
    size: StringProperty()
    count: IntProperty()
    boxes: StringProperty()


class NEURAL4D_UL_boxes(bpy.types.UIList):
    """The lines of the table"""

    def draw_item(
        self,
        context: bpy.types.Context,
        layout: bpy.types.UILayout,
        data: Any,
        item: Any,
        icon: int | None,
        active_data: Any,
        active_property: str | None,
        index: int | None = 0,
        flt_flag: int | None = 0,
    ) -> None:
        """How many, prompt, size, service, variants, price."""
        chosen = context.scene.neural4d
        count, prompt, size, whose, several, price = _cells(layout)
        count.label(text=f"{item.count} x")
        prompt.prop(item, "prompt", text="")
        size.label(text=item.size)
        whose.prop(item, "service", text="")
        several.enabled = protocol.declaration(item.service).max_variants > 1
        several.prop(item, "variants", text="")
        if user_settings.key(protocol.declaration(item.service)):
            price.label(text=amount(chosen, item.service)(_price(chosen, item.service, item.variants)))
        else:
            price.label(text=tr("No key"), icon="ERROR")


class NEURAL4D_OT_dress(InBoxes, bpy.types.Operator):
    """Have a model made for each of the selected boxes, or of all in the active collection; equal names share one"""

    bl_idname = "neural4d.dress"
    bl_label = "Dress Blockout"

    style: StringProperty(name="Style", description="Goes behind every prompt")
    vary: BoolProperty(name="Vary", description="A model of its own for each box, also where names are equal")
    together: BoolProperty(
        name="All at Once",
        description="The models wait for the last one, and take their places as one undo step instead of one each",
    )
    use_budget: BoolProperty(name="Budget", description="Stop before all of it costs more than this")
    budget: IntProperty(name="Points at Most", description="What all models may cost together", min=0)
    lines: CollectionProperty(type=NEURAL4D_PG_box, options={"SKIP_SAVE", "HIDDEN"})
    line: IntProperty(options={"SKIP_SAVE", "HIDDEN"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[Any]:
        """Show the table, and the price of all of it."""
        found = selected_boxes(context) or fit.fillable(context.collection.all_objects)
        if not found:
            self.report({"ERROR"}, tr("Select boxes first, or a collection that has some."))
            return {"CANCELLED"}
        if not self.lines:  # it is not asked once more
            self._fill(context, found)
        return self.ask(context, tr("Generate All"), width=_WIDTH)

    def price(self, context: bpy.types.Context) -> str:
        """What all of it costs, at all services."""
        chosen = context.scene.neural4d
        return " + ".join(amount(chosen, one)(points) for one, points in self._prices(chosen).items())

    def _fill(self, context: bpy.types.Context, found: list[bpy.types.Object]) -> None:
        self.lines.clear()
        for row in fit.plan(found, style="", vary=False, prompts={}):
            line = self.lines.add()
            line.prompt, line.count, line.service = row["prompt"], len(row["fit"]), context.scene.neural4d.provider
            line.boxes = "\n".join(box.name for box in row["fit"])
            line.size = size_text(row["fit"][0], context.scene)

    def draw(self, context: bpy.types.Context) -> None:
        """What each name becomes, then what holds for all of them."""
        layout = self.layout
        titles = ("", tr("Prompt"), tr("Size"), tr("Service"), tr("Variants"), tr("Price"))
        for cell, title in zip(_cells(layout.row()), titles, strict=True):
            cell.label(text=title)
        rows = min(len(self.lines), _LINES)
        own: Any = self.properties
        layout.template_list("NEURAL4D_UL_boxes", "", own, "lines", own, "line", rows=rows, maxrows=rows)
        layout.prop(self, "style")
        row = layout.row()
        row.prop(self, "vary")
        row.prop(self, "together")
        row.prop(self, "use_budget")
        most = row.row()
        most.active = self.use_budget
        most.prop(self, "budget")
        self.draw_how(context, self._prices(context.scene.neural4d))

    def _prices(self, chosen: Any) -> dict[str, int | None]:
        """What all of it costs at each service; None where one price is not known."""
        known: dict[tuple[str, int], int | None] = {}
        total: dict[str, int | None] = {}
        for line in self.lines:
            kind = line.service, line.variants
            if kind not in known:
                known[kind] = _price(chosen, *kind)
            price, before = known[kind], total.get(line.service, 0)
            many = line.count if self.vary else 1
            total[line.service] = None if price is None or before is None else before + price * many
        return total

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Start the batch; called by a script, without a dialog, of what is selected."""
        if not self.lines:
            self._fill(context, selected_boxes(context))
        own = {name: getattr(self, name) for name in ("style", "vary", "together", "use_budget", "budget")}
        lines = [{"name": "", **{name: getattr(line, name) for name in _OF_A_LINE}} for line in self.lines]
        if self.asks_anew(context, **own, lines=lines, **self.set_how()):
            return {"CANCELLED"}
        rows: list[Arguments] = []
        for line in self.lines:
            names = line.boxes.split("\n")
            there = [bpy.data.objects[name] for name in names if name in bpy.data.objects]
            given = _given(context.scene.neural4d, line.service, line.variants)
            prompts = {there[0].name: line.prompt} if there else {}
            planned = fit.plan(there, style=self.style, vary=self.vary, prompts=prompts)
            rows += [{**given, **self.how(), **row} for row in planned]
        try:
            made = batches.batch(
                rows,
                layout="cursor",
                budget=self.budget if self.use_budget else None,
                together=self.together,
                placeholder=not bpy.app.background,
            )
        except Neural4DError as error:
            return report_error(self, error)
        if isinstance(made, batches.Batch):
            timer_and_file_handlers.show_batch(made.id)
        timer_and_file_handlers.redraw()
        return {"FINISHED"}


def _cells(row: bpy.types.UILayout) -> list[bpy.types.UILayout]:
    """The columns of a line."""
    found = []
    for share in _COLUMNS:
        row = row.split(factor=share, align=True)
        found.append(row.row(align=True))
    return [*found, row.row(align=True)]


def _given(chosen: Any, provider: str, variants: int) -> "Arguments":
    """The arguments of a line's jobs, less what its boxes say."""
    most = protocol.declaration(provider).max_variants
    given: Arguments = {**defaults(chosen, provider), "variants": min(variants, most)}
    given.pop("placeholder", None)
    return given


def _price(chosen: Any, provider: str, variants: int) -> int | None:
    """Points of a model, as far as known."""
    return generate.estimate(**{**_given(chosen, provider, variants), "prompt": "?"})  # type: ignore[arg-type]


CLASSES = (NEURAL4D_PG_box, NEURAL4D_UL_boxes, NEURAL4D_OT_dress)
