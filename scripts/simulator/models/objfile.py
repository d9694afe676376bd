"""Writes a model as an OBJ file with a colour at each vertex, the way image-to-mesh services do.

May import numpy.
"""

from __future__ import annotations

import io

import numpy as np

from .catalogue import Model
from .glbfile import TO_GLTF


def write_obj(model: Model) -> bytes:
    """The file's bytes: vertices with red, green and blue from 0 to 1 after x, y and z; Y up; no material."""
    base = model.textures.base
    height, width = base.shape[:2]
    across = np.clip((model.uv[:, 0] * width).astype(int), 0, width - 1)
    down = np.clip(((1 - model.uv[:, 1]) * height).astype(int), 0, height - 1)
    rows = np.hstack([model.vertices @ TO_GLTF.T, base[down, across, :3] / 255])
    packed = io.StringIO()
    np.savetxt(packed, rows, "v %.6f %.6f %.6f %.4f %.4f %.4f")
    np.savetxt(packed, model.faces + 1, "f %d %d %d")
    return packed.getvalue().encode()
