"""Boxes that models fill: what is one, the room inside of it, and a model put into that.

Knows the scene and the files of models, jobs only by the id that a box carries.
"""

from ....engine.lazy_imports import open_late

open_late(__name__, "box_room", "boxes", "fit_into_box")
