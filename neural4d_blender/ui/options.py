"""The services' own options as properties, made from their declarations: one group of settings a service."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

from ..engine.protocol import Declaration, Option, declarations


def _property(option: Option) -> Any:
    """The Blender property that holds an option; its limits are the option's own."""
    common: dict[str, Any] = {"name": option.label, "description": option.help}
    number = int if option.kind == "int" else float
    bounds = {"min": option.minimum, "max": option.maximum}
    limits: dict[str, Any] = {key: number(value) for key, value in bounds.items() if value is not None}
    match option.kind:
        case "bool":
            return BoolProperty(default=option.default, **common)
        case "int":
            return IntProperty(default=option.default, **limits, **common)
        case "float":
            return FloatProperty(default=option.default, **limits, **common)
        case "choice":
            items = [(choice, choice.replace("_", " ").title(), "") for choice in option.choices]
            return EnumProperty(items=items, default=option.default, **common)
    return StringProperty(default=option.default, **common)


def _group(service: Declaration) -> type[bpy.types.PropertyGroup]:
    annotations = {option.key: _property(option) for option in service.options}
    body = {"__annotations__": annotations, "__doc__": f"The options of {service.name}.", "__module__": __name__}
    return type(f"NEURAL4D_PG_options_{service.id}", (bpy.types.PropertyGroup,), body)


#: A property group for each service that has options, by the service's id.
GROUPS = {service.id: _group(service) for service in declarations() if service.options}


def pointers() -> dict[str, Any]:
    """A pointer to each group, for the annotations of the settings."""
    return {f"options_{service}": PointerProperty(type=group) for service, group in GROUPS.items()}


def values(chosen: Any, service: Declaration, *, for_images: bool) -> dict[str, Any]:
    """The options that differ from their defaults, as ``generate`` takes them."""
    group = getattr(chosen, f"options_{service.id}", None)
    meant = [option for option in service.options if for_images or not option.images_only]
    return {option.key: getattr(group, option.key) for option in meant if getattr(group, option.key) != option.default}


def draw(layout: bpy.types.UILayout, chosen: Any, service: Declaration, *, for_images: bool) -> None:
    """The options of a service that mean something for the kind of input."""
    group = getattr(chosen, f"options_{service.id}", None)
    for option in service.options:
        if for_images or not option.images_only:
            layout.prop(group, option.key)
