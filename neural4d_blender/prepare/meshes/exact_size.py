"""Makes a model exactly as large as wanted and puts its origin where it belongs. May import bpy and `engine`.

Everything happens in mesh and armature data, in real metres with Z up: the objects' transforms stay identity, but for
those that share a mesh.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...engine.errors import BrokenModel
from . import apply_transforms
from .apply_transforms import Floats
from .extract_model import Model

#: Below this share of its longest side a model counts as flat: scaling it up to a size would be absurd.
FLAT = 1e-5
#: Single precision in mesh data leaves errors near 1e-7; a second pass removes what the first one left.
_ACCURACY = 1e-6
_PASSES = 3
_AXES = ("X", "Y", "Z")


@dataclass(frozen=True)
class Fitted:
    """What the sizing came to, measured on the final vertices.

    Attributes:
        dimensions_mm: size along X, Y and Z in millimetres.
        measured_mm: size along the chosen axis in millimetres.
        scale: factor between the size the model came with and the size it has now.
    """

    dimensions_mm: tuple[float, float, float]
    measured_mm: float
    scale: float


def fit(model: Model, *, size_mm: float | None, axis: str, origin: str) -> Fitted:
    """Scale the model as :func:`fit_by` does, in its data."""
    return fit_by(
        lambda: _bounds(model),
        lambda move, factor: apply_transforms.move_and_scale(model.shapes, move, factor),
        model.center,
        size_mm=size_mm,
        axis=axis,
        origin=origin,
    )


def fit_by(
    bounds: Callable[[], tuple[Floats, Floats]],
    move_and_scale: Callable[[Floats, float], None],
    center: Floats,
    *,
    size_mm: float | None,
    axis: str,
    origin: str,
) -> Fitted:
    """Scale a model to `size_mm` along `axis` (X, Y, Z, LONGEST; None keeps its size) and set its origin.

    Args:
        bounds: measures it. move_and_scale: scales it about the origin, then moves it.
        center: where the file had the middle of it.
        origin: BOTTOM (centre of the underside), CENTER (of the bounding box) or AUTHORED (the file's own).

    Raises:
        BrokenModel: the model has no extent along the axis.
    """
    lower, upper = bounds()
    extents = upper - lower
    along = int(np.argmax(extents)) if axis == "LONGEST" else _AXES.index(axis)
    _check_extent(extents, along)
    wanted = extents[along] if size_mm is None else size_mm / 1000
    total = float(wanted / extents[along])
    if not 0 < total < np.inf:
        raise BrokenModel(f"The model is {extents[along]:.3g} m long; that cannot be scaled to {size_mm} mm.")
    for _ in range(_PASSES):
        factor = wanted / (upper - lower)[along]
        target = _target(origin, center, total)
        move = target - _anchor(lower, upper, origin) * factor
        reach = np.abs(upper - lower).max() * factor
        if abs(factor - 1) <= _ACCURACY and np.abs(move).max() <= _ACCURACY * reach:
            break
        move_and_scale(move, factor)
        lower, upper = bounds()
        if not (np.isfinite(lower).all() and np.isfinite(upper).all()):  # beyond what single precision holds
            raise BrokenModel(f"The model is {extents[along]:.3g} m long; that cannot be scaled to {size_mm} mm.")
    x, y, z = ((upper - lower) * 1000).tolist()
    return Fitted((x, y, z), (x, y, z)[along], total)


def _bounds(model: Model) -> tuple[Floats, Floats]:
    return apply_transforms.bounds((item, np.array(item.matrix_basis, dtype=np.float64)) for item in model.meshes)


def _check_extent(extents: Floats, along: int) -> None:
    if not np.isfinite(extents).all():
        raise BrokenModel("The model has vertices whose coordinates are not numbers.")
    if extents.max() <= 0:
        raise BrokenModel("All of the model's vertices lie in one point.")
    if extents[along] < FLAT * extents.max():
        raise BrokenModel(
            f"The model is flat along {_AXES[along]}, so it cannot be given a size there.",
            "Choose another axis (LONGEST always works), then press Retry.",
        )


def _anchor(lower: Floats, upper: Floats, origin: str) -> Floats:
    """The point that `_target` speaks of."""
    middle = (lower + upper) / 2
    return np.array([middle[0], middle[1], lower[2]]) if origin == "BOTTOM" else middle


def _target(origin: str, center: Floats, total: float) -> Floats:
    """Where the anchor goes: the authored origin was moved by `center`, before scaling."""
    return center * total if origin == "AUTHORED" else np.zeros(3)
