"""One shard of a batch in a process of its own, as a farm runs it: `python shard_run.py start|resume TABLE SHARD`.

With `start`, it dies with its engine, as hard as can be, when the first item is done. With `resume` it goes on to the
end and writes report.csv into the current folder.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import neural4d_blender as neural4d
from neural4d_blender.batching import standalone

bridge = standalone.host().bridge
bridge.timing = {"quickest": 0.05, "backoff": 0.02, "look_again": 0.05, "outage": 0.0}


def die(batch: Any, job: Any) -> None:
    if job.state == "ready" and bridge._process is not None:
        bridge._process.kill()
        os.kill(os.getpid(), signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)


what, table, shard = sys.argv[1:]
if what == "start":
    batch = neural4d.batch(table, output="models", concurrency=2, shard=shard, on_progress=die)
else:
    batch = neural4d.resume()
batch.wait(120)
batch.report("report.csv")
