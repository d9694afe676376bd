"""The Python API: ``neural4d.generate``, jobs, batches, history. What the panel and the command line use as well.

May import scene, batch and the engine's protocol; never ui or cli.
"""

from ..engine.lazy_imports import open_late

open_late(__name__, "account", "batches", "bring_in", "fit", "generate", "history", "measure", "printing")
