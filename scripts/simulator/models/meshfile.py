"""Writes a model as STL or PLY: the surface alone, Y up.

May import numpy and trimesh.
"""

from __future__ import annotations

from typing import Any

import trimesh

from .catalogue import Model
from .glbfile import TO_GLTF


def write_mesh(model: Model, kind: str) -> bytes:
    """The file's bytes, in the binary variant of the format. `kind`: stl or ply."""
    mesh: Any = trimesh.Trimesh(model.vertices @ TO_GLTF.T, model.faces, process=False)
    packed: bytes = mesh.export(file_type=kind)
    return packed
