"""What a new user meets: no key, a wrong key, the right one; online access that is off."""

from __future__ import annotations

from scripts.simulator.launcher import Simulator
from tests.gui.harness import run_scenario


def test_from_no_key_to_ready() -> None:
    with Simulator(generation="2024", balance=1234, texture_size=256) as sim:
        done = run_scenario(
            "first_start", arguments={"url": sim.api_url, "key": sim.token}, timeout=120, size=(1000, 1000)
        )
        assert sim.ledger() == []
    assert "did not accept the key" in done["wrong"]
    assert done["right"] == "The key works. 1,234 points left."
    assert done["balance"] == 1234
    assert done["can_generate"]
    assert done["kept_in_preferences"]
    assert done["subtype"] == "PASSWORD"
    assert done["prompt_is_in_the_file"]  # so that the next line could fail
    assert done["key_found_in"] == []
    assert {"saved.blend", "engine.log"} <= set(done["files"])
    assert sim.token not in done["log"]
    assert "wrong-key" not in done["log"]


def test_online_access_is_off_in_the_preferences() -> None:
    with Simulator(generation="2024", texture_size=256) as sim:
        assert run_scenario("offline.switched_off", env=sim.environment, online=None) is True
        assert sim.requests() == []


def test_blender_was_started_offline() -> None:
    with Simulator(generation="2024", texture_size=256) as sim:
        assert run_scenario("offline.started_offline", env=sim.environment, online=False) is False
        assert sim.requests() == []
