"""What hangs together in a graph. Imports numpy alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]


def components(count: int, one: NDArray[np.signedinteger[Any]], other: NDArray[np.signedinteger[Any]]) -> Ints:
    """Of each of `count` nodes the smallest one that it hangs together with, by the edges from one to the other."""
    label = np.arange(count, dtype=np.int32)
    while len(one):
        low, high = np.minimum(one, other), np.maximum(one, other)
        label[high] = low  # of several that are given one is taken, and each is smaller
        changed = np.unique(high) if len(high) * 4 < count else slice(None)
        while True:  # to the end of the chains
            target = label[label[changed]]
            if np.array_equal(target, label[changed]):
                break
            label[changed] = target
        label = label[label]
        one, other = label[low], label[high]
        apart = one != other
        one, other = one[apart], other[apart]
    while True:
        target = label[label]
        if np.array_equal(target, label):
            return label
        label = target


def numbered(labels: Ints) -> Ints:
    """The labels as numbers from 0 without gaps, in their order."""
    there = np.zeros(int(labels.max()) + 1 if len(labels) else 0, dtype=bool)
    there[labels] = True
    return (np.cumsum(there, dtype=np.int32) - 1)[labels]


def totals(labels: Ints, values: NDArray[Any], count: int) -> NDArray[np.float64]:
    """Of each of `count` labels the sum of the values that have it."""
    return np.bincount(labels, weights=values, minlength=count).astype(np.float64)
