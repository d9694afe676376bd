"""Bringing in by hand: what the account has, File > Import > Model at Real Size, what is on the clipboard."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from scripts.simulator.launcher import Simulator
from tests.gui.harness import run_scenario
from tests.support.glb_files import BINARY, glb, triangle
from tests.support.other_services import data_uri
from tests.support.simulator_client import TIMEOUT, picture

SIZE, NAMES = (1000, 1000), ["lamp.glb", "shelf.glb"]
COLOURS = ("#d07830", "#3078d0", "#30a050", "#a03090")


def made_elsewhere(sim: Simulator, kind: str = "image_to_3d", **input: str) -> str:
    """A session that somebody makes with the same account on CSM's own page."""
    answer = requests.post(
        f"{sim.api_url}/v3/sessions/",
        json={"type": kind, "input": input},
        headers={"x-api-key": sim.keys["csm"]},
        timeout=TIMEOUT,
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["_id"])


def test_what_the_account_has(tmp_path: Path) -> None:
    with Simulator(job_seconds=0, csm_formats=["glb"], texture_size=256) as sim:
        for number in range(13):
            shown = picture((320, 280 + 20 * number), "PNG", COLOURS[number % 4])
            made_elsewhere(sim, image_url=data_uri(shown), **({"prompt": "a chair"} if number % 2 else {}))
        sim.set_fault("csm/v3/create", "generation_failed", error="It has no front.")
        made_elsewhere(sim, image_url="https://example.com/wall.png")
        spent = sim.spent
        done = run_scenario(
            "bring_in.account", env=sim.environment, arguments={"admin_url": sim.admin_url}, size=SIZE, timeout=240
        )
        assert sim.spent == spent
    assert (done["models"], done["next"], done["cost"]) == (12, 2, 0)
    assert done["size"] == pytest.approx(0.15, rel=0.001)
    assert "no front" in done["failed"]


def test_files_from_the_menu_and_from_the_clipboard(tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / name).write_bytes(glb(triangle(), BINARY))
    with Simulator(texture_size=256) as sim:
        done = run_scenario(
            "bring_in.files",
            env=sim.environment,
            arguments={"folder": f"{tmp_path}/", "names_of": NAMES},
            size=SIZE,
            timeout=180,
        )
        assert (sim.requests(), sim.spent) == ([], 0)
    assert done["height"] == pytest.approx(0.4, rel=0.001)
    assert {"lamp", "shelf"} <= {*done["names"]}
