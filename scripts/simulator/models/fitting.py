"""Gives a finished model the size and the origin that were asked for, along glTF's axes.

May import numpy.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .catalogue import Model
from .glbfile import TO_GLTF

Triple = tuple[float, float, float]


def resize(model: Model, box: Triple, keep_proportions: bool) -> None:
    """Stretch the model to the box, or make it as large as fits inside.

    Args:
        box: width (X), height (Y, up) and depth (Z, to the front), in the model's units; each above 0.
    """
    low, size = _bounds(model)
    # An absolute value, because depth runs the other way in the model's own axes: only extents count here.
    factors = _to_model(np.asarray(box), extents=True) / size
    if keep_proportions:
        factors = np.full(3, factors.min())
    model.vertices = (model.vertices - low) * factors + low
    model.normals = model.normals / factors
    model.normals /= np.linalg.norm(model.normals, axis=1, keepdims=True)


def set_pivot(model: Model, pivot: Triple) -> None:
    """Move the model so that the pivot, -0.5 to 0.5 of its bounding box along each axis, is at the origin."""
    low, size = _bounds(model)
    model.vertices = model.vertices - (low + size / 2 + _to_model(np.asarray(pivot), extents=False) * size)


def _bounds(model: Model) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    low = model.vertices.min(axis=0)
    return low, model.vertices.max(axis=0) - low


def _to_model(gltf: NDArray[np.float64], *, extents: bool) -> NDArray[np.float64]:
    """From glTF's axes to the model's."""
    own = gltf @ TO_GLTF
    return np.abs(own) if extents else own
