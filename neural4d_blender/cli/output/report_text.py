"""What a job's models are good for, in lines for a person and values for a program.

Standard library, client and the engine's ``protocol`` only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...client.jobs import ranking
from ...client.jobs.snapshots import Job, Variant
from ...engine.protocol import USES


def in_short(variant: Variant) -> str:
    """The three verdicts in a line; empty where it was not checked."""
    return "; ".join(_verdict(variant, use) for use in USES) if variant.report else ""


def _verdict(variant: Variant, use: str) -> str:
    verdict = variant.report.verdict(use) if variant.report else None
    reasons = ", ".join(ranking.why(variant, use)[:2])
    fit = "fit" if verdict and verdict.ok else "not fit"
    return f"{use}: {fit}{f' ({reasons})' if reasons else ''}"


def lines(job: Job) -> Iterator[str]:
    """All that was found in each of the checked models, the best one first."""
    for variant in ranking.best_first(job):
        if report := variant.report:
            yield f"  variant {variant.index + 1}"
            for use in USES:
                yield f"    {_verdict(variant, use)}, {report.verdict(use).score:.2f}"
            for finding in report.findings:
                sampled = " (sampled)" if finding.sampled else ""
                yield f"    {'ok' if finding.ok else '! '} {finding.told() or finding.short()}{sampled}"


def variants(job: Job) -> list[dict[str, Any]]:
    """The job's models with their reports, the best one first; what was not prepared comes behind."""
    ranked = ranking.best_first(job)
    return [
        {
            "variant": one.index,
            "state": one.state,
            "report": one.report.to_json() if one.report else None,
        }
        for one in [*ranked, *(one for one in job.variants if one not in ranked)]
    ]
