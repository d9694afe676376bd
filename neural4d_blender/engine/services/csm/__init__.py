"""CSM (Common Sense Machines). ``provider`` has its calls, ``declared`` what it can do; the rest is theirs alone."""

from ...lazy_imports import open_late

# What its declaration can be read without.
open_late(__name__, "calls", "lost_sessions", "sessions_2024", "sessions_v3")

from . import provider as provider  # noqa: E402
