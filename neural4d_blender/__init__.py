"""Neural4D for Blender: models from a prompt or an image, in the scene at their real size.

In Blender's Python console or a script, the same in a window, in the background and on the bpy module:

    from bl_ext.user_default import neural4d

    neural4d.estimate("a cute bird"), neural4d.balance().total      # points
    job = neural4d.generate("a cute bird", size_mm=120)             # returns at once
    job = neural4d.generate(image="mug.png", size_mm=95, axis="Z")
    job = neural4d.generate("a mug", picture_first=True)            # a picture, and the model of it
    job = neural4d.generate(views={"front": "mug.png", "left": "left.png"}, provider="csm")
    job = neural4d.bring_in("chair.glb", size_mm=900, axis="Z")     # what is there already: a file, an id, a link
    job = neural4d.generate(fit=bpy.data.objects["Chair"])          # fills a box; neural4d.refit, neural4d.dress
    job.wait(timeout=600)         # not needed in a window: the model comes by itself
    job.state, job.cost, job.objects, job.error
    job.place(variant=1), job.save("STL", "for the printer"), job.cancel(), job.retry(), job.delete()
    batch = neural4d.batch("prompts.csv", concurrency=4, budget=2000)   # many at once; see help(neural4d.batch)
    batch.wait(), batch.results, batch.report("report.csv"), neural4d.resume()
    neural4d.print_check(job), neural4d.save_print(job, "bird.3mf", wall_mm=2)    # for a 3D printer
    neural4d.history("bird", since="2031-05-01"), neural4d.totals(), neural4d.spent()
    neural4d.providers()          # the services, with what each can do and its own options

What goes wrong is a ``Neural4DError``: it says what happened, what was kept, what it cost and what to do.

The names come from ``generate.py`` and are loaded when they are first used, so that enabling the extension
costs Blender's start next to nothing.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING, Any

_API = (
    "Balance",
    "Job",
    "Total",
    "Variant",
    "account_models",
    "add_library",
    "balance",
    "bring_in",
    "conversion_estimate",
    "delete",
    "distance_mm",
    "dress",
    "estimate",
    "generate",
    "history",
    "job_of",
    "jobs",
    "print_check",
    "providers",
    "refit",
    "save_print",
    "size_mm_of",
    "spent",
    "totals",
)
#: Where those are that are not in ``generate.py``.
_MODULES = {
    "account_models": ".api.account",
    "bring_in": ".api.bring_in",
    "distance_mm": ".api.measure",
    "dress": ".api.fit",
    "print_check": ".api.printing",
    "refit": ".api.fit",
    "save_print": ".api.printing",
    "size_mm_of": ".api.measure",
}
#: In a Python without bpy they are there too, for batches whose results are files.
_PLAIN = ("Balance", "balance", "estimate", "generate", "history", "providers")
_BATCHES = ("Batch", "Estimate", "batch", "batches", "find_batch", "merge_reports", "resume")
_ERRORS = (
    "InvalidInput",
    "JobFailed",
    "JobInterrupted",
    "KeyMissing",
    "Neural4DError",
    "OnlineAccessOff",
    "UnsupportedFeature",
    "WorkedOnElsewhere",
    "WrongThread",
)
_BLENDER = importlib.util.find_spec("bpy") is not None
__all__ = [*(_API if _BLENDER else _PLAIN), *_BATCHES, *_ERRORS, "register", "unregister"]

if TYPE_CHECKING:
    # What a type checker sees; whoever has no bpy has of these what stands in _PLAIN, _BATCHES and _ERRORS.
    from .api.account import account_models as account_models
    from .api.batches import Batch as Batch
    from .api.batches import Estimate as Estimate
    from .api.batches import batch as batch
    from .api.batches import batches as batches
    from .api.batches import find_batch as find_batch
    from .api.batches import merge_reports as merge_reports
    from .api.batches import resume as resume
    from .api.bring_in import bring_in as bring_in
    from .api.fit import dress as dress
    from .api.fit import refit as refit
    from .api.generate import Balance as Balance
    from .api.generate import Job as Job
    from .api.generate import Total as Total
    from .api.generate import Variant as Variant
    from .api.generate import add_library as add_library
    from .api.generate import balance as balance
    from .api.generate import conversion_estimate as conversion_estimate
    from .api.generate import delete as delete
    from .api.generate import estimate as estimate
    from .api.generate import generate as generate
    from .api.generate import history as history
    from .api.generate import job_of as job_of
    from .api.generate import jobs as jobs
    from .api.generate import providers as providers
    from .api.generate import spent as spent
    from .api.generate import totals as totals
    from .api.measure import distance_mm as distance_mm
    from .api.measure import size_mm_of as size_mm_of
    from .api.printing import print_check as print_check
    from .api.printing import save_print as save_print
    from .engine.errors import InvalidInput as InvalidInput
    from .engine.errors import JobFailed as JobFailed
    from .engine.errors import JobInterrupted as JobInterrupted
    from .engine.errors import KeyMissing as KeyMissing
    from .engine.errors import Neural4DError as Neural4DError
    from .engine.errors import OnlineAccessOff as OnlineAccessOff
    from .engine.errors import UnsupportedFeature as UnsupportedFeature
    from .engine.errors import WorkedOnElsewhere as WorkedOnElsewhere
    from .engine.errors import WrongThread as WrongThread

    __version__: str
else:

    def __getattr__(name: str) -> Any:
        if name == "__version__":
            return importlib.import_module(".client.version", __name__).version()
        if name in _BATCHES or (name in _PLAIN and not _BLENDER):
            room = ".api.batches" if _BLENDER else ".batching.standalone"
            return getattr(importlib.import_module(room, __name__), name)
        if name in _API and _BLENDER:
            return getattr(importlib.import_module(_MODULES.get(name, ".api.generate"), __name__), name)
        if name in _ERRORS:
            return getattr(importlib.import_module(".engine.errors", __name__), name)
        needs = ": it needs Blender, and this Python has no bpy" if name in _API else ""
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}{needs}")


def __dir__() -> list[str]:
    return sorted(__all__)


def register() -> None:
    """Called by Blender when the extension is enabled."""
    importlib.import_module(".ui", __name__).register()
    importlib.import_module(".cli", __name__).register()


def unregister() -> None:
    """Called by Blender when the extension is disabled."""
    importlib.import_module(".cli", __name__).unregister()
    importlib.import_module(".ui", __name__).unregister()
