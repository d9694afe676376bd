"""The settings of the panel, at ``scene.neural4d``. No secret may ever stand here: a scene is saved."""

from typing import TYPE_CHECKING

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from ...engine import protocol
from ...engine.protocol import Feature
from ..drawing import unsupported
from . import image_sources, service_options, side_views, sizes
from . import reference_list as references
from .importing import games, repairs
from .recent_prompts_and_presets import noting

if TYPE_CHECKING:
    from ...batching.table.generate_arguments import Arguments, Arrival, ModelSettings

#: The services, as a choice.
SERVICES = [(service.id, service.name, f"Generate with {service.name}") for service in protocol.declarations()]
AXES = [
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


def _adapt(chosen: "NEURAL4D_PG_settings", _context: bpy.types.Context) -> None:
    """Another service: an input that it takes, where it takes none of what is chosen."""
    declared = service(chosen)
    if image_sources.lacks(declared, chosen.image_source):
        chosen.image_source = image_sources.first_of(declared)
    no_text, no_images = declared.lacks(Feature.TEXT), image_sources.lacks_all(declared)
    if chosen.input == "TEXT" and no_text and not no_images:
        chosen.input = "IMAGE"
    elif chosen.input == "IMAGE" and no_images and not no_text:
        chosen.input = "TEXT"


def _fit(chosen: "NEURAL4D_PG_settings", _context: bpy.types.Context) -> None:
    """No more variants and pictures than the service makes; one of single models leaves the number for the others."""
    declared = service(chosen)
    for name, most in (("variants", declared.max_variants), ("pictures", declared.max_pictures)):
        if getattr(chosen, name) > most > 1:
            setattr(chosen, name, most)


class NEURAL4D_PG_settings(bpy.types.PropertyGroup):
    """What the next job is going to be."""

    provider: EnumProperty(
        name="Service",
        description="The service that makes the model",
        items=SERVICES,
        update=noting("provider", _adapt),
    )
    input: EnumProperty(
        name="Make It Of",
        description="What the model is made of",
        items=[
            ("TEXT", "Prompt", "Make the model of a few words", "FONT_DATA", 0),
            ("IMAGE", "Image", "Make the model of a picture", "IMAGE_DATA", 1),
        ],
    )
    choose_cutout: BoolProperty(
        name="Choose Cut-Out",
        description="Look at the pictures that the service offers (cut-outs, spins) and take one, instead of the first",
        default=False,
    )
    picture_first: BoolProperty(
        name="Picture First",
        description="Have pictures made of the prompt, at a price of their own, and the model of one of them",
        default=False,
    )
    pictures: IntProperty(
        name="Pictures",
        description="How many pictures to make, to choose from",
        default=1,
        min=1,
        max=max(1, *(declared.max_pictures for declared in protocol.declarations())),
        update=_fit,
    )
    references: CollectionProperty(name="References", type=references.NEURAL4D_PG_reference)
    use_views: BoolProperty(
        name="Side Views",
        description="Send further pictures of the same thing, from its sides; the image is its front",
        default=False,
    )
    place_all: BoolProperty(
        name="Place All",
        description="Put all variants into the scene, side by side, instead of the first one alone",
        default=False,
    )
    placeholder: BoolProperty(
        name="Placeholder",
        description="Put an Empty of the wanted size where the model is to stand; the model takes its place",
        default=True,
    )
    use_cap: BoolProperty(
        name="Spending Limit",
        description="Stop the job before it costs more than this; stays on, whatever file is open, until you untick it",
        default=False,
        update=noting("use_cap"),
    )
    max_points: IntProperty(
        name="Points at Most",
        description="What the job may cost in all",
        default=100,
        min=0,
        update=noting("max_points"),
    )
    prompt: StringProperty(
        name="Prompt",
        description="What to make, in a few words",
        maxlen=protocol.MAX_PROMPT,
        options={"TEXTEDIT_UPDATE"},
    )
    image_source: EnumProperty(name="Image From", description="Where the image comes from", items=image_sources.SOURCES)
    image_url: StringProperty(
        name="Web Address", description="Address of the image; the service fetches it from there", maxlen=2048
    )
    image_path: StringProperty(name="Image File", description="The image to make a model of", subtype="FILE_PATH")
    image: PointerProperty(name="Image", description="The image to make a model of", type=bpy.types.Image)
    variants: IntProperty(
        name="Variants",
        description="How many models to make of the same prompt, to choose from",
        default=1,
        min=1,
        max=max(declared.max_variants for declared in protocol.declarations()),
        update=noting("variants", _fit),
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
        update=noting("use_size"),
    )
    size_mm: FloatProperty(
        name="Size in Millimetres",
        description="Real size in millimetres along the chosen axis, whatever the scene's units; as long as it was "
        "never set, the scene suggests one",
        default=100.0,
        min=0.1,
        max=1e7,
        options={"HIDDEN"},
        update=noting("size_mm"),
    )
    size: FloatProperty(
        name="Size",
        description="Real size along the chosen side, in the scene's units or with any other one: 1.8m, 180cm, 6ft",
        get=sizes.get,
        set=sizes.put,
        min=0.0,
        unit="LENGTH",
        subtype="DISTANCE",
        precision=4,
    )
    axis: EnumProperty(name="Along", description="The side that gets the size", items=AXES, update=noting("axis"))
    origin: EnumProperty(name="Origin", description="Where the origin of the model is", items=_ORIGINS)
    joined: BoolProperty(
        name="One Mesh",
        description="Join all parts into one mesh; otherwise they hang below one root as they came",
        default=False,
    )
    use_max_faces: BoolProperty(
        name="Face Limit",
        description="Take detail away until the model has no more faces than this",
        default=False,
    )
    max_faces: IntProperty(
        name="Faces at Most",
        description="Triangles that the model may have; Quads then makes fewer faces of them",
        default=20_000,
        min=protocol.MIN_FACES,
        soft_max=1_000_000,
    )
    recalculate_normals: BoolProperty(
        name="Recalculate Normals",
        description="Turn all faces outwards and shade smooth up to 30 degrees, instead of by the file's own normals",
        default=False,
    )
    quads: BoolProperty(name="Quads", description="Make quads of pairs of triangles", default=False)
    repair: EnumProperty(
        name="Repairs", description="What is put right of the shape", items=repairs.ITEMS, options={"ENUM_FLAG"}
    )
    animation: BoolProperty(
        name="Keep Animation",
        description="Keep rigs, actions and all that they move, below an Empty that has the size; else the model "
        "stands as its file shows it",
        default=False,
    )
    pack_images: BoolProperty(
        name="Pack Images",
        description="Images become part of the .blend; otherwise they are written to a folder, textures, beside it",
        default=True,
    )


NEURAL4D_PG_settings.__annotations__ |= service_options.pointers() | side_views.properties() | games.properties()

# Functions, not members: a Python property on a PropertyGroup crashes 4.2's and hangs 4.5's bpy
# module when its interpreter ends (measured on 4.2.23 and 4.5.15).


def service(chosen: NEURAL4D_PG_settings) -> protocol.Declaration:
    """The declaration of the chosen service."""
    return protocol.declaration(chosen.provider)


def arguments(chosen: NEURAL4D_PG_settings, *, of_image: bool | None = None) -> "Arguments":
    """The arguments of ``generate`` that the settings amount to, less the image itself."""
    declared, of_panel = service(chosen), of_image is None
    of_image = chosen.input == "IMAGE" if of_image is None else of_image
    by_reference = of_panel and of_image and chosen.image_source == "SERVICE"
    first = not of_image and makes_pictures(chosen)
    sides = (
        side_views.values(chosen, declared)
        if of_panel and of_image and not unsupported.why(declared, Feature.VIEWS)
        else {}
    )
    found: Arguments = {
        "prompt": "" if of_image else chosen.prompt.strip(),
        "provider": chosen.provider,
        **arrival(chosen),
        "max_points": chosen.max_points if chosen.use_cap else None,
        **of_service(chosen, declared, of_image=of_image, by_reference=by_reference, pictures=first),
    }
    if sides:
        found["views"] = sides
    if first:
        found["picture_first"], found["choose_cutout"] = True, chosen.choose_cutout
        found["pictures"] = min(chosen.pictures, declared.max_pictures)
        found["references"] = references.values(chosen, declared.max_references)
    return found


def arrival(chosen: NEURAL4D_PG_settings) -> "Arrival":
    """Those of them that say how a model comes into the scene, wherever it is from."""
    return {
        "size_mm": sizes.wanted(chosen) if chosen.use_size else None,
        "axis": chosen.axis,
        "origin": chosen.origin,
        "joined": chosen.joined,
        "max_faces": chosen.max_faces if chosen.use_max_faces else None,
        "recalculate_normals": chosen.recalculate_normals,
        "quads": chosen.quads,
        "repair": repairs.chosen(chosen),
        **games.values(chosen),
        "animation": chosen.animation,
        "pack_images": chosen.pack_images,
        "placeholder": None if chosen.placeholder else False,
    }


def makes_pictures(chosen: NEURAL4D_PG_settings) -> bool:
    """Pictures are to be made of a prompt first, and the service can."""
    return bool(chosen.picture_first) and not unsupported.why(service(chosen), Feature.PICTURE)


def of_service(
    chosen: NEURAL4D_PG_settings,
    declared: protocol.Declaration,
    *,
    of_image: bool,
    by_reference: bool = False,
    pictures: bool = False,
) -> "ModelSettings":
    """Those of them that depend on what a service can do, for any service: each one's own settings are kept."""
    own = {"for_images": of_image, "by_reference": by_reference, "pictures": pictures}
    variants = min(chosen.variants, declared.max_variants)
    return {
        "variants": variants,
        "pbr": None if chosen.pbr or not declared.can(Feature.PBR) else False,
        "format": service_options.group(chosen, declared).file_format,
        "options": service_options.values(chosen, declared, **own),
        "choose_cutout": of_image and chosen.choose_cutout and not unsupported.why(declared, Feature.CHOICE),
        "place_all": chosen.place_all and variants > 1,
    }
