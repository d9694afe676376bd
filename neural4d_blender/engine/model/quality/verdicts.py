"""What findings say of what a model is good for: a table, and how it is read. Standard library only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .report import USES, Finding, Verdict


@dataclass(frozen=True)
class Weight:
    """What a finding that is not as it should be takes off a score.

    Attributes:
        share: of the score that is left, from 0 to 1.
        needed: the model is not good for this use with it.
    """

    share: float
    needed: bool = False


#: By use, then by the name of the check; what is not named does not matter there.
WEIGHTS: dict[str, dict[str, Weight]] = {
    "render": {
        "inverted_normals": Weight(0.4, needed=True),
        "channel_base_color": Weight(0.3),
        "uv_missing": Weight(0.25),
        "texel_density": Weight(0.2),
        "floating_parts": Weight(0.2),
        "doubled_faces": Weight(0.15),
        "channel_roughness": Weight(0.1),
        "channel_normal": Weight(0.05),
        "open_edges": Weight(0.05),
        "zero_area_faces": Weight(0.02),
    },
    "game": {
        "faces": Weight(0.5, needed=True),
        "inverted_normals": Weight(0.45, needed=True),
        "uv_missing": Weight(0.4, needed=True),
        "channel_base_color": Weight(0.2),
        "texture_size": Weight(0.2),
        "doubled_faces": Weight(0.15),
        "hidden_faces": Weight(0.15),
        "uv_overlap": Weight(0.1),
        "floating_parts": Weight(0.1),
        "texel_density": Weight(0.1),
        "channel_normal": Weight(0.05),
        "zero_area_faces": Weight(0.05),
        "non_manifold_edges": Weight(0.05),
    },
    "print": {
        "open_edges": Weight(0.6, needed=True),
        "inverted_normals": Weight(0.5, needed=True),
        "non_manifold_edges": Weight(0.45, needed=True),
        "floating_parts": Weight(0.4, needed=True),
        "thin_walls": Weight(0.4, needed=True),
        "inconsistent_normals": Weight(0.2),
        "doubled_faces": Weight(0.2),
        "self_intersections": Weight(0.15),
        "stands": Weight(0.15),
        "flat_base": Weight(0.1),
        "hidden_faces": Weight(0.05),
        "zero_area_faces": Weight(0.05),
    },
}


def verdicts(findings: Iterable[Finding]) -> tuple[Verdict, ...]:
    """One for each of USES. What could not be measured counts for nothing."""
    amiss = {finding.name for finding in findings if not finding.ok}
    return tuple(_verdict(use, amiss) for use in USES)


def _verdict(use: str, amiss: set[str]) -> Verdict:
    counts = {name: weight for name, weight in WEIGHTS[use].items() if name in amiss}
    score = 1.0
    for weight in counts.values():
        score *= 1 - weight.share
    worst = sorted(counts, key=lambda name: (counts[name].needed, counts[name].share), reverse=True)
    return Verdict(use, not any(weight.needed for weight in counts.values()), round(score, 4), tuple(worst))
