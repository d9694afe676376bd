"""Several jobs at once, and a long generation beside the user's own work."""

from __future__ import annotations

import pytest

from scripts.simulator.launcher import Simulator
from tests.gui.harness import run_scenario


def test_several_jobs_with_prompts_of_every_kind() -> None:
    with Simulator(generation="2024", job_seconds=600, balance=1000, texture_size=256) as sim:
        arguments = {"admin_url": sim.admin_url}
        # So tall that the list is in the sidebar below what there is to say of the selected model.
        done = run_scenario("many_jobs", arguments=arguments, env=sim.environment, timeout=480, size=(1000, 1300))
        assert [row["points"] for row in sim.ledger()] == [60] * 5
    assert {"a cute bird", "a table", "a bottle", "ein grüner Fuchs 🦊 小さな狐"} <= set(done["placed"])
    assert any(name.startswith("a chair with carved legs") for name in done["placed"])
    assert 0 < done["between"] < 0.05  # beside the first one, not in it


@pytest.mark.patient
def test_auto_save_goes_on_during_a_long_generation() -> None:
    with Simulator(generation="2024", job_seconds=600, texture_size=256) as sim:
        done = run_scenario("long_job", arguments={"admin_url": sim.admin_url}, env=sim.environment, timeout=240)
        assert [row["points"] for row in sim.ledger()] == [60]
    for what in ("idle", "generating"):
        print(f"largest gap between ticks of a 5 ms timer, {what}: {done[what]['largest_ms']} ms")
    for what in ("ticks", "draws"):
        print(f"our own {what} while generating: {done[what]}")
    print(f"auto-saved {done['saved_after_s']} s after the interval was set to a minute: {done['files']}")
    assert done["files"]
    assert done["state"] == "placed"
