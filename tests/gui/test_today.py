"""Today's Neural4D in a real window: what it can do, what it refuses, what it lacks, each as the panel shows it."""

from __future__ import annotations

from pathlib import Path

from scripts.simulator.launcher import Simulator
from tests.gui.harness import run_scenario
from tests.gui.test_images import TALL, picture

__all__ = ["picture"]


def test_pictures_first_and_one_of_them_is_taken(picture: str) -> None:
    with Simulator(job_seconds=2, picture_seconds=2, texture_size=256) as sim:
        arguments = {"reference": picture}
        done = run_scenario("today.pictures", env=sim.environment, arguments=arguments, size=TALL, timeout=240)
        assert [(row["operation"], row["points"]) for row in sim.ledger()] == [("picture", 52), ("image", 30)]
    assert (done["before"], done["cost"], done["taken"]) == (52, 82, 2)
    assert "a cute bird" in done["objects"]
    assert done["input"] == ["IMAGE", "FILE", True]


def test_a_refusal_by_moderation(tmp_path: Path) -> None:
    with Simulator(job_seconds=1, moderated_words=["forbidden"], texture_size=256) as sim:
        done = run_scenario("today.refused", env=sim.environment, timeout=120)
        assert sim.spent == 0
    assert done["error"]["what"].startswith("Please check the prompt.")
    assert done["error"]["remedy"]
    assert done["cost"] is None
    assert "Please check the prompt." in done["report"]


def test_waiting_for_the_limit_is_counted_down() -> None:
    with Simulator(job_seconds=1, calls_per_minute=1, limit_window=30, texture_size=256) as sim:
        done = run_scenario("today.limited", env=sim.environment, arguments={"minute": 32}, timeout=240)
        assert [row["points"] for row in sim.ledger()] == [30, 30]
    assert "slow down" in done["note"]
    counted = [seconds for seconds in done["seen"] if seconds]
    assert len(set(counted)) >= 3, done
    assert counted == sorted(counted, reverse=True), done
    assert {"a chair", "a table"} <= set(done["objects"])


def test_what_a_server_lacks_is_grey_once_it_is_known(picture: str) -> None:
    with Simulator(job_seconds=1, texture_size=256) as sim:
        done = run_scenario("today.lacks", env=sim.environment, arguments={"picture": picture}, size=TALL, timeout=240)
        assert [row["points"] for row in sim.ledger()] == [30]
    assert "no cut-outs" in done["why"]["choice"]
    assert "one view" in done["why"]["views"]
    assert done["clicked"] == {"choose_cutout": False, "use_views": False}
    assert "cuts nothing out" in done["error"]["what"]


def test_faces_that_do_not_fit_the_quality_are_said_before_the_click() -> None:
    with Simulator(job_seconds=1, texture_size=256) as sim:
        done = run_scenario("today.ranges", env=sim.environment, size=TALL, timeout=120)
        assert sim.spent == 0
    assert done == {
        "said": "The Face Count is 100,000 to 500,000 with the Mesh Quality standard, not 700,000.",
        "fits": "",
    }


def test_a_price_that_was_never_measured_does_not_hold_the_job_back() -> None:
    with Simulator(job_seconds=1, balance=40, texture_size=256) as sim:
        arguments = {"admin_url": sim.admin_url}
        done = run_scenario("today.short", env=sim.environment, arguments=arguments, size=TALL, timeout=180)
        assert [row["points"] for row in sim.ledger()] == [60]
    assert done["error"]["code"] == "NotEnoughPoints"
    assert done["cost"] == 60


def test_an_answer_that_was_lost_is_looked_for() -> None:
    with Simulator(job_seconds=1, texture_size=256) as sim:
        done = run_scenario("today.unknown", env=sim.environment, arguments={"admin_url": sim.admin_url}, timeout=180)
    assert done["error"]["code"] == "PaymentUnknown"
