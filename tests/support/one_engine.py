"""Fixtures and questions for tests with an engine on whatever service the module's own ``sim`` stands in for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.simulator.launcher import Simulator
from tests.support.engine_process import EngineProcess
from tests.support.simulator_client import picture


@pytest.fixture
def engine(sim: Simulator, tmp_path: Path) -> Iterator[EngineProcess]:
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as process:
        yield process


@pytest.fixture
def image(tmp_path: Path) -> str:
    """Path of a picture."""
    path = tmp_path / "mug.png"
    path.write_bytes(picture(kind="PNG"))
    return str(path)


def sent(sim: Simulator, *endpoints: str) -> list[dict[str, Any]]:
    """The requests to those endpoints, in their order."""
    return [request for request in sim.requests() if request["endpoint"] in endpoints]


def facts(engine: EngineProcess) -> dict[str, str]:
    """What the engine told last of the server."""
    found: dict[str, str] = next(e["facts"] for e in reversed(engine.events) if e["event"] == "server")
    return found
