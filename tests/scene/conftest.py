"""The scene tests run in an interpreter where bpy is a module, one for each supported Blender."""

from __future__ import annotations

import contextlib
import os
import sys

import bpy
import pytest

_exit_status = pytest.StashKey[int]()


@pytest.fixture
def empty_file() -> bpy.types.Scene:
    """A new file without a single object; returns its scene."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene: bpy.types.Scene = bpy.context.scene
    return scene


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    session.config.stash[_exit_status] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """bpy 4.2 crashes while the interpreter ends, once a glTF was exported; by now everything is reported."""
    if bpy.app.version < (4, 3) and _exit_status in config.stash:
        sys.stdout.flush()
        sys.stderr.flush()
        with contextlib.suppress(OSError):
            os.rmdir(bpy.app.tempdir)  # empty; Blender's own clean-up would have removed it
        os._exit(config.stash[_exit_status])
