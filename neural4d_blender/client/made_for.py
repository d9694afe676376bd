"""What files can be made for. Standard library only."""

from __future__ import annotations

#: Game engines, and the kind of file that each takes best; how they want it stands in scene/exporting/engines.py.
MADE_FOR = {"unreal": "fbx", "unity": "fbx", "godot": "glb"}
