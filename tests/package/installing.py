"""Installs the built zip as a user would, into the Blender or bpy this runs in."""

from __future__ import annotations

import importlib
import os
import sys
from types import ModuleType

import bpy

#: Where Blender puts an extension that is installed from disk.
MODULE = "bl_ext.user_default.neural4d"


def install(path: str) -> None:
    """Install and enable the zip at that absolute path, and allow online access as the user has to."""
    assert os.environ.get("BLENDER_USER_RESOURCES"), "the tests must not touch your own Blender's files"
    bpy.context.preferences.system.use_online_access = True
    done = bpy.ops.extensions.package_install_files(filepath=path, repo="user_default", enable_on_install=True)
    assert done == {"FINISHED"}, done
    assert MODULE in bpy.context.preferences.addons, "installed, but not enabled"


def extension() -> ModuleType:
    """The installed extension, installed first where it is not yet."""
    if MODULE not in bpy.context.preferences.addons:
        install(os.environ["NEURAL4D_TEST_ZIP"])
    module = importlib.import_module(MODULE)
    assert module.__file__
    assert module.__file__.startswith(os.environ["BLENDER_USER_RESOURCES"]), f"not the installed one: {module.__file__}"
    assert "neural4d_blender" not in sys.modules, "the checkout's package is loaded beside the installed one"
    return module
