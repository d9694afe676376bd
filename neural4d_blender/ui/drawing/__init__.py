"""What all panels draw with: words, icons, greyed-out rows with their reason.

Draws only; no operator, no setting.
"""

from ...engine.lazy_imports import open_late

# Drawing needs them, registering does not.
open_late(__name__, "icons", "labels", "remedies", "show", "state_labels", "unsupported", "verdicts")
