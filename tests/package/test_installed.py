"""The built zip, installed as an extension: it registers, keeps quiet, and does the main job."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import addon_utils
import bpy
import pytest
from mathutils import Vector

from scripts.simulator.launcher import Simulator
from tests.package.installing import MODULE

PRICE_OF_TEXT = 60


def registered() -> set[str]:
    """Names of the extension's classes that Blender knows at this moment."""

    def below(cls: type) -> Iterator[type]:
        for child in cls.__subclasses__():
            yield child
            yield from below(child)

    # A class stays a subclass of its base after it is unregistered, so Blender has to be asked.
    kinds = ("Operator", "Panel", "UIList", "Menu", "PropertyGroup", "AddonPreferences", "Header")
    classes = {cls for kind in kinds for cls in below(getattr(bpy.types, kind))}
    ours = {cls for cls in classes if cls.__module__.startswith(MODULE)}
    return {cls.__name__ for cls in ours if getattr(cls, "is_registered", False)}


def handlers() -> list[Any]:
    """The extension's functions among Blender's handlers."""
    values = [getattr(bpy.app.handlers, name) for name in dir(bpy.app.handlers)]
    lists = [value for value in values if isinstance(value, list)]
    assert lists
    return [function for each in lists for function in each if str(function.__module__).startswith(MODULE)]


def longest_side_mm(roots: list[bpy.types.Object]) -> float:
    """The longest side of the world's bounding box of these objects and all below them, in millimetres."""
    bpy.context.view_layer.update()
    graph = bpy.context.evaluated_depsgraph_get()
    points: list[Vector] = []
    for thing in {child for root in roots for child in (root, *root.children_recursive)}:
        if thing.type == "MESH":
            evaluated = thing.evaluated_get(graph)
            points += [evaluated.matrix_world @ vertex.co for vertex in evaluated.to_mesh().vertices]
    sides = [max(point[axis] for point in points) - min(point[axis] for point in points) for axis in range(3)]
    return max(sides) * bpy.context.scene.unit_settings.scale_length * 1000


def test_its_name_is_the_installed_one(neural4d: ModuleType) -> None:
    assert neural4d.__name__ == MODULE


def test_its_classes_carry_its_name(neural4d: ModuleType) -> None:
    assert registered()
    assert [name for name in registered() if not name.startswith("NEURAL4D_")] == []


def test_it_comes_and_goes_cleanly_twice(neural4d: ModuleType) -> None:
    classes = registered()
    for _ in range(2):
        addon_utils.disable(MODULE, default_set=True)
        assert registered() == set()
        assert handlers() == []
        assert not hasattr(bpy.types.Scene, "neural4d")
        assert addon_utils.enable(MODULE, default_set=True) is not None
        assert registered() == classes
        assert hasattr(bpy.types.Scene, "neural4d")


def test_starting_it_loads_nothing_large_and_opens_no_connection(neural4d: ModuleType) -> None:
    script = Path(__file__).with_name("fresh_start.py")
    if bpy.app.binary_path:
        command = [bpy.app.binary_path, "--background", "--factory-startup", "--python-exit-code", "1"]
        command += ["--python", str(script)]
    else:
        command = [sys.executable, "-I", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("FOUND=")]
    said = done.stdout + done.stderr
    assert done.returncode == 0, f"exit code {done.returncode}: {said}"
    assert lines, said
    assert json.loads(lines[0].removeprefix("FOUND=")) == {
        "requests": False,
        "numpy": False,
        "late": [],
        "network": [],
        "threads": 0,
        "without": [],
    }


def test_a_prompt_becomes_a_sized_model(neural4d: ModuleType, simulator: Simulator) -> None:
    job = neural4d.generate("a cute bird", size_mm=120)
    job.wait(timeout=180)
    assert job.state == "placed"
    assert longest_side_mm(job.objects) == pytest.approx(120, rel=0.001)
    ledger = simulator.ledger()
    assert [row["points"] for row in ledger] == [PRICE_OF_TEXT]
    assert job.cost == PRICE_OF_TEXT
    assert simulator.balance == 1000 - PRICE_OF_TEXT


def test_without_a_key_nothing_is_sent(
    neural4d: ModuleType, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NEURAL4D_API_TOKEN")
    with pytest.raises(neural4d.KeyMissing, match="No key"):
        neural4d.generate("a cute bird", size_mm=120)
    assert simulator.requests() == []
