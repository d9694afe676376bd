"""Takes a model apart into a few named parts that stand where they stood in the whole.

May import numpy.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .catalogue import Model

#: The lowest, middle and highest part: what stands on the ground, what rests on it, what rises above.
PARTS = ("base", "body", "top")
#: What they are called where a prompt has one of these words.
CALLED = {
    "chair": ("legs", "seat", "back"),
    "house": ("ground floor", "walls", "roof"),
    "tree": ("trunk", "bough", "crown"),
}


def part_names(model: Model) -> list[str]:
    """The parts the model has, the lowest first."""
    return [PARTS[index] for index in np.unique(_places(model))]


def called(part: str, prompt: str) -> str:
    """The part's name to people."""
    for word, names in CALLED.items():
        if word in prompt.casefold():
            return names[PARTS.index(part)]
    return part


def take_part(model: Model, name: str) -> Model:
    """One part alone, in the whole model's coordinates; all parts together are the whole."""
    chosen = _places(model) == PARTS.index(name)
    return replace(model, faces=model.faces[chosen], groups=model.groups[chosen])


def _places(model: Model) -> NDArray[np.int64]:
    """For each face the index of its part: surfaces stay whole, unless the model has too few of them."""
    heights = model.vertices[model.faces][:, :, 2].mean(axis=1)
    _, surface = np.unique(model.groups, return_inverse=True)
    means = np.bincount(surface, heights) / np.bincount(surface)
    whole = _thirds(means[surface], model)
    return whole if len(np.unique(whole)) > 1 else _thirds(heights, model)


def _thirds(heights: NDArray[np.float64], model: Model) -> NDArray[np.int64]:
    low, high = model.vertices[:, 2].min(), model.vertices[:, 2].max()
    return np.clip(((heights - low) / (high - low) * len(PARTS)).astype(np.int64), 0, len(PARTS) - 1)
