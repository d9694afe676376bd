"""What a check is, and what it hands back. May import numpy and `engine`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...engine.model.quality.report import Finding
from .shape.shape import Shape

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Measured:
    """What a check measured.

    Attributes:
        value: in the check's unit; None where this model has no such thing.
        faces, edges: a mask of those of the `Shape` that are meant, or neither.
        sampled: only a part was looked at.
        threshold: where it depends on the job.
    """

    value: float | None
    faces: Mask | None = None
    edges: Mask | None = None
    sampled: bool = False
    threshold: float | None = None


@dataclass(frozen=True)
class Check:
    """One thing that is measured.

    Attributes:
        name: as findings, verdicts and attributes have it. unit, threshold, sentence: as `Finding` has them.
        measure: does it; whatever it raises, the value could not be measured.
        at_least: the value has to reach the threshold, in place of not exceeding it.
        of_one: the sentence where the value is 1.
    """

    name: str
    unit: str
    threshold: float | None
    sentence: str
    measure: Callable[[Shape], Measured]
    at_least: bool = False
    of_one: str = ""

    def finding(self, measured: Measured, *, marked: int = 0, where: str = "") -> Finding:
        """What it came to, held against the threshold."""
        threshold = self.threshold if measured.threshold is None else measured.threshold
        value = measured.value
        if value is not None and not math.isfinite(value):  # beyond what single precision holds
            value = None
        good = value is None or threshold is None or (value >= threshold if self.at_least else value <= threshold)
        rounded = None if value is None else float(f"{value:.6g}")
        sentence = self.of_one if self.of_one and rounded == 1 else self.sentence
        return Finding(self.name, rounded, self.unit, threshold, good, marked, measured.sampled, sentence, where)
