"""Requests to a service and what comes back, whichever service it is.

The only room that imports requests and urllib3 beside ``files.download``; knows no job.
"""

from ..lazy_imports import open_late

# What a service's declaration can be read without.
open_late(__name__, "refusals")
