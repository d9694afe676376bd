"""A report: every job of the last days and what was spent by month, as a text here in Blender.

Run it with Alt P, the mouse over this text. It costs nothing.
"""

import datetime as dt

import bpy

import neural4d_blender as neural4d

DAYS = 30

report = bpy.data.texts.new("Neural4D report")
report.write("Points by month\n")
for total in neural4d.totals():
    report.write(f"  {total.month}  {total.provider:12} {total.jobs:6} jobs {total.points:7} points\n")

report.write(f"\nJobs of the last {DAYS} days\n")
since = dt.datetime.now().astimezone() - dt.timedelta(days=DAYS)
for job in neural4d.history(since=since, limit=1000):
    report.write(f"  {job.created:%Y-%m-%d %H:%M}  {job.state:10} {job.cost or 0:6} points  {job.title}\n")
    if job.error:
        report.write(f"      {job.error.what}\n")

print(report.as_string())
