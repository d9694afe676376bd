"""Model files of the user's, from any service or program: brought in on the way of every job, with nothing sent.
``provider`` says where each is, ``options_and_limits`` which formats there are.
"""

from ...lazy_imports import open_late

# What its declaration can be read without.
open_late(__name__, "provider")
