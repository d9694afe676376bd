"""A batch from a CSV: its columns are the arguments of generate(), and a report says what became of each line.

Run it with Alt P, the mouse over this text: it writes an example, if there is none yet, and shows what that
would cost. Set START to True to have it made.
"""

from pathlib import Path

import bpy

import neural4d_blender as neural4d

START = False
FOLDER = Path(bpy.data.filepath).parent if bpy.data.filepath else Path(bpy.app.tempdir)
TABLE, REPORT = FOLDER / "prompts.csv", FOLDER / "report.csv"
EXAMPLE = """prompt,size_mm,axis,name
a wooden chair,900,Z,Chair
a round table,750,Z,Table
a cute bird,120,LONGEST,
"""

if not TABLE.exists():
    TABLE.write_text(EXAMPLE, encoding="utf-8")
print(TABLE, neural4d.batch(TABLE, dry_run=True))


def report(batch: neural4d.Batch, job: neural4d.Job) -> None:
    """The report is written anew whenever an item has ended."""
    if job.state in ("placed", "failed", "cancelled"):
        print(batch.progress, batch.report(REPORT))


if START:
    neural4d.batch(TABLE, concurrency=4, budget=500, layout="grid", collections=True, on_progress=report)
