"""Runs the installed extension's command line where bpy is a module, which knows no ``--command``."""

from __future__ import annotations

import importlib
import os
import sys

import bpy  # first: where it is a module, it makes addon_utils importable

import addon_utils  # isort: skip

MODULE = "bl_ext.user_default.neural4d"
bpy.context.preferences.system.use_online_access = True
assert addon_utils.enable(MODULE, default_set=True) is not None, "it could not be enabled"
code = importlib.import_module(f"{MODULE}.cli.blender_session").as_a_module(sys.argv[1:], "neural4d")
sys.stdout.flush()
os._exit(code)
