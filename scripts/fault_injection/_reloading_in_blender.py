"""Disables and enables the extension with jobs under way: `blender -b --python _reloading_in_blender.py -- ROUNDS`.

In every second round the modules are loaded anew too, as an update does. Prints how many jobs stand in the scene.
"""

import sys
import time

import bpy

MODULE = "bl_ext.user_default.neural4d"
rounds = int(sys.argv[-1])


def forget_modules() -> None:
    for name in [name for name in sys.modules if name == MODULE or name.startswith(MODULE + ".")]:
        del sys.modules[name]


for number in range(rounds):
    neural4d = __import__(MODULE, fromlist=["generate"])
    neural4d.generate(f"a bird number {number}", size_mm=100 + number, location=(number, 0, 0), max_points=1000)
    time.sleep(0.05 * (number % 7))  # the further on it is, the more there is to lose
    bpy.ops.preferences.addon_disable(module=MODULE)
    if number % 2:
        forget_modules()
    bpy.ops.preferences.addon_enable(module=MODULE)
neural4d = __import__(MODULE, fromlist=["jobs"])
jobs = neural4d.jobs()
for job in jobs:
    job.wait(300)
standing = sum(len(job.objects) == 1 for job in jobs)
print(f"JOBS={len(jobs)} STANDING={standing} OBJECTS={sum(len(job.objects) for job in jobs)}")
print(f"PLACEHOLDERS={sum('placeholder' in thing.name.lower() for thing in bpy.data.objects)}")
