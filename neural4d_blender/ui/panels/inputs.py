"""Draws what to make a model of and what it is to be like, as far as the chosen service can."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import bpy

from ...engine.protocol import Declaration, Feature
from ..drawing import unsupported
from ..drawing.languages import tr
from ..operators.inputs import references
from ..settings import image_sources, picture_preview, service_options, side_views, sizes
from ..settings.properties import NEURAL4D_PG_settings, makes_pictures, service


def draw(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """What to make the model of, and what the model is to be."""
    draw_source(layout, context)
    chosen = context.scene.neural4d
    draw_result(layout, chosen, of_image=chosen.input == "IMAGE")


def draw_source(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """What to make the model of."""
    chosen = context.scene.neural4d
    declared = service(chosen)
    _draw_input(layout, chosen, declared)
    if chosen.input == "IMAGE":
        image_sources.draw(layout, context, declared)
        picture_preview.draw(layout, context)
        _draw_views(layout, chosen, declared)
    else:
        prompt = layout.row(align=True)
        prompt.enabled = not unsupported.why(declared, Feature.TEXT)
        field = prompt.row(align=True)
        field.activate_init = True  # in a pop-up, it can be typed at once
        field.prop(chosen, "prompt", text="", placeholder=tr("A cute bird"))
        prompt.operator("neural4d.edit_prompt", text="", icon="GREASEPENCIL")
        prompt.menu("NEURAL4D_MT_prompt", text="", icon="DOWNARROW_HLT")
        _draw_pictures(layout, chosen, declared)


def _draw_input(layout: bpy.types.UILayout, chosen: NEURAL4D_PG_settings, declared: Declaration) -> None:
    """Prompt or image, side by side."""
    reasons = {"TEXT": unsupported.why(declared, Feature.TEXT), "IMAGE": image_sources.lacks_all(declared)}
    row = layout.row(align=True)
    for kind, why in reasons.items():
        part = row.row(align=True)
        part.enabled = not why
        part.prop_enum(chosen, "input", kind)
    if why := "".join(reasons.values()):
        row.operator("neural4d.why", text="", icon="INFO", emboss=False).why = why


def _draw_pictures(layout: bpy.types.UILayout, chosen: NEURAL4D_PG_settings, declared: Declaration) -> None:
    """Pictures that are made of the prompt first: how many, of what, and which one becomes the model."""
    unsupported.row(layout, unsupported.why(declared, Feature.PICTURE)).prop(chosen, "picture_first")
    if not makes_pictures(chosen):
        return
    box = layout.box()
    column = split(box)
    if declared.max_pictures > 1:
        column.prop(chosen, "pictures")
    service_options.draw_of_pictures(column, chosen, declared)
    column.prop(chosen, "choose_cutout", text=tr("Choose Picture"))
    if declared.max_references:
        references.draw(box, chosen, declared)


def _draw_views(layout: bpy.types.UILayout, chosen: NEURAL4D_PG_settings, declared: Declaration) -> None:
    """The same thing from its sides, beside the front."""
    why = unsupported.why(declared, Feature.VIEWS)
    unsupported.row(layout, why).prop(chosen, "use_views")
    if chosen.use_views and not why:
        column = layout.box().column(align=True)
        column.label(text=tr("The image above is the front."))
        side_views.draw(column, chosen, declared)


def split(layout: bpy.types.UILayout) -> bpy.types.UILayout:
    """A column of settings with their names at the left."""
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    return column


def draw_result(layout: bpy.types.UILayout, chosen: NEURAL4D_PG_settings, *, of_image: bool) -> None:
    """What the model is to be like, whatever it is made of."""
    declared = service(chosen)
    if of_image:
        name = tr("Choose Spin") if declared.choice == "spin" else tr("Choose Cut-Out")
        unsupported.row(layout, unsupported.why(declared, Feature.CHOICE)).prop(chosen, "choose_cutout", text=name)
    lacks = {feature: unsupported.why(declared, feature) for feature in (Feature.VARIANTS, Feature.PBR)}
    column = split(layout)
    row = partial(unsupported.row, column, room=any(lacks.values()))
    row(lacks[Feature.VARIANTS]).prop(chosen, "variants")
    if chosen.variants > 1 and not lacks[Feature.VARIANTS]:
        row().prop(chosen, "place_all")
    row(lacks[Feature.PBR]).prop(chosen, "pbr")
    draw_size(row, chosen)
    row().prop(chosen, "origin")


def draw_size(row: Callable[[], bpy.types.UILayout], chosen: NEURAL4D_PG_settings) -> None:
    """Whether the model gets a size, which, and along what. ``row`` gives a row for each."""
    row().prop(chosen, "use_size")
    sizes.draw(row(), chosen)
    axis = row()
    axis.active = chosen.use_size
    axis.prop(chosen, "axis")
