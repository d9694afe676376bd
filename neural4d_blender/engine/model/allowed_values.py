"""What may be asked for, whatever the service. Standard library only."""

from __future__ import annotations

AXES = ("X", "Y", "Z", "LONGEST")
ORIGINS = ("BOTTOM", "CENTER", "AUTHORED")
FORMATS = ("GLB", "BLEND", "FBX", "OBJ", "STL", "USDZ")
#: Collision shapes that are made for games: one box, one convex hull, or several that are closer to the model.
COLLISIONS = ("NONE", "BOX", "CONVEX", "PIECES")
#: What files can be made for, and the kind of file that it takes best.
MADE_FOR = {"unreal": "fbx", "unity": "fbx", "godot": "glb", "print": "3mf"}
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
