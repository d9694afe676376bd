"""The extension's version, as the engine has it, and that of the Blender it runs in. Standard library only."""

from __future__ import annotations

import sys

from ..engine.version import version

__all__ = ["blender_version", "version"]


def blender_version() -> str:
    """As in "5.0.1"; empty in a Python without one."""
    bpy = sys.modules.get("bpy")
    return str(bpy.app.version_string) if bpy else ""
