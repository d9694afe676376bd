"""Try it without a key: a sample that comes with the extension goes the way of every job."""

from typing import Any

import bpy
from bpy.props import EnumProperty

from ...api import generate
from ...engine.protocol import SAMPLES, Neural4DError
from ...scene import timer_and_file_handlers, whereabouts
from ..settings.properties import arrival
from .generate import report_error


class NEURAL4D_OT_try_sample(bpy.types.Operator):
    """Make a built-in sample as any other model is made: free, without a key, and with nothing sent"""

    bl_idname = "neural4d.try_sample"
    bl_label = "Try It, Free"
    bl_options = {"REGISTER"}

    sample: EnumProperty(name="Sample", items=[(name, name.title(), "") for name in SAMPLES])

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Start the job, in two variants of which the first is placed, beside what it would stand in."""
        settings = arrival(context.scene.neural4d)
        try:
            job = generate.generate(sample=self.sample, name=self.sample.title(), variants=2, **settings)
        except Neural4DError as error:
            return report_error(self, error)
        whereabouts.look_around(job.id)
        if (whereabouts.in_the_way(job.id) or ("",))[0] == whereabouts.INSIDE:
            whereabouts.move_beside(job.id)  # it is there to be seen, and Blender's first file has a cube
        timer_and_file_handlers.redraw()
        return {"FINISHED"}


CLASSES = (NEURAL4D_OT_try_sample,)
