"""Draws what to make a model of and what it is to be like, as far as the chosen service can."""

from __future__ import annotations

from functools import partial

import bpy

from ..engine.protocol import Declaration, Feature
from . import image_sources, lacking
from .properties import NEURAL4D_PG_settings, service


def draw(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """What to make the model of, and what the model is to be."""
    chosen = context.scene.neural4d
    declared = service(chosen)
    _draw_input(layout, chosen, declared)
    if chosen.input == "IMAGE":
        image_sources.draw(layout, context, declared)
    else:
        prompt = layout.row()
        prompt.enabled = declared.can(Feature.TEXT)
        prompt.prop(chosen, "prompt", text="", placeholder="A cute bird")
    draw_result(layout, chosen, of_image=chosen.input == "IMAGE")


def _draw_input(layout: bpy.types.UILayout, chosen: NEURAL4D_PG_settings, declared: Declaration) -> None:
    """Prompt or image, side by side."""
    reasons = {"TEXT": declared.lacks(Feature.TEXT), "IMAGE": image_sources.lacks_all(declared)}
    row = layout.row(align=True)
    for kind, why in reasons.items():
        part = row.row(align=True)
        part.enabled = not why
        part.prop_enum(chosen, "input", kind)
    if why := "".join(reasons.values()):
        row.operator("neural4d.why", text="", icon="INFO", emboss=False).why = why


def draw_result(layout: bpy.types.UILayout, chosen: NEURAL4D_PG_settings, *, of_image: bool) -> None:
    """What the model is to be like, whatever it is made of."""
    declared = service(chosen)
    lacks = {feature: declared.lacks(feature) for feature in (Feature.CHOICE, Feature.VARIANTS, Feature.PBR)}
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    row = partial(lacking.row, column, room=any(lacks.values()))
    if of_image:
        name = f"Choose {(declared.choice or 'cut-out').title()}"
        row(lacks[Feature.CHOICE]).prop(chosen, "choose_cutout", text=name)
    row(lacks[Feature.VARIANTS]).prop(chosen, "variants")
    if chosen.variants > 1 and not lacks[Feature.VARIANTS]:
        row().prop(chosen, "place_all")
    row(lacks[Feature.PBR]).prop(chosen, "pbr")
    row().prop(chosen, "use_size")
    for name, label in (("size_mm", "Size (mm)"), ("axis", None)):
        size = row()
        size.active = chosen.use_size
        size.prop(chosen, name, text=label)
    row().prop(chosen, "origin")
