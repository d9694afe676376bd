"""The panel on the model that is selected: what it came from, and what can be made of it."""

from __future__ import annotations

import datetime as dt

import bpy

from ...engine.protocol import VariantState
from ...scene.placing import provenance
from ...scene.session import session
from ...scene.shared_engine import bridge
from ..drawing import icons, labels, remedies, verdicts
from ..drawing.languages import tr
from ..operators.jobs import placed_models
from . import model_report

#: Characters of a value that are shown, and values; a stranger's file may hold more than anybody reads.
_LONGEST, _MOST = 200, 40
#: Jobs that a model led to and that are offered to take its place.
_OFFERED = 3


class NEURAL4D_PT_about(bpy.types.Panel):
    """What the selected model came from"""

    bl_label = "About This Model"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Neural4D"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """A model, or a part of one, is selected."""
        return placed_models.selected_root(context) is not None

    def draw(self, context: bpy.types.Context) -> None:
        """What it is, then what to do with it."""
        layout, root = self.layout, placed_models.selected_root(context)
        if root is None:
            return
        said = provenance.read(root)
        layout.label(text=labels.cut(said.title, inset=4), icon="IMAGE_DATA" if said.image else "FONT_DATA")
        labels.draw(layout, _in_short(said), inset=2.6)
        if report := model_report.of_selected(context):
            verdicts.draw(layout, report, inset=2.6)
        row = labels.side_by_side(layout, tr("Generate Again"), tr("Variations"))
        row.operator("neural4d.generate_again", icon="SHADERFX")
        row.operator("neural4d.variations", icon="DUPLICATE")
        if provenance.fit_of(root):
            layout.operator("neural4d.refit", icon="CON_SIZELIKE")
        _draw_replacements(layout, said)
        row = labels.side_by_side(layout, tr("Mark as Asset"), tr("Save to Library"))
        row.operator("neural4d.mark_asset", icon="ASSET_MANAGER")
        row.operator("neural4d.save_asset", icon="FILE_TICK")
        if news := session.asked.library.get((said.job, said.variant or 0)):
            if isinstance(news, tuple):
                labels.draw(layout, news[0], news[1])
            else:
                remedies.draw_told(layout, news)


class NEURAL4D_PT_about_details(bpy.types.Panel):
    """Everything that is known of the model's origin"""

    bl_label = "Details"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Neural4D"
    bl_parent_id = "NEURAL4D_PT_about"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """The whole prompt, the options, the terms."""
        layout, root = self.layout, placed_models.selected_root(context)
        if root is None:
            return
        said = provenance.read(root)
        labels.draw(layout, said.prompt[: 10 * _LONGEST])
        rows = layout.column(align=True)
        rows.scale_y = 0.75
        for name, value in _details(said):
            split = rows.split(factor=0.4)
            split.label(text=name)
            split.label(text=value)
        if said.terms:
            layout.operator(
                "wm.url_open", text=tr("Terms of {service}").format(service=labels.service(said.service)), icon="URL"
            ).url = said.terms


def _in_short(said: provenance.Provenance) -> str:
    parts = [
        labels.service(said.service[:_LONGEST]),
        "" if said.variant is None else tr("variant {number}").format(number=said.variant + 1),
        _day(said.made),
        "" if said.points is None else labels.points(said.points, said.service),
        "" if said.seconds is None else tr("took {time}").format(time=labels.seconds(said.seconds)),
    ]
    return "  ·  ".join(part for part in parts if part)


def _day(made: str) -> str:
    try:
        return f"{dt.datetime.fromisoformat(made).astimezone():%Y-%m-%d}"
    except (ValueError, OverflowError, OSError):
        return ""


def _details(said: provenance.Provenance) -> list[tuple[str, str]]:
    own = said.options.get("options")
    options: dict[str, object] = {**said.options, **(own if isinstance(own, dict) else {})}
    options.pop("options", None)
    told = {
        "image": said.image,
        "source": said.source,
        **dict(sorted(options.items())),
        "seed": said.seed,
        "job": said.job,
    }
    return [
        (tr("Job") if name == "job" else tr(name.replace("_", " ").title()[:_LONGEST]), _word(value))
        for name, value in list(told.items())[:_MOST]
        if value not in ("", None, False)
    ]


def _word(value: object) -> str:
    if value is True:
        return tr("yes")
    return f"{value:g}" if isinstance(value, float) else str(value)[:_LONGEST]


def _draw_replacements(layout: bpy.types.UILayout, said: provenance.Provenance) -> None:
    """The other variants, and what came of generating again, each as the picture that it would be."""
    job = bridge.jobs.get(said.job)
    if job is None:
        if said.job in session.asked.unknown:
            layout.label(text=tr("Not in the history of this computer"), icon="INFO")
        else:
            layout.operator("neural4d.find_job", icon="VIEWZOOM")
        return
    newer = [other for other in bridge.jobs.values() if other.target.get("again_of") == said.job]
    newer.sort(key=lambda other: -other.created)
    for one in [job, *newer[:_OFFERED]]:
        there = [v for v in one.variants if v.state in (VariantState.DOWNLOADED, VariantState.PREPARED)]
        others = [v for v in there if one is not job or v.index != said.variant]
        if others:
            column = layout.column(align=True)
            column.label(text=tr("Replace with") if one is job else tr("With a new one"))
            row = column.row(align=True)
            for variant in others:
                picture = icons.of_job(variant.preview)
                button = row.operator("neural4d.replace", text=str(variant.index + 1), icon_value=picture)
                button.job, button.variant = one.id, variant.index


CLASSES = (NEURAL4D_PT_about, *model_report.CLASSES, NEURAL4D_PT_about_details)
