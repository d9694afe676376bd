"""The buttons' operators, by what they act on.

Each calls the Python API and tells its errors; no drawing but an operator's own dialog.
"""

from ...engine.lazy_imports import open_late

open_late(__name__, "keys_and_storage")
