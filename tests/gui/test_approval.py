"""What would go over an allowance, in a window: whose wish it is and its price, Approve and Decline; nothing before."""

from __future__ import annotations

from pathlib import Path

from scripts.simulator.launcher import Simulator
from tests.gui.harness import run_scenario


def test_a_job_is_approved_of_and_another_one_declined(tmp_path: Path) -> None:
    policy = tmp_path / "neural4d-policy.toml"
    policy.write_text(
        '[points]\nday = 50\n[options.forbidden]\nvariants = true\n[texts]\npanel = "Ask Jo first."', encoding="utf-8"
    )
    with Simulator(generation="2024", job_seconds=0.5) as sim:
        done = run_scenario(
            "approval",
            arguments={"admin_url": sim.admin_url},
            env={**sim.environment, "NEURAL4D_POLICY": str(policy)},
            size=(1000, 1000),
        )
        assert [row["points"] for row in sim.ledger()] == [60]
    assert (done["paid_while_it_asked"], done["approved"]) == (0, "placed")
    assert (done["declined"]["code"], done["declined"]["cost"]) == ("AllowanceUsedUp", "Nothing was paid.")
    assert done["variants_grey"]
