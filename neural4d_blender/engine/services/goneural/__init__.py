"""GoNeural. ``provider`` has its calls, ``options_and_limits`` what it can do; the rest is theirs alone."""

from ...lazy_imports import open_late

# What its declaration can be read without.
open_late(__name__, "responses", "provider")
