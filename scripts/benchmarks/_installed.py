"""A Blender with the built extension, all that is its own in a folder of its own."""

from __future__ import annotations

from pathlib import Path

#: Run in Blender, with the zip as the last argument.
INSTALL = """
import bpy, sys
bpy.ops.extensions.package_install_files(filepath=sys.argv[-1], repo="user_default", enable_on_install=True)
bpy.ops.wm.save_userpref()
"""


def environment(home: Path) -> dict[str, str]:
    """What Blender is started with, its user's folders below `home`."""
    from scripts.toolbox.stages import clean_environment

    # Blender 5.2 looks for its online assets at every start: no benchmark's traffic leaves this machine.
    return clean_environment(home) | {"TMPDIR": str(home), "HTTPS_PROXY": "http://127.0.0.1:9"}
