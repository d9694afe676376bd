"""What is to be said of a body before it is printed, and what it takes of material. May import numpy."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .body import Body

#: Of PLA (g/cm³), and of the filament (mm).
DENSITY, FILAMENT = 1.24, 1.75


@dataclass(frozen=True)
class PrintCheck:
    """What came of a look at one body.

    Attributes:
        name: what it is called. size_mm: width, depth and height.
        reasons: in sentences, why it cannot be printed as it is; empty where it can.
        volume_cm3, grams, filament_m: of the material, printed solid; a slicer's infill takes less.
        told: what was changed, or could not be.
    """

    name: str
    size_mm: tuple[float, float, float]
    reasons: tuple[str, ...]
    volume_cm3: float
    grams: float
    filament_m: float
    told: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """It can be printed."""
        return not self.reasons

    def __str__(self) -> str:
        verdict = "ready to print" if self.ok else f"not ready to print: {' '.join(self.reasons)}"
        sides = " x ".join(f"{side:.4g}" for side in self.size_mm)
        material = f"{self.volume_cm3:.3g} cm³, {self.grams:.3g} g, {self.filament_m:.3g} m of filament"
        return " ".join([f"{self.name}: {verdict} ({sides} mm; {material}).", *self.told])


def judge(body: Body, told: tuple[str, ...] = (), density: float = DENSITY, filament: float = FILAMENT) -> PrintCheck:
    """A body's verdict; density in g/cm³, diameter of the filament in millimetres."""
    reasons = []
    if body.open_edges:
        edges = "edge is" if body.open_edges == 1 else "edges are"
        reasons.append(f"Its surface is not closed: {body.open_edges:,} {edges} open or shared by too many faces.")
    elif body.volume <= 0:
        reasons.append("Its faces look inwards.")
    else:
        reasons += _thin_walls(body)
    volume = abs(body.volume)
    x, y, z = body.size.tolist()
    return PrintCheck(
        body.name,
        (x, y, z),
        tuple(reasons),
        volume / 1000,
        volume / 1000 * density,
        volume / (math.pi * (filament / 2) ** 2) / 1000,
        told,
    )


def _thin_walls(body: Body) -> list[str]:
    """As the report's check measures them."""
    from ...prepare import foreground  # with the preparer, which an export to games does without

    thinnest, least = foreground.thinnest_wall(body.points, body.triangles), foreground.THINNEST_MM
    if thinnest is None or thinnest >= least:
        return []
    value, threshold = f"{thinnest:.2g}", f"{least:g}"
    return [f"The thinnest walls measure {value} mm; below {threshold} mm most printers leave them out or they break."]
