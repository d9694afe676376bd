"""What can be repaired of a model before it arrives, as the panel offers it.

May be loaded when Blender starts: imports declarations and nothing that draws.
"""

from typing import Any

from ....engine.protocol import REPAIRS

ITEMS = [
    ("doubles", "Merge Doubles", "One vertex and one face of those that stand in the same place"),
    ("floaters", "Remove Floaters", "Take small parts away that touch nothing"),
    ("normals", "Correct Normals", "Turn faces that look inwards; smooth stays smooth"),
    ("holes", "Fill Holes", "Close holes that are smaller than a tenth of the model"),
    ("base", "Flat Base", "Cut a thin slice off the bottom, so that the model stands"),
    ("printable", "Make Printable", "One closed surface of all parts, with the colors of the model"),
]


def chosen(settings: Any) -> list[str]:
    """The names that are chosen, in the order in which they are done."""
    return [name for name in REPAIRS if name in settings.repair]
