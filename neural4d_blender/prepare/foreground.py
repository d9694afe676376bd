"""The preparer's work in the user's own Blender, where no second one can be started. May import bpy.

It takes place in a scene of its own, and leaves nothing in the file: the model is written to its .blend like any
other, and placed from there. What it costs is time, in which Blender stands still, and that a file which
crashes the import crashes Blender.
"""

from __future__ import annotations

import bpy

from ..engine.blenders.job_file_format import PrepareValues
from ..engine.model.quality.facts import Facts
from . import main, open_file
from .checks.body import thin_walls

#: Walls below it are left out by most printers (mm).
THINNEST_MM = thin_walls.THINNEST_MM
#: How thick the thinnest walls of bare triangles are.
thinnest_wall = thin_walls.thinnest


def prepare(values: PrepareValues) -> Facts:
    """Do the job of a job file, and return its facts, whether it succeeds or fails."""
    open_file.begin()
    window = bpy.context.window_manager.windows[0]  # there is one in background too
    shown, aside = window.scene, bpy.data.scenes.new("Neural4D")
    window.scene = aside
    try:
        with bpy.context.temp_override(window=window, scene=aside, view_layer=aside.view_layers[0]):
            return main.run(values, make=main.make)
    finally:
        window.scene = shown
        bpy.data.batch_remove([aside, *open_file.own("libraries"), *open_file.all_own()])
