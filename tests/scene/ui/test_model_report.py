"""The report on a model as it is drawn, and what its buttons select in the mesh."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import bmesh
import bpy
import pytest

from neural4d_blender.client.jobs.snapshots import Job, Variant
from neural4d_blender.engine.protocol import Request, State, attribute_of
from neural4d_blender.scene.placing import marks, provenance
from neural4d_blender.scene.session import session
from neural4d_blender.scene.shared_engine import bridge
from neural4d_blender.ui.lists import job_list, job_pictures
from neural4d_blender.ui.panels import about_model, model_report
from tests.scene.ui.test_job_rows import layout
from tests.support.drawn import Drawn, without_a_region
from tests.support.reports import report

__all__ = ["layout"]


def job(*edges: int, **asked: Any) -> Job:
    variants = [
        Variant(index, "prepared", blend=f"v{index}.blend", facts={"report": report(0.5, open_edges=count).to_json()})
        for index, count in enumerate(edges)
    ]
    request = Request(prompt="bird", variants=len(edges), **asked)
    bridge.jobs["a"] = Job("a", "neural4d", request, state=State.PLACED, variants=variants, placed=[0], under_way=False)
    session.shown.details.add("a")
    return bridge.jobs["a"]


def drawn(draw: Any, *given: Any) -> Drawn:
    found: Any = Drawn()
    draw(found, *given)
    return found


def test_a_job_s_card_has_the_verdicts(layout: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    job(12)
    assert drawn(job_list.draw).texts[-3:] == ["Render", "Game", "Print: 12 open edges"]
    job(12, require="print")
    assert any("Not fit for Print" in text for text in drawn(job_list.draw).texts)
    without_a_region(monkeypatch, width=24)
    shown = drawn(job_list.draw).texts
    assert "Print: 12 open ..." in shown


def test_of_several_each_has_its_rank_and_what_speaks_against_it(layout: Any) -> None:
    shown = drawn(job_pictures.draw_variants, job(12, 0, require="print")).texts
    assert [text for text in shown if "edges" in text or "%" in text] == ["Print 50%", "12 open edges", "Print 50%"]


def test_models_whose_prepared_files_are_gone_are_drawn_too(layout: Any) -> None:
    """Retry empties them, and leaves what was measured."""
    asked = job(12, 0, require="print")
    asked = replace(asked, variants=[replace(variant, blend="") for variant in asked.variants])
    assert "Print 50%" in drawn(job_pictures.draw_variants, asked).texts


def model(check: str, domain: str) -> bpy.types.Object:
    """A root with a cube below it, of which the check has marked the first edge or face."""
    root = bpy.data.objects.new("root", None)
    mesh = bpy.data.meshes.new("cube")
    made = bmesh.new()
    bmesh.ops.create_cube(made, size=1.0)
    made.to_mesh(mesh)
    made.free()
    part = bpy.data.objects.new("part", mesh)
    part.parent, part[provenance.PART], root[provenance.JOB] = root, True, "a"
    mesh.attributes.new(attribute_of(check), "BOOLEAN", domain).data[0].value = True
    for thing in (root, part):
        bpy.context.scene.collection.objects.link(thing)
    bpy.context.view_layer.objects.active = root
    root.select_set(True)
    return root


def selected(kind: str) -> list[int]:
    bpy.ops.object.mode_set(mode="OBJECT")
    mesh = bpy.data.meshes["cube"]
    found = [part.index for part in getattr(mesh, kind) if part.select]
    bpy.ops.object.mode_set(mode="EDIT")
    return found


@pytest.mark.both_ends
def test_what_is_meant_is_selected_in_edit_mode(empty_file: bpy.types.Scene) -> None:
    root = model("open_edges", "EDGE")
    bpy.data.meshes["cube"].attributes.new(attribute_of("doubled_faces"), "BOOLEAN", "FACE").data[3].value = True
    assert marks.select(root, "open_edges")
    assert bpy.context.mode == "EDIT_MESH"
    assert tuple(bpy.context.tool_settings.mesh_select_mode) == (False, True, False)
    assert (selected("edges"), selected("polygons")) == ([0], [])
    assert marks.select(root, "doubled_faces")  # out of Edit Mode and into it again
    assert tuple(bpy.context.tool_settings.mesh_select_mode) == (False, False, True)
    assert selected("polygons") == [3]
    bpy.ops.mesh.delete(type="FACE")
    assert not marks.select(root, "doubled_faces")
    assert bpy.context.mode == "EDIT_MESH"
    bpy.ops.object.mode_set(mode="OBJECT")
    assert not marks.select(root, "thin_walls")
    assert bpy.context.mode == "OBJECT"


def test_what_is_hidden_is_not_edited(empty_file: bpy.types.Scene) -> None:
    root = model("open_edges", "EDGE")
    root.children[0].hide_set(True)
    assert not marks.select(root, "open_edges")


def test_the_panel_has_all_of_it_with_a_button_for_what_is_marked(layout: Any) -> None:
    job(12)
    model("open_edges", "EDGE")
    assert model_report.NEURAL4D_PT_report.poll(bpy.context)
    told = model_report.of_selected(bpy.context)
    assert told is not None
    shown = drawn(model_report.draw, told)
    assert shown.texts[:6] == ["Render", "50%", "Game", "50%", "Print", "50%"]
    assert "12 edges have a face on one side only." in shown.texts
    assert "thin walls: 1.25 mm (sampled)" in shown.texts
    assert [(name, given.check) for _, name, given in shown.buttons] == [("neural4d.select_marked", "open_edges")]
    panel: Any = type("Panel", (), {"layout": Drawn()})()
    about_model.NEURAL4D_PT_about.draw(panel, bpy.context)
    assert "Print: 12 open edges" in panel.layout.texts
    assert bpy.ops.neural4d.select_marked(check="open_edges") == {"FINISHED"}
    assert bpy.ops.neural4d.select_marked(check="thin_walls") == {"CANCELLED"}
    assert bpy.context.mode == "EDIT_MESH"
    bpy.ops.object.mode_set(mode="OBJECT")
    del bridge.jobs["a"]
    assert not model_report.NEURAL4D_PT_report.poll(bpy.context)
