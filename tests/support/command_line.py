"""Runs commands in this process, against the simulator, as a Python without Blender has them; for tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from neural4d_blender.cli.main import main
from neural4d_blender.cli.session import Session
from scripts.simulator.launcher import Simulator

TIMING = {"quickest": 0.02, "backoff": 0.02, "look_again": 0.05, "attempts": 2, "outage": 0.0}


def at_home(sim: Simulator, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    """Work in the folder, with the keys of the simulator in the environment."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("NEURAL4D_DATA_DIR", str(folder / "data"))
    for name, value in sim.environment.items():
        monkeypatch.setenv(name, value)
    return sim


def run(*argv: str, kind: type[Session] = Session) -> int:
    """The command's exit code."""

    def session() -> Session:
        made = kind()
        made.bridge.timing = TIMING
        return made

    return main(argv, "neural4d", session)


def table(name: str, *prompts: str) -> str:
    """A table of these prompts, each called thing."""
    Path(name).write_text("prompt,name\n" + "".join(f"{prompt},thing\n" for prompt in prompts), encoding="utf-8")
    return name


def paid(sim: Simulator) -> list[int]:
    """What each operation cost, by the service's own ledger."""
    return [row["points"] for row in sim.ledger()]
