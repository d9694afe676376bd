"""Puts prepared models into the user's scene: where, how, in place of what, and what they say of their origin.

Knows files and objects; jobs only as far as a target and a placeholder name them.
"""

from ...engine.lazy_imports import open_late

#: Custom property of a placeholder, see placeholder.py.
PLACEHOLDER = "neural4d_placeholder"
#: Of an Empty in another box of the same job: the id of that.
MORE = "neural4d_placeholder_of"

# Nothing of these is needed before there are jobs.
open_late(__name__, "marks", "placement", "provenance", "surroundings", "targets")
