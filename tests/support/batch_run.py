"""A batch as a script in the background runs it, in a process of its own: `python batch_run.py start|resume TABLE`.

With `start`, it dies with its engine and their background Blenders when the second model stands in its scene. With
`resume` it goes on to the end, writes report.csv into the current folder and prints where the models stand.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

import bpy

import neural4d_blender as neural4d
from neural4d_blender.scene.shared_engine import bridge

what, table = sys.argv[1:]
bpy.context.preferences.system.use_online_access = True
bridge.timing = {"quickest": 0.05, "backoff": 0.02, "look_again": 0.05, "outage": 0.0}


def die(batch: Any, job: Any) -> None:
    if sum(one.state == "placed" for one in batch.results) == 2:
        assert bridge._process is not None
        if sys.platform == "win32":
            bridge._process.kill()
            os.kill(os.getpid(), signal.SIGTERM)
        else:
            os.killpg(bridge._process.pid, signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)


started = neural4d.batch(table, concurrency=2, layout="row", on_progress=die) if what == "start" else neural4d.resume()
batch = started.wait(120)
batch.report("report.csv")
print("STANDING=" + json.dumps([[round(root.location.x, 4) for root in job.objects] for job in batch.results]))
sys.stdout.flush()
bridge.stop()
os._exit(0)  # some versions of bpy crash while the interpreter ends
