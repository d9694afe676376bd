"""The panel's settings at ``scene.neural4d``, what request they amount to, and its price.

No secret may ever stand here: a scene is saved.
"""

from ...engine.lazy_imports import open_late

# Drawing needs them, registering does not.
open_late(__name__, "panel_request", "draw_price", "picture_preview", "restore")
