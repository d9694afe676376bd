"""The engine seen from whoever uses it: the process, its pipe, what it last said.

Standard library and the engine's ``protocol`` only, never bpy: Blender's own process uses this room,
and so does a plain Python that wants files and no scene.
"""

from ..engine.lazy_imports import open_late

# Registering needs no setting.
open_late(__name__, "config_file", "environment_variables", "paths")
