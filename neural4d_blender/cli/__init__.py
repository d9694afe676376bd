"""The command line: ``blender --command neural4d ...`` and ``python -m neural4d_blender ...``.

This file is loaded when the extension is enabled, so it imports nothing until a command runs. The room's
``output.export``, ``output.preview`` and ``blender_session`` need bpy; everything else works without it, for files as
the service made them.
"""

from __future__ import annotations

_NAME = "neural4d"


def _run(argv: list[str]) -> int:
    from .blender_session import BlenderSession
    from .main import main

    return main(argv, f"blender --command {_NAME}", BlenderSession)


def register() -> None:
    """Make ``blender --command neural4d`` known."""
    import bpy

    from ..scene.session import session

    session.registered.command = bpy.utils.register_cli_command(_NAME, _run)


def unregister() -> None:
    """Take it back."""
    import bpy

    from ..scene.session import session

    if session.registered.command is not None:
        bpy.utils.unregister_cli_command(session.registered.command)
        session.registered.command = None
