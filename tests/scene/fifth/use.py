"""Uses the extension with the made-up fifth service in it; run as a process of its own beside the copied package.

Prints one JSON object of what happened, for test_fifth_service.py to judge.
"""

from __future__ import annotations

import json
import os
import sys

import bpy

import neural4d_blender as neural4d
from neural4d_blender import ui
from neural4d_blender.scene.placing.placement import measure_mm
from neural4d_blender.scene.shared_engine import bridge

bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.context.preferences.system.use_online_access = True
bridge.timing = {"quickest": 0.05, "backoff": 0.02}
told: dict[str, object] = {"services": [service.id for service in neural4d.providers()]}

ui.register()
settings = bpy.context.scene.neural4d
settings.provider = "atelier"
detail = type(settings.options_atelier).bl_rna.properties["detail"]
told["in the panel"] = [detail.hard_min, detail.hard_max, settings.options_atelier.detail]
settings.prompt, settings.options_atelier.detail, settings.size_mm, settings.axis = "a jug", 2, 80.0, "X"
told["button"] = list(bpy.ops.neural4d.generate())
(job,) = (neural4d.Job(job_id) for job_id in bridge.jobs)
job.wait(60)
told["by prompt"] = [job.state, job.cost, measure_mm(job.objects, bpy.context.scene)[0]]
told["again"] = neural4d.estimate("a jug", provider="atelier", options={"detail": 5})

picture = neural4d.generate(image=sys.argv[1], provider="atelier", size_mm=30).wait(60)
told["by image"] = [picture.state, picture.cost]
told["left"] = neural4d.balance("atelier").total

failed = neural4d.generate("soft clay", provider="atelier")
try:
    failed.wait(60)
except neural4d.JobFailed as error:
    told["failed"] = str(error)
for what, arguments in {
    "variants": {"prompt": "x", "variants": 2},
    "pbr": {"prompt": "x", "pbr": True},
    "choice": {"image": sys.argv[1], "choose_cutout": True},
    "format": {"prompt": "x", "format": "STL"},
    "option": {"prompt": "x", "options": {"shine": 1}},
    "range": {"prompt": "x", "options": {"detail": 6}},
    "address": {"image": "https://pictures.example/jug.png"},
}.items():
    try:
        neural4d.generate(provider="atelier", **arguments)
    except neural4d.InvalidInput as error:
        told[what] = [error.code, error.what]
bridge.stop()
ui.unregister()
print(json.dumps(told))
sys.stdout.flush()
os._exit(0)  # bpy 4.2 may crash while the interpreter ends
