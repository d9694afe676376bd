"""What there is to speak of: jobs, their states, requests, batches, what a service declares.

Plain data that checks itself. No I/O but the reading of pictures, no clock, no thread, no other room of the engine.
"""

from ..lazy_imports import open_late

# What a service's declaration can be read without.
open_late(__name__, "request")
