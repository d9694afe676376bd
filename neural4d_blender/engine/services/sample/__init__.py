"""The samples that come with the extension, to try it without a key. ``provider`` has its calls, ``options_and_limits``
what it can do; ``files`` are its models and pictures, which scripts/samples.py makes.
"""

from ...lazy_imports import open_late

# What its declaration can be read without.
open_late(__name__, "provider")
