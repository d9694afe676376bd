"""The example of a publish hook on bpy, whose models are looked into: the second run costs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest

from docs.examples import publish
from neural4d_blender.scene.shared_engine import bridge
from scripts.simulator.launcher import Simulator
from tests.support import publishing
from tests.support.connected import connect

pytestmark = pytest.mark.both_ends


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator() as started:
        yield started


def test_two_runs_cost_what_one_costs(
    simulator: Simulator, empty_file: bpy.types.Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(simulator, tmp_path / "data", monkeypatch).configure(triangles=200, texture_size=16, job_seconds=0.0)
    table, out = tmp_path / "props.csv", tmp_path / "out"
    table.write_text(publishing.TABLE, "utf-8")
    told, ledgers = [], []
    for _run in range(2):
        assert publish.main([str(table), str(out), "--use", "render"]) == 0
        told.append(publishing.read(out))
        ledgers.append(simulator.ledger())
        bridge.stop()
        bridge.jobs.clear()
    publishing.check(*told, fit=True, spent=simulator.spent)
    assert ledgers[0] == ledgers[1]
