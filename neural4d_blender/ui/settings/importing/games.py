"""What is made of a model for games before it arrives, as the panel offers it.

May be loaded when Blender starts: imports declarations and nothing that draws.
"""

from typing import TYPE_CHECKING, Any

from bpy.props import EnumProperty, StringProperty

from ....engine import protocol

if TYPE_CHECKING:
    from ....batching.table.generate_arguments import Shape
    from ....engine.protocol import Request

_RETOPOLOGY = [
    ("NONE", "As It Is", "The model keeps its mesh"),
    ("QUADS", "Quads", "A new mesh of quads, with new textures; the faces are those of Face Limit, else 20,000"),
    ("TRIANGLES", "Triangles", "A new mesh of triangles, with new textures; as many as Face Limit has, else 20,000"),
]
_COLLISION = [
    ("NONE", "No Shape", "Nothing to collide with is made"),
    ("BOX", "Box", "The box around the model"),
    ("CONVEX", "Convex Hull", "One shape without hollows, close around the model"),
    ("PIECES", "Convex Pieces", "Several convex shapes, which leave its openings open"),
]
_SIDES = [
    (str(side), str(side or "As the Model's"), "Width and height of the new textures in pixels")
    for side in protocol.OF_GAMES["texture_size"]
]


def _tidy(chosen: Any, _context: object) -> None:
    """Only what can be made is left standing."""
    told = ", ".join(map(str, _lods(chosen.lods)))
    if chosen.lods != told:
        chosen.lods = told


def _lods(text: str) -> list[float]:
    found: list[float] = []
    for part in text.replace(";", ",").split(","):
        try:
            number = float(part)
        except ValueError:
            continue
        if 0 < number < 1:
            found.append(number)
        elif protocol.MIN_FACES <= number < 1e9:
            found.append(int(number))
    return found


def properties() -> dict[str, object]:
    """Fields for the annotations of the settings; all of them off."""
    return {
        "retopology": EnumProperty(name="New Mesh", description="A mesh of few faces that looks the same, "
        "with textures baked from the model. Takes minutes", items=_RETOPOLOGY),
        "texture_size": EnumProperty(name="Texture Size", items=_SIDES,
        description="Width and height of the new textures in pixels"),
        "lods": StringProperty(name="LODs", description="Levels of detail, hidden beside the model, with commas "
        "between: parts of its faces or numbers of them, as 0.5, 0.1 or 20000, 2000", update=_tidy),
        "collision": EnumProperty(name="Collision", description="A shape to collide with, hidden beside the model",
        items=_COLLISION),
    }  # fmt: skip


def values(chosen: Any) -> "Shape":
    """What ``generate`` takes of them."""
    return {
        "retopology": chosen.retopology,
        "texture_size": int(chosen.texture_size) if chosen.retopology != "NONE" else 0,
        "lods": _lods(chosen.lods),
        "collision": chosen.collision,
    }


def take(chosen: Any, request: "Request") -> None:
    """Set the fields to what a job was asked for."""
    chosen.retopology, chosen.collision = request.retopology, request.collision
    chosen.texture_size = str(request.texture_size)
    chosen.lods = ", ".join(map(str, request.lods))
