"""Trouble in the window: each kind says what happened, what was kept, what it cost and what to do; nothing twice."""

from __future__ import annotations

from pathlib import Path

from scripts.simulator.launcher import Simulator
from tests.gui.harness import run_scenario
from tests.gui.test_images import TALL

#: What each trouble is called, what was paid before Retry, and what its words must speak of.
TROUBLE = {
    "preparer": ("PreparerFailed", 60, "no result"),
    "wrong-key": ("KeyRejected", 0, "key"),
    "service-down": ("ServiceUnreachable", 0, "internet connection"),
    "http-500": ("SubmissionLost", 0, "has not fallen"),
    "http-500-while-generating": ("ServiceDown", 60, "500"),
    "truncated-glb": ("DownloadFailed", 60, "broke off"),
    "broken-glb": ("BrokenModel", 60, "GLB"),
    "too-few-points": ("NotEnoughPoints", 0, "10 are left"),
}


def test_every_trouble_is_told_and_retry_brings_the_model() -> None:
    with Simulator(generation="2024", job_seconds=1, texture_size=256) as sim:
        arguments = steering(sim) | {"token": sim.token}
        done = run_scenario("trouble", arguments=arguments, env=sim.environment, timeout=200)
        assert [row["points"] for row in sim.ledger()] == [60] * (len(TROUBLE) + 1)
    told = done["told"]
    assert list(told) == list(TROUBLE)
    assert {f"a chair {name}" for name in (*TROUBLE, "in place")} <= set(done["names"])
    assert "stands still" in done["in_place"]
    assert done["scenes"] == 1
    for number, (name, (code, paid, words)) in enumerate(TROUBLE.items()):
        case = told[name]
        assert case["code"] == code, case
        assert words in case["what"] + case["remedy"], case
        assert (case["kept"] != "", case["cost"] != "", case["remedy"] != "") == (True, True, True), case
        assert case["paid"] == number * 60 + paid
        assert ("60 points were paid" in case["cost"]) == bool(paid), case
        assert case["paid_after_retry"] == (number + 1) * 60


def test_paying_again_is_asked_first() -> None:
    with Simulator(generation="2024", job_seconds=1, texture_size=256) as sim:
        done = run_scenario("trouble.paying_again", arguments=steering(sim), env=sim.environment)
        assert [row["points"] for row in sim.ledger()] == [60, 60]
    assert done["error"]["code"] == "GenerationFailed"
    assert "paid again" in done["error"]["cost"]
    assert (done["after_no"], done["after_yes"]) == (60, 120)


def test_cancelling_is_free_before_it_is_sent_and_keeps_what_is_paid_after() -> None:
    with Simulator(generation="2024", job_seconds=1, texture_size=256) as sim:
        done = run_scenario("trouble.cancelling", arguments=steering(sim), env=sim.environment)
        assert [row["points"] for row in sim.ledger()] == [60]
    assert done["free"] == {"paid": 0, "note": "Nothing was paid.", "sent": 0}
    assert done["cancelled"]["paid"] == 60
    assert "Retry" in done["cancelled"]["note"]
    assert done["paid_after_retry"] == 60


def test_a_journal_that_cannot_be_opened_is_told_and_retry_goes_on_without_it(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite3").mkdir()  # one that is damaged is made whole by itself
    with Simulator(generation="2024", job_seconds=1, texture_size=256) as sim:
        env = sim.environment | {"NEURAL4D_DATA_DIR": str(tmp_path)}
        done = run_scenario("trouble.damaged_journal", size=TALL, arguments={"folder": str(tmp_path)}, env=env)
        assert [row["points"] for row in sim.ledger()] == [60]
    assert done["error"]["code"] == "JournalUnusable"
    assert "journal.sqlite3" in done["error"]["what"]
    assert "can be written" in done["error"]["remedy"]
    assert "unable to open" in done["list"]
    assert "unable to open" in done["history"]
    assert "a chair" in done["names"]


def steering(sim: Simulator) -> dict[str, str]:
    """What a scenario needs to steer the simulator."""
    return {"admin_url": sim.admin_url}
