"""Writes models that stand in the open file to files of other formats, and as game engines take them.

May import bpy and the engine's ``protocol``. Nothing of it is loaded before something is exported."""

from ...engine.lazy_imports import open_late

open_late(__name__, "export")
