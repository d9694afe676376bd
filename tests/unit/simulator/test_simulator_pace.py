"""What holds for every service of the stand-in: generations, limits, late bookings, slow answers, faults' bodies."""

from __future__ import annotations

import threading
import time

import pytest
import requests

from scripts.simulator.command_line import parse, settings_from
from scripts.simulator.http.rate_limit import Pace
from scripts.simulator.launcher import Simulator, SimulatorError
from scripts.simulator.ledger import Ledger
from scripts.simulator.settings import Settings
from tests.support.simulator_client import Caller

TEXT = {"prompt": "a cute bird", "modelCount": 1}
TOO_MANY = "Too many requests from this user, please try again after a minute."


def test_today_unless_it_is_said() -> None:
    assert set(Settings().generations.values()) == {"today"}
    assert Simulator()._settings["generations"] == dict.fromkeys(("neural4d", "csm", "goneural", "modelslab"), "today")
    mixed = Simulator(generation="2024", generations={"csm": "today"})._settings["generations"]
    assert [mixed["neural4d"], mixed["csm"], mixed["goneural"]] == ["2024", "today", "2024"]


def test_the_command_line_says_it_too() -> None:
    assert set(settings_from(parse([])).generations.values()) == {"today"}
    settings = settings_from(parse(["--generation", "2024", "--set", 'generations={"csm": "today"}']))
    assert settings.generations == dict.fromkeys(("neural4d", "goneural", "modelslab"), "2024") | {"csm": "today"}


def test_a_generation_of_one_service(service: Caller) -> None:
    service.sim.configure(generations={"neural4d": "today"})
    assert service.sim.settings()["generations"] == {
        "neural4d": "today",
        "csm": "2024",
        "goneural": "2024",
        "modelslab": "2024",
    }
    assert service.call("generateModelWithText", TEXT)["pointsDeducted"] == 30
    service.sim.reset()
    assert "pointsDeducted" not in service.call("generateModelWithText", TEXT)
    assert [row["points"] for row in service.sim.ledger()] == [60]


