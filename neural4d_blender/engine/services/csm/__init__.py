"""CSM (Common Sense Machines). ``provider`` has its calls, ``options_and_limits`` what it can do; the rest: its own."""

from ...lazy_imports import open_late

# What its declaration can be read without.
open_late(__name__, "account_list", "calls", "find_lost_session", "provider", "sessions_2024", "sessions_today")
