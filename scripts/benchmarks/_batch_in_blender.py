"""A batch as a script runs it: `blender --background --python _batch_in_blender.py -- start|resume TABLE REPORT`."""

import sys

from bl_ext.user_default import neural4d  # type: ignore[import-not-found]

what, table, report = sys.argv[-3:]
batch = neural4d.batch(table, concurrency=4, budget=100_000) if what == "start" else neural4d.resume()
batch.wait()
batch.report(report)
print(f"STANDING={sum(bool(job.objects) for job in batch.results)}")
