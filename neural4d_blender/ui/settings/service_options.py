"""The services' own options as properties, made from their declarations: one group of settings a service."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

from ...engine.protocol import Declaration, Option, Options, declarations
from ..drawing import policy, unsupported
from ..drawing.languages import tr

#: Blender's enumerations have no empty identifier; this one stands for the choice of leaving it to the service.
_UNSET = "UNSET"


def _property(option: Option) -> Any:
    """The Blender property that holds an option; its limits are the option's own."""
    default: Any = option.default
    described = option.help + ". The service takes it from enterprise accounts only" * option.enterprise
    common: Any = {"name": option.label, "description": described}
    number = int if option.kind == "int" else float
    bounds = {"min": option.minimum, "max": option.maximum}
    limits: Any = {key: number(value) for key, value in bounds.items() if value is not None}
    match option.kind:
        case "bool":
            return BoolProperty(default=default, **common)
        case "int":
            return IntProperty(default=default, **limits, **common)
        case "float":
            return FloatProperty(default=default, **limits, **common)
        case "choice":
            named = [(choice or _UNSET, _in_words(choice) or option.unset) for choice in option.choices]
            return EnumProperty(items=[(*item, "") for item in named], default=default or _UNSET, **common)
    return StringProperty(default=default, **common)


def _in_words(choice: str) -> str:
    """What a choice is called; the name of a version stays as it is."""
    if any(char.isdigit() for char in choice):
        return choice
    return choice.replace("_", " ").title()


def _group(service: Declaration) -> type[bpy.types.PropertyGroup]:
    others = f" by itself: others may cost {service.unit}" if len(service.formats) > 1 else ""
    formats = EnumProperty(
        name="Format",
        description=f"The file that is imported. {service.native} is what {service.name} makes{others}",
        items=[(name, name if name != "BLEND" else "Blend", "") for name in service.formats],
    )
    annotations = {"file_format": formats, **{option.key: _property(option) for option in service.options}}
    body = {"__annotations__": annotations, "__doc__": f"The settings of {service.name}.", "__module__": __name__}
    return type(f"NEURAL4D_PG_options_{service.id}", (bpy.types.PropertyGroup,), body)


#: A property group for each service, by its id: its options, and the format that its models come in.
GROUPS = {service.id: _group(service) for service in declarations()}


def pointers() -> dict[str, object]:
    """A pointer to each group, for the annotations of the settings."""
    return {f"options_{service}": PointerProperty(type=group) for service, group in GROUPS.items()}


def group(chosen: Any, service: Declaration) -> Any:
    """The settings that this service has for itself."""
    return getattr(chosen, f"options_{service.id}")


def values(
    chosen: Any, service: Declaration, *, for_images: bool, by_reference: bool, pictures: bool = False
) -> Options:
    """The options that differ from their defaults, as ``generate`` takes them.

    Args:
        by_reference: the model is made of an image that an option names.
        pictures: pictures are made of the prompt first.
    """
    meant = [option for option in service.options if for_images or not option.images_only]
    meant = [option for option in meant if by_reference or not option.replaces_image]
    meant = [option for option in meant if pictures or not option.pictures_only]
    found = {option: _value(group(chosen, service), option) for option in meant}
    return {option.key: value for option, value in found.items() if value != option.default}


def _value(settings: Any, option: Option) -> Any:
    value = getattr(settings, option.key)
    if option.kind == "float":
        value = float(f"{value:.7g}")  # Blender's floats have no more digits; the rest is noise
    return "" if option.kind == "choice" and value == _UNSET else value


def take(settings: Any, service: Declaration, given: Options) -> list[str]:
    """Set a service's options to these values, all others to their defaults; the labels of those it has no more."""
    lost = [key for key in given if key not in {option.key for option in service.options}]
    for option in service.options:
        value = given.get(option.key, option.default)
        try:
            setattr(settings, option.key, _UNSET if option.kind == "choice" and value == "" else value)
        except TypeError:  # a choice that there was in another version
            lost.append(option.label)
    return lost


def draw(layout: bpy.types.UILayout, chosen: Any, service: Declaration, *, for_images: bool) -> None:
    """The options of a service that mean something for the kind of input; those of enterprise accounts last."""
    shown = [option for option in service.options if (for_images or not option.images_only)]
    # These stand where the image is chosen, and where pictures are made first.
    shown = [option for option in shown if not (option.replaces_image or option.pictures_only)]
    for option in shown:
        if not option.enterprise:
            _draw(layout, group(chosen, service), option)
    marked = [option for option in shown if option.enterprise]
    if marked:
        layout.label(text=tr("Enterprise accounts only:"), icon="SOLO_ON")
    for option in marked:
        _draw(layout, group(chosen, service), option)


def _draw(layout: bpy.types.UILayout, settings: Any, option: Option) -> None:
    """A field; a switch and a number have their whole name in it, whatever the language and the width."""
    row = unsupported.row(layout, policy.why(option.key))
    row.use_property_split = option.kind in ("choice", "text")
    row.prop(settings, option.key)


def draw_of_pictures(layout: bpy.types.UILayout, chosen: Any, service: Declaration) -> None:
    """The options of a service that mean something where pictures are made first."""
    for option in service.options:
        if option.pictures_only:
            layout.prop(group(chosen, service), option.key)
