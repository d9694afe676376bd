"""A batch from a list: several models in a row from the 3D cursor on, while you go on working.

Run it with Alt P, the mouse over this text. It never costs more than the budget.
"""

import neural4d_blender as neural4d

THINGS: list[str | dict[str, object]] = [
    "a wooden chair",
    "a round table",
    {"prompt": "a cute bird", "size_mm": 120, "name": "Bird"},  # with arguments of generate() of its own
]

print(neural4d.batch(THINGS, size_mm=500, dry_run=True))

batch = neural4d.batch(
    THINGS,
    size_mm=500,  # for every item without its own
    concurrency=4,
    budget=300,
    layout="row",
    on_progress=lambda batch, job: print(job.title, job.state, "-", batch.progress),
)

# Where there is no window (blender --background), somebody has to wait for it:
#   batch.wait()
# What the budget did not cover, or was stopped, goes on later; nothing is paid twice:
#   neural4d.resume(budget=600)
