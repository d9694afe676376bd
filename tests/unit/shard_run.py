"""One shard of a batch in a process of its own, as a farm runs it: `python shard_run.py start|resume TABLE SHARD`.

Prints a line whenever an item is done; writes report.csv into the current folder at the end.
"""

from __future__ import annotations

import sys
from typing import Any

import neural4d_blender as neural4d
from neural4d_blender.bulk import alone

alone.host().bridge.timing = {"quickest": 0.05, "backoff": 0.02, "look_again": 0.05}


def tell(batch: Any, job: Any) -> None:
    if job.state == "ready":
        print("ready", flush=True)


what, table, shard = sys.argv[1:]
if what == "start":
    batch = neural4d.batch(table, output="models", concurrency=2, shard=shard, on_progress=tell)
else:
    batch = neural4d.resume(on_progress=tell)
batch.wait(120)
batch.report("report.csv")
