"""What may be asked for, whatever the service. Standard library and ``errors`` only."""

from __future__ import annotations

from ..errors import InvalidInput

AXES = ("X", "Y", "Z", "LONGEST")
ORIGINS = ("BOTTOM", "CENTER", "AUTHORED")
FORMATS = ("GLB", "BLEND", "FBX", "OBJ", "STL", "USDZ")
#: What is made of models for games: collision shapes (a box, a convex hull, or several that are closer to the model), a
#: new mesh of few faces, and pixels of a side of the textures baked for that (0: as the model's own).
OF_GAMES: dict[str, tuple[str | int, ...]] = {
    "collision": ("NONE", "BOX", "CONVEX", "PIECES"),
    "retopology": ("NONE", "QUADS", "TRIANGLES"),
    "texture_size": (0, 256, 512, 1024, 2048, 4096, 8192),
}
#: What a file may be besides, wherever it is from: no service makes these.
MORE_FORMATS = ("PLY", "GLTF")
#: The provider of model files that are the user's own.
FILES = "file"
#: Fewer faces enclose nothing.
MIN_FACES = 4
#: What may be repaired of a model, in the order in which it is done.
REPAIRS = ("doubles", "floaters", "normals", "holes", "base", "printable")
#: A service may take less; nobody's prompt is longer, but a pasted file is.
MAX_PROMPT = 10_000
#: Millimetres: from a grain of dust to a thousand kilometres. Floats stay exact enough in between.
MIN_SIZE_MM, MAX_SIZE_MM = 0.001, 1e9


def check_characters(*texts: str) -> None:
    """Refuse a text that no JSON, and no file's name, can have as it is: half a character; InvalidInput."""
    for text in texts:
        try:
            text.encode()
        except UnicodeEncodeError:
            shown = text.encode("ascii", "backslashreplace").decode()
            raise InvalidInput(
                f"This text has characters that are none: {shown}", "Correct it, or rename the file."
            ) from None
