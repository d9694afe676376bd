"""Creations of CSM whose answer was lost: found in the account's list, proved not taken, or left to the user."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from scripts.simulator.launcher import Simulator
from tests.support.engine_process import EngineProcess
from tests.support.simulator_client import TIMEOUT
from tests.unit.whole_engine.test_engine_csm_today import (
    CREATE,
    CREDITS,
    LIST,
    URL,
    any_sim,
    engine,
    paid,
    picture,
    sim,
    start,
)

__all__ = ["any_sim", "engine", "picture", "sim"]

#: How an answer gets lost after the service has acted.
ACTED: list[tuple[str, dict[str, Any]]] = [
    ("reset_after", {}),
    ("http_500", {"acted": True}),
    ("not_json", {}),
    ("missing_field", {}),
]


def made_elsewhere(sim: Simulator, **input: Any) -> None:
    """A session that somebody makes with the same account beside us."""
    answer = requests.post(
        f"{sim.api_url}/v3/sessions/",
        json={"type": "image_to_3d", "input": input},
        headers={"x-api-key": sim.keys["csm"]},
        timeout=TIMEOUT,
    )
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(("fault", "params"), ACTED, ids=lambda value: str(value) if value else "")
@pytest.mark.parametrize(
    ("request_of_a_job", "kind"),
    [({"images": [URL]}, "image_to_3d"), ({"images": [URL], "options": {"kit": True}}, "image_to_kit")],
    ids=["image", "kit"],
)
def test_a_creation_that_was_taken_is_found(
    sim: Simulator,
    engine: EngineProcess,
    fault: str,
    params: dict[str, Any],
    request_of_a_job: dict[str, Any],
    kind: str,
) -> None:
    sim.set_fault(CREATE, fault, **params)
    done = engine.wait(engine.submit("", provider="csm", **request_of_a_job), "ready")
    assert paid(sim) == [f"csm.{kind}"]
    assert len(sim.requests(CREATE)) == 1
    assert done["variants"][0]["uuid"] == sim.jobs()[0]["uuid"]


@pytest.mark.parametrize("lost", [0, 1])
def test_both_steps_of_a_prompt_are_found(sim: Simulator, engine: EngineProcess, lost: int) -> None:
    sim.set_fault(CREATE, "reset_after", after=lost)
    engine.wait(engine.submit("a red  chair", provider="csm"), "ready")
    assert paid(sim) == ["csm.text_to_image", "csm.image_to_3d"]


def test_a_local_picture_is_found_whatever_became_of_it(sim: Simulator, engine: EngineProcess, picture: str) -> None:
    sim.set_fault(CREATE, "reset_after")
    engine.wait(start(engine, picture), "ready")
    assert paid(sim) == ["csm.image_to_3d"]


def test_a_creation_that_was_not_taken_is_sent_again(sim: Simulator, engine: EngineProcess) -> None:
    sim.set_fault(CREATE, "reset_before")
    engine.wait(start(engine), "ready")
    assert paid(sim) == ["csm.image_to_3d"]
    assert len(sim.requests(CREATE)) == 2
    assert len(sim.requests(LIST)) > 3, "one look proves nothing"


def test_one_that_is_never_taken(sim: Simulator, engine: EngineProcess) -> None:
    sim.set_fault(CREATE, "reset_before", times=None)
    job = start(engine)
    failed = engine.wait(job, "failed")
    assert (failed["error"]["code"], failed["retry_pays"]) == ("SubmissionLost", False)
    assert failed["error"]["cost"] == "Nothing was paid."
    sim.clear_faults()
    engine.send("retry", job=job)
    engine.wait(job, "ready")
    assert paid(sim) == ["csm.image_to_3d"]


def test_a_session_of_another_job_is_never_taken(sim: Simulator, engine: EngineProcess) -> None:
    """It is new, and made of the same picture: but it is known whose it is."""
    first = engine.wait(start(engine), "ready")["variants"][0]["uuid"]
    sim.set_fault(CREATE, "reset_before")
    second = engine.wait(start(engine), "ready")["variants"][0]["uuid"]
    sim.set_fault(CREATE, "reset_after")
    third = engine.wait(start(engine), "ready")["variants"][0]["uuid"]
    assert len({first, second, third}) == 3
    assert paid(sim) == ["csm.image_to_3d"] * 3


def test_of_two_that_fit_none_is_taken(sim: Simulator, engine: EngineProcess) -> None:
    made_elsewhere(sim, image_url=URL)
    sim.set_fault(CREATE, "reset_after")
    job = start(engine)
    failed = engine.wait(job, "failed")
    assert (failed["error"]["code"], failed["retry_pays"]) == ("PaymentUnknown", True)
    assert len(sim.requests(CREATE)) == 2
    assert paid(sim) == ["csm.image_to_3d"] * 2


def test_others_sessions_of_other_pictures_are_passed_over(sim: Simulator, engine: EngineProcess) -> None:
    made_elsewhere(sim, image_url="https://pictures.example/a-lamp.png")
    made_elsewhere(sim, image_url=URL, texture_model="none")
    sim.set_fault(CREATE, "reset_after")
    done = engine.wait(start(engine, options={"texture_model": "pbr"}), "ready")
    assert done["variants"][0]["uuid"] == sim.jobs()[-1]["uuid"]


def test_where_the_list_cannot_tell_the_credits_do(sim: Simulator, engine: EngineProcess) -> None:
    """Something new is in the list that is not ours: no proof, but nothing was paid either."""
    made_elsewhere(sim, image_url="https://pictures.example/a-lamp.png")
    sim.set_fault(CREATE, "reset_before")
    error = engine.wait(start(engine), "failed")["error"]
    assert (error["code"], error["cost"]) == ("SubmissionLost", "Nothing was paid.")
    assert "balance has not fallen" in error["what"]


def test_without_list_and_credits_the_user_is_asked(sim: Simulator, engine: EngineProcess) -> None:
    engine.ask("test_key", provider="csm")
    for endpoint in (LIST, CREDITS):
        sim.set_fault(endpoint, "http_400", times=None)
    sim.set_fault(CREATE, "reset_before")
    failed = engine.wait(start(engine), "failed")
    assert (failed["error"]["code"], len(sim.requests(CREATE))) == ("PaymentUnknown", 1)


def test_killed_before_the_answer(sim: Simulator, tmp_path: Path) -> None:
    sim.set_fault(CREATE, "hang_after")
    first = EngineProcess(tmp_path, sim.api_url, sim.keys)
    job = start(first)
    first.until(lambda: sim.ledger("csm") or None, "the service to charge it")
    first.kill()
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as second:
        second.wait(job, "ready")
    assert paid(sim) == ["csm.image_to_3d"]


def test_older_servers_with_a_list(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(generations={"csm": "2024"}, csm_legacy_list=True)
    sim.set_fault("csm/create", "reset_after")
    engine.wait(start(engine), "ready")
    sim.set_fault("csm/create", "reset_before")
    engine.wait(start(engine, f"{URL}?another"), "ready")
    assert paid(sim) == ["csm.session", "csm.preview", "csm.refine"] * 2


@pytest.mark.parametrize("fault", ["http_500", "reset_before", "not_json"])
def test_the_question_for_the_generation_costs_nothing_and_is_asked_again(
    sim: Simulator, engine: EngineProcess, fault: str
) -> None:
    sim.set_fault(LIST, fault, times=3)
    engine.wait(start(engine), "ready")
    assert paid(sim) == ["csm.image_to_3d"]
    assert len(sim.requests(CREATE)) == 1