@pytest.mark.parametrize("generation", ["today", "2024"])
@pytest.mark.parametrize(("way", "header", "field"), [("plain", 0, 0), ("retry_after", 1, 0), ("json", 0, 1)])
def test_too_many_calls(service: Caller, generation: str, way: str, header: int, field: int) -> None:
    service.sim.configure(generations={"neural4d": generation}, calls_per_minute=2, limit_answer=way)
    statuses = [service.post("generateModelWithText", TEXT).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    refused = service.post("generateModelWithText", TEXT)
    assert refused.json()["message"] == TOO_MANY
    assert [("Retry-After" in refused.headers), ("retry_after" in refused.json())] == [header, field]
    assert [entry["status"] for entry in service.sim.requests("generateModelWithText")] == [200, 200, 429, 429]
    assert len(service.sim.ledger()) == len(service.sim.jobs()) == 2
    assert service.post("queryPointsInfo").status_code == 200, "asking costs nothing, so it is not counted"


def test_a_limit_that_counts_all(service: Caller) -> None:
    service.sim.configure(calls_per_minute=1, limit_counts="all")
    assert [service.post("queryPointsInfo").status_code for _ in range(2)] == [200, 429]
    url = f"{service.sim.api_url}/v1/tasks/x"
    headers = {"Authorization": f"Bearer {service.sim.keys['goneural']}"}
    statuses = [requests.get(url, headers=headers, timeout=30).status_code for _ in range(2)]
    assert statuses == [404, 429], "each service has a window of its own"


def test_a_bad_token_is_no_call_of_the_account(service: Caller) -> None:
    service.sim.configure(calls_per_minute=1)
    assert service.post("generateModelWithText", TEXT, headers={}).status_code == 401
    assert service.post("generateModelWithText", TEXT).status_code == 200


def test_the_window_slides(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    pace = Pace()
    assert [pace.wait("a", 2, 60), pace.wait("b", 2, 60)] == [0, 0]
    now[0] = 130
    assert [pace.wait("a", 2, 60), pace.wait("a", 2, 60)] == [0, 30]
    now[0] = 160
    assert [pace.wait("a", 2, 60), pace.wait("a", 2, 60)] == [0, 30]
    assert pace.wait("a", 1, 60) == 60, "a lower limit is one at once"


def test_a_purchase_shows_later(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    settings = Settings(balance=100, bonus_points=10, booking_seconds=5)
    ledger = Ledger(settings)
    ledger.charge("text", 30, [])
    ledger.charge("csm.session", 5, [], "csm")
    assert [ledger.total, ledger.shown("neural4d"), ledger.shown("csm")] == [70, 100, 100]
    assert ledger.shown_purses() == (10, 0, 90)
    now[0] = 106
    ledger.charge("text", 1, [])
    assert [ledger.shown("neural4d"), ledger.shown("csm"), ledger.shown_purses()] == [70, 95, (0, 0, 70)]
    ledger.refill(settings)
    assert ledger.shown("neural4d") == 100


@pytest.mark.parametrize("generation", ["today", "2024"])
def test_a_balance_that_lags(service: Caller, generation: str) -> None:
    service.sim.configure(generations={"neural4d": generation}, booking_seconds=1000)
    service.generate()
    assert service.call("queryPointsInfo")["data"]["total_points"] == 1000
    assert service.sim.balance == 1000 - service.sim.spent < 1000
    service.sim.configure(booking_seconds=0)
    assert service.call("queryPointsInfo")["data"]["total_points"] == service.sim.balance


def test_slow_answers_have_acted_before(service: Caller) -> None:
    service.sim.configure(answer_seconds=1000)
    answers: list[int] = []
    thread = threading.Thread(
        target=lambda: answers.append(service.post("generateModelWithText", TEXT, timeout=60).status_code)
    )
    thread.start()
    service.sim.wait_for_request("generateModelWithText", where=lambda _: bool(service.sim.ledger()))
    assert service.post("queryPointsInfo").status_code == 200, "only calls that cost points are slow"
    assert [answers, service.sim.requests("generateModelWithText")[0]["status"]] == [[], None]
    assert service.post("generateModelWithText", {}).status_code == 400, "nor are refusals, which did nothing"
    service.sim.clear_faults()
    thread.join(30)
    assert answers == [200]


def test_a_status_with_a_body_of_ones_own(service: Caller) -> None:
    service.sim.set_fault("queryPointsInfo", "http_401", body="Unauthorized")
    answer = service.post("queryPointsInfo")
    assert [answer.text, answer.headers["Content-Type"]] == ["Unauthorized", "text/plain; charset=utf-8"]
    service.sim.set_fault("queryPointsInfo", "http_500", body={"error": "Internal server error"})
    assert service.post("queryPointsInfo").json() == {"error": "Internal server error"}
    service.sim.set_fault("queryPointsInfo", "http_429", retry_after=None)
    assert "Retry-After" not in service.post("queryPointsInfo").headers


@pytest.mark.parametrize(
    "bad",
    [
        {"generations": {"neural4d": "2023"}},
        {"generations": {"meshy": "today"}},
        {"generations": "today"},
        {"ids": "kept"},
        {"points_told": True},
        {"booking_seconds": -1},
        {"calls_per_minute": 0},
        {"limit_counts": "some"},
        {"limit_answer": "none"},
        {"limit_window": "60"},
        {"moderated_words": "forbidden"},
        {"account": "closed"},
        {"answer_seconds": None},
        {"matting": 1},
        {"picture_seconds": -0.1},
        {"prices": {"picture": -1}},
    ],
)
def test_settings_that_do_not_fit(service: Caller, bad: dict[str, object]) -> None:
    with pytest.raises(SimulatorError):
        service.sim.configure(**bad)
    assert service.sim.settings()["generations"]["neural4d"] == "2024"
