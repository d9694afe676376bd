"""The services' own options as properties, made from their declarations: one group of settings a service."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

from ..engine.protocol import Declaration, Option, declarations

#: Blender's enumerations have no empty identifier; this one stands for the choice of leaving it to the service.
_UNSET = "UNSET"


def _property(option: Option) -> Any:
    """The Blender property that holds an option; its limits are the option's own."""
    common: dict[str, Any] = {"name": option.label, "description": option.help}
    if option.enterprise:
        common["name"] += " (Enterprise)"
        common["description"] += ". The service takes it from enterprise accounts only"
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
            named = [
                (choice or _UNSET, choice.replace("_", " ").title() or "As the Service Chooses")
                for choice in option.choices
            ]
            return EnumProperty(items=[(*item, "") for item in named], default=option.default or _UNSET, **common)
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
    found = {option: _value(group, option) for option in meant}
    return {option.key: value for option, value in found.items() if value != option.default}


def _value(group: Any, option: Option) -> Any:
    value = getattr(group, option.key)
    return "" if option.kind == "choice" and value == _UNSET else value


def draw(layout: bpy.types.UILayout, chosen: Any, service: Declaration, *, for_images: bool) -> None:
    """The options of a service that mean something for the kind of input."""
    group = getattr(chosen, f"options_{service.id}", None)
    for option in service.options:
        if for_images or not option.images_only:
            layout.prop(group, option.key)
