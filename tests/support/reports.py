"""Reports on models, as checks make them: fit for everything, or short of something."""

from __future__ import annotations

from neural4d_blender.engine.model.quality.report import USES, Finding, Report, Verdict


def report(score: float = 1.0, *, open_edges: int = 0) -> Report:
    """One with that score for each use; what has open edges is not fit for print.

    Args:
        open_edges: how many, all of them marked.
    """
    sentence = "{value} edges have a face on one side only."
    edges = Finding("open_edges", open_edges, "edges", 0, not open_edges, open_edges, sentence=sentence)
    walls = Finding("thin_walls", 1.25, "mm", 0.8, True, sampled=True, sentence="The thinnest wall has {value} mm.")
    lacking = ("open_edges",) if open_edges else ()
    verdicts = (Verdict(use, not (open_edges and use == "print"), score, lacking * (use == "print")) for use in USES)
    return Report((edges, walls), tuple(verdicts))
