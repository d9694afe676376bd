"""The dialogs, pop-ups and menus that book.py takes pictures of, each opened at the mouse."""

from __future__ import annotations

from pathlib import Path

import bpy
from bl_ext.user_default.neural4d.engine.protocol import State

from tests.gui.scenarios.book_sidebar import job, model, variants
from tests.gui.scenarios.steps import in_viewport

#: The boxes of a room.
_ROOM = ("Oak Table", "Chair.001", "Chair.002", "Shelf", "Floor Lamp", "Armchair with a high back", "Rug", "Vase",
         "Desk", "Stool.001", "Stool.002", "Plant", "Radio", "Clock", "Cupboard", "Box of old books")  # fmt: skip


def _open(name: str, **properties):
    with in_viewport():
        getattr(bpy.ops.neural4d, name)("INVOKE_DEFAULT", **properties)


def _boxes():
    for number, name in enumerate(_ROOM):
        bpy.ops.mesh.primitive_cube_add(size=0.5, location=(number % 4, number // 4, 0.25))
        bpy.context.object.name = name
    bpy.ops.object.select_all(action="SELECT")


def state_01_popup(ui, _pictures):
    bpy.context.scene.neural4d.prompt = "a cute bird"
    _open("generate_popup")
    yield 0


def state_02_popup_image(ui, pictures):
    _open("image_to_3d", filepath=pictures[0])
    yield 0


def state_03_prompt(ui, _pictures):
    bpy.context.scene.neural4d.prompt = "a garden gnome with a red hat, low poly"
    _open("edit_prompt")
    yield 0


def state_04_fit(ui, _pictures):
    _boxes()
    _open("fit_selected")
    yield 0


def state_05_fit_image(ui, pictures):
    """What is set in the dialog changes the price."""
    _boxes()
    chosen = bpy.context.scene.neural4d
    chosen.image_source, chosen.image_path = "FILE", pictures[0]
    _open("fit_selected", made_of="IMAGE", seat="WALL")
    yield 0


def state_06_dress(ui, _pictures):
    _boxes()
    _open("dress", style="low poly, worn wood", use_budget=True, budget=600)
    yield 0


def state_07_pictures(ui, pictures):
    job("a wooden chair", State.PLACED, variants=variants(pictures), placed=[0])
    _open("show_pictures", job="a wooden chair")
    yield 0


def state_08_again(ui, pictures):
    job("a cute bird", State.PLACED, variants=variants(pictures), placed=[0])
    model("a cute bird")
    _open("generate_again")
    yield 0


def state_09_asset(ui, pictures):
    job("a cute bird", State.PLACED, variants=variants(pictures), placed=[0])
    model("a cute bird")
    _open("save_asset")
    yield 0


def state_10_batch(ui, pictures):
    table = Path(pictures[0]).with_name("toys.csv")
    table.write_text("prompt,size_mm\na wooden chair,900\na small robot,120\na red rocket,200\n")
    with in_viewport():
        bpy.ops.neural4d.batch_from_file(filepath=str(table), budget=300)
    yield 0.5


def state_11_dropped(ui, pictures):
    _open("bring_in_files", directory=str(Path(pictures[0]).parent), files=[{"name": "chair.glb"}, {"name": "mug.obj"}])
    yield 0


def state_12_add(ui, _pictures):
    with in_viewport():
        bpy.ops.wm.call_menu(name="NEURAL4D_MT_add")
    yield 0


def state_13_of_the_prompt(ui, _pictures):
    with in_viewport():
        bpy.ops.wm.call_menu(name="NEURAL4D_MT_prompt")
    yield 0


def state_14_import(ui, _pictures):
    with in_viewport():
        bpy.ops.wm.call_menu(name="TOPBAR_MT_file_import")
    yield 0
