"""The panels of the sidebar and what is drawn over the viewport.

Only a window has them: in background none of it is loaded.
"""

from ...engine.lazy_imports import open_late

# Drawing needs them, registering does not.
open_late(__name__, "inputs", "obstacles")
