"""Blender's side of the work: the pipe to the engine, and what is done to the scene.

Imports bpy and the engine's ``protocol``, never ui. Everything here runs on Blender's main thread
and waits on nothing.
"""

from ..engine.lazy_imports import open_late

# Nothing of these is needed before there are jobs.
open_late(__name__, "assets", "measuring", "start_job", "suggested_size", "whereabouts")
