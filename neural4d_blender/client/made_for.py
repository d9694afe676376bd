"""What files can be made for. Standard library only."""

from __future__ import annotations

#: Game engines (how they want it stands in scene/exporting/engines.py) and printers: the kind that each takes best.
MADE_FOR = {"unreal": "fbx", "unity": "fbx", "godot": "glb", "print": "3mf"}
