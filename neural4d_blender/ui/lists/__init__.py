"""Rows of jobs, batches and history: what is shown of each, and how far it is.

Draws and remembers what is unfolded; changes nothing.
"""

from ...engine.lazy_imports import open_late

# Drawing needs them, registering does not.
open_late(__name__, "batch_progress", "history_page", "job_list", "job_pictures")
