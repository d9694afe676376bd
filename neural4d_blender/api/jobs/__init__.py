"""A job as a script sees it: what it is now, waiting for it, what can be done with it, its files.

Nothing that begins one: see ``generate.py`` and ``bring_in.py``.
"""

from ...engine.lazy_imports import open_late

open_late(__name__, "job")
