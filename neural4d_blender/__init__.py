"""Neural4D for Blender: models from a prompt or an image, in the scene at their real size.

The public Python API stands in ``api.py``; its names are here too, loaded when they are first used,
so that enabling the extension costs Blender's start next to nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

_API = (
    "Balance",
    "Job",
    "Total",
    "Variant",
    "add_library",
    "balance",
    "conversion_estimate",
    "delete",
    "estimate",
    "generate",
    "history",
    "job_of",
    "jobs",
    "providers",
    "spent",
    "totals",
)
_ERRORS = (
    "InvalidInput",
    "JobFailed",
    "KeyMissing",
    "Neural4DError",
    "OnlineAccessOff",
    "UnsupportedFeature",
)
__all__ = [*_API, *_ERRORS, "register", "unregister"]


def __getattr__(name: str) -> Any:
    if name in _API:
        return getattr(importlib.import_module(".api", __name__), name)
    if name in _ERRORS:
        return getattr(importlib.import_module(".engine.errors", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


def register() -> None:
    """Called by Blender when the extension is enabled."""
    importlib.import_module(".ui", __name__).register()


def unregister() -> None:
    """Called by Blender when the extension is disabled."""
    importlib.import_module(".ui", __name__).unregister()
