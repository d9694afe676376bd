"""The panel that has all of what was found in the selected model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ...scene.placing import provenance
from ...scene.shared_engine import bridge
from ..drawing import labels, verdicts
from ..drawing.languages import tr
from ..operators.jobs import placed_models

if TYPE_CHECKING:
    from ...engine.protocol import Report


class NEURAL4D_PT_report(bpy.types.Panel):
    """What the selected model is good for, and why"""

    bl_label = "Report"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Neural4D"
    bl_parent_id = "NEURAL4D_PT_about"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """The selected model was checked."""
        return of_selected(context) is not None

    def draw(self, context: bpy.types.Context) -> None:
        """The verdicts, what speaks against them, and the rest that was measured."""
        if report := of_selected(context):
            draw(self.layout, report)


def of_selected(context: bpy.types.Context) -> Report | None:
    """The report of the model that is selected; None where there is none, or its job is not known here."""
    root = placed_models.selected_root(context)
    said = provenance.read(root) if root else None
    job = bridge.jobs.get(said.job) if said else None
    if not (said and job):
        return None
    return next((one.report for one in job.variants if one.index == (said.variant or 0)), None)


def draw(layout: bpy.types.UILayout, report: Report) -> None:
    """All of it."""
    for verdict in report.verdicts:
        column = layout.column(align=True)
        row = column.row()
        row.label(text=verdicts.called(verdict.use), icon=verdicts.icon(ok=verdict.ok))
        row.label(text=f"{verdict.score:.0%}")
        if why := verdicts.reasons(report, verdict.use):
            labels.draw(column, ", ".join(why), "BLANK1", inset=2.6)
    for ok in (False, True):
        found = [finding for finding in report.findings if finding.ok is ok]
        box = layout.box().column(align=True) if found else layout
        for finding in found:
            row = box.row(align=True)
            short = ok or not finding.sentence
            told = verdicts.in_short(finding) if short else finding.told(tr(finding.sentence))
            told += f" {tr('(sampled)')}" if finding.sampled else ""
            labels.draw(row, told, verdicts.icon(ok=ok), inset=3.6 + 1.4 * bool(finding.marked))
            if finding.marked:
                row.operator("neural4d.select_marked", text="", icon="RESTRICT_SELECT_OFF").check = finding.name


CLASSES = (NEURAL4D_PT_report,)
