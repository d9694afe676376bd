"""Models made by others, sound and broken: used where a folder of them lies beside the checkout.

They are no part of the repository; every kind of fault in them is also built by the tests themselves.
"""

from __future__ import annotations

from pathlib import Path

from scripts.toolbox.console import shared

FOLDER = shared() / "models"


def foreign_models(*patterns: str) -> list[Path]:
    """The models that match any of the glob patterns; none where there is no such folder."""
    return sorted(path for pattern in patterns for path in FOLDER.glob(pattern))
