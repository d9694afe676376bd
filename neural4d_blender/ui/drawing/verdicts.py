"""Draws what a model is good for: in a line, and beside its picture what it is the best one by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy

from ...client.jobs import ranking
from . import labels
from .languages import tr

if TYPE_CHECKING:
    from ...client.jobs.snapshots import Job, Variant
    from ...engine.protocol import Report

#: Rows' heights that an icon takes with its gap.
_ICON = 1.9


def called(use: str) -> str:
    """What a use is called."""
    return {"render": tr("Render"), "game": tr("Game"), "print": tr("Print")}[use]


def icon(*, ok: bool) -> Any:
    """The sign before a verdict or a finding."""
    return "CHECKMARK" if ok else "X"


def reasons(report: Report, use: str) -> list[str]:
    """What speaks against a model for a use, worst first, in short."""
    found = (report.finding(name) for name in report.verdict(use).reasons)
    return [in_short(finding) for finding in found if finding]


def in_short(finding: Any) -> str:
    """What a check came to, by its name: "12 open edges"."""
    return finding.short(tr)


def draw(layout: bpy.types.UILayout, report: Report, *, inset: float = 3.6) -> None:
    """Each verdict with the worst that speaks against it, side by side as far as the region has room for them.

    Args:
        inset: how much of the width is taken, in rows' heights.
    """
    column = layout.column(align=True)
    row, told, count = column.row(), "", 0
    for verdict in report.verdicts:
        ok, name, why = verdict.ok, called(verdict.use), reasons(report, verdict.use)
        text = name if ok or not why else f"{name}: {why[0]}"
        if count and not labels.fits(told + text, inset=inset + _ICON * (count + 1)):
            row, told, count = column.row(), "", 0
        row.alignment = "LEFT"
        row.label(text=labels.cut(text, inset=inset + _ICON), icon=icon(ok=ok))
        told, count = told + text, count + 1


def draw_rank(layout: bpy.types.UILayout, job: Job, variant: Variant) -> None:
    """How good one of several is for what is wanted, with a star at the best one, and what speaks against it."""
    use, report = job.request.use, variant.report
    if not (use and report) or len(job.variants) < 2:
        return
    best = variant in ranking.best_first(job)[:1]  # none is, where the prepared files are gone
    text = f"{called(use)} {report.verdict(use).score:.0%}"
    layout.label(text=text, icon="SOLO_ON" if best else "SOLO_OFF")
    if why := reasons(report, use):
        labels.draw(layout, why[0], inset=4.8, share=0.5)  # beside the other one's
