"""The scene tests run in an interpreter where bpy is a module, one for each supported Blender."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import bpy
import pytest

from neural4d_blender.prepare import main
from neural4d_blender.scene.session import session
from neural4d_blender.scene.shared_engine import bridge
from tests.support import sample_models

LENGTH = 120.0  # of every prepared model along Z, in millimetres
Prepared = Callable[[str], Path]
_exit_status = pytest.StashKey[int]()


@pytest.fixture
def empty_file() -> bpy.types.Scene:
    """A new file without a single object; returns its scene."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene: bpy.types.Scene = bpy.context.scene
    return scene


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """The .blend that the preparer makes of a sample, made once; leaves another file open when it makes one."""
    made: dict[str, Path] = {}

    def make(model: str) -> Path:
        if model not in made:
            folder = tmp_path_factory.mktemp(model)
            bpy.ops.wm.read_factory_settings(use_empty=True)
            sample_models.MODELS[model]()
            source, output = sample_models.export("GLB", folder), folder / "prepared.blend"
            values = {"source": source, "format": "GLB", "output": output, "name": model, "size_mm": LENGTH}
            assert main.run(values | {"axis": "Z"})["ok"]
            made[model] = output
        return made[model]

    return make


@pytest.fixture(autouse=True)
def _nothing_left_over() -> Iterator[None]:
    """The engine ends with its test, and nothing of what it told is there in the next one."""
    yield
    bridge.stop()
    bridge.timing = {}
    bridge._deaths.clear()  # of the last minute: after three an engine is given up
    told = (bridge.batches, bridge.balances, bridge.servers, bridge.prices, bridge.spent)
    for known in (bridge.jobs, *told, session.placings.trouble):
        known.clear()


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
