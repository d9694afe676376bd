"""Which of a job's models is the best one, and whether it is fit for what was required.

Standard library and the engine's ``protocol`` only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...engine.protocol import NotFit, State
from .box_fit import fit_of

if TYPE_CHECKING:
    from .snapshots import Job, Variant


def best_first(job: Job) -> list[Variant]:
    """The prepared variants: those first that are fit for what is required, then by how much of their box they fill,
    then by the verdict on the use that they are wanted for. Where none was checked, in their order.
    """
    request = job.request

    def standing(variant: Variant) -> tuple[bool, float, bool, float]:
        verdict = variant.report.verdict(request.use) if variant.report and request.use else None
        fit, score = (verdict.ok, verdict.score) if verdict else (False, 0.0)
        return bool(request.require) and fit, fit_of(job, variant) or 0.0, fit, score

    prepared = [variant for variant in job.variants if variant.blend]
    return sorted(prepared, key=standing, reverse=True)  # which keeps the order of equal ones


def own(job: Job) -> Variant | None:
    """The model that the job is known by: the one that stands in a scene, else the chosen one, else the best one."""
    prepared = best_first(job)
    order = [*job.placed, *([job.chosen] if job.chosen is not None else [])]
    there = (variant for index in order for variant in prepared if variant.index == index)
    return next(there, prepared[0] if prepared else None)


def why(variant: Variant, use: str) -> list[str]:
    """What speaks against a variant for a use, worst first, in short: "12 open edges"."""
    report = variant.report
    reasons = report.verdict(use).reasons if report else ()
    found = (report.finding(name) for name in reasons if report)
    return [finding.short() for finding in found if finding]


def shortfall(job: Job) -> NotFit | None:
    """What the best of a finished job's models lacks of what was required; None where nothing was, or it is fit."""
    use = job.request.require
    best = next(iter(best_first(job)), None)
    if not (use and best) or job.comparing or job.state not in (State.READY, State.PLACED):
        return None
    if best.report is None:
        what = f"The model was not checked, so nobody knows whether it is fit for {use}."
    elif best.report.verdict(use).ok:
        return None
    else:
        what = f"The model is not fit for {use}: {', '.join(why(best, use)[:3])}."
    cost = "" if job.cost is None else f"It cost {'about ' if job.cost_estimated else ''}{job.cost} points, fit or not."
    return NotFit(what, kept="The model is kept.", cost=cost)
