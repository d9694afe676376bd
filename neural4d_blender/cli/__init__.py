"""The command line: ``blender --command neural4d ...`` and ``python -m neural4d_blender ...``.

This file is loaded when the extension is enabled, so it imports nothing until a command runs. The room's
``output.export``, ``output.preview`` and ``blender_session`` need bpy; everything else works without it, for files as
the service made them.
"""

from __future__ import annotations

from typing import Any

_NAME = "neural4d"
_registered: list[Any] = []


def _run(argv: list[str]) -> int:
    from .blender_session import BlenderDesk
    from .main import main

    return main(argv, f"blender --command {_NAME}", BlenderDesk)


def register() -> None:
    """Make ``blender --command neural4d`` known."""
    import bpy

    _registered.append(bpy.utils.register_cli_command(_NAME, _run))


def unregister() -> None:
    """Take it back."""
    import bpy

    while _registered:
        bpy.utils.unregister_cli_command(_registered.pop())
