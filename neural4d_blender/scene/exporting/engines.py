"""What game engines take, each a .glb or a .fbx: names of levels of detail and collision shapes, axes and units.

Standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Engine:
    """How an engine wants its files.

    Attributes:
        lods: of a .fbx it makes one model of NAME_LOD0, NAME_LOD1, ... below an Empty; otherwise each level is a file
            of its own. lod_group: that Empty is a node of the kind LodGroup.
        box, hull: what it calls a collision shape, of ``mesh``, the name of the model's mesh, and a ``number``. Empty
            where it knows none by name: then the shapes are a file of their own.
        turn: degrees about Z from Blender's front (-Y) to the one of the engine, in a .fbx.
        metres: in a unit of a .fbx. scale: how Blender's exporter is to write that.
        flips_green: a normal map of a .fbx has Y down (DirectX).
    """

    lods: bool = False
    lod_group: bool = False
    box: str = ""
    hull: str = ""
    turn: float = 0.0
    metres: float = 1.0
    scale: str = "FBX_SCALE_ALL"
    flips_green: bool = False


ENGINES = {
    # FBX Static Mesh Pipeline: LodGroup, UCX_ and UBX_ with the name of the mesh, centimetres, X in front.
    "unreal": Engine(
        lods=True, lod_group=True, box="UBX_{mesh}_{number:02d}", hull="UCX_{mesh}_{number:02d}",
        turn=90.0, metres=0.01, scale="FBX_SCALE_NONE", flips_green=True,
    ),
    # The Model Importer makes a LOD Group of such names; a Mesh Collider is given its mesh by hand.
    "unity": Engine(lods=True),
    # Import hints by the ends of names; levels of detail it makes itself, others are set by hand.
    "godot": Engine(box="{mesh}_{number:02d}-convcolonly", hull="{mesh}_{number:02d}-convcolonly"),
}  # fmt: skip
