"""The settings of the panel, at ``scene.neural4d``. No secret may ever stand here: a scene is saved."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

from ..engine import protocol
from . import image_sources

_SERVICES = [(service.id, service.name, f"Generate with {service.name}") for service in protocol.declarations()]
_AXES = [
    ("LONGEST", "Longest side", "The longest of the three measures becomes the given size"),
    ("X", "Width (X)", "The width becomes the given size"),
    ("Y", "Depth (Y)", "The depth becomes the given size"),
    ("Z", "Height (Z)", "The height becomes the given size"),
]
_ORIGINS = [
    ("BOTTOM", "Bottom", "Origin at the centre of the bottom, so that the model stands where it is put"),
    ("CENTER", "Center", "Origin at the centre of the model"),
    ("AUTHORED", "As Made", "Origin where the service put it"),
]


class NEURAL4D_PG_settings(bpy.types.PropertyGroup):
    """What the next job is going to be."""

    provider: EnumProperty(name="Service", description="The service that makes the model", items=_SERVICES)
    prompt: StringProperty(
        name="Prompt",
        description="What to make, in a few words",
        maxlen=1024,
        options={"TEXTEDIT_UPDATE"},
    )
    image_source: EnumProperty(name="Image From", description="Where the image comes from", items=image_sources.SOURCES)
    image_path: StringProperty(name="Image File", description="The image to make a model of", subtype="FILE_PATH")
    image: PointerProperty(name="Image", description="The image to make a model of", type=bpy.types.Image)
    variants: IntProperty(
        name="Variants",
        description="How many models to make of the same prompt, to choose from",
        default=1,
        min=1,
        max=8,
    )
    pbr: BoolProperty(
        name="PBR Textures",
        description="Ask for roughness, metallic and normal maps as well as colours",
        default=True,
    )
    use_size: BoolProperty(
        name="Exact Size",
        description="Scale the model to the size below; otherwise it keeps the size the service gave it",
        default=True,
    )
    size_mm: FloatProperty(
        name="Size",
        description="Real size in millimetres along the chosen axis, whatever the scene's units",
        default=100.0,
        min=0.1,
        max=1e7,
        soft_max=10_000.0,
        precision=1,
        step=100,
    )
    axis: EnumProperty(name="Along", description="The side that gets the size", items=_AXES)
    origin: EnumProperty(name="Origin", description="Where the origin of the model is", items=_ORIGINS)


# Functions, not members: a Python property on a PropertyGroup crashes 4.2's and hangs 4.5's bpy
# module when its interpreter ends (measured on 4.2.23 and 4.5.15).


def service(chosen: NEURAL4D_PG_settings) -> protocol.Declaration:
    """The declaration of the chosen service."""
    return protocol.declaration(chosen.provider)


def arguments(chosen: NEURAL4D_PG_settings) -> dict[str, Any]:
    """The arguments of ``generate`` that the settings amount to."""
    return {
        "prompt": chosen.prompt.strip(),
        "provider": chosen.provider,
        "variants": min(chosen.variants, service(chosen).max_variants),
        "pbr": chosen.pbr,
        "size_mm": chosen.size_mm if chosen.use_size else None,
        "axis": chosen.axis,
        "origin": chosen.origin,
    }
