"""The stand-in's account: every accepted operation once, at its price, in the ledger."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scripts.simulator.launcher import SimulatorError
from tests.support.simulator_client import Caller, picture

UUID = "f47ac10b-58cc-4372-a567-0e02b2c3d479"


def test_documented_prices(service: Caller) -> None:
    uuids = service.generate(count=3)
    key = service.call("getMattedResult", {"requestId": service.mat()["requestId"]})["fileKeys"][0]
    service.call("generateModelWithImage", {"fileKey": key})
    files = {"images": ("a.jpg", picture())}
    service.call("createCuteModelsFromImages", files=files, data={"styleType": "Pixel-Style"})
    rows = service.sim.ledger()
    assert [(row["operation"], row["points"], row["balance_after"]) for row in rows] == [
        ("text", 60, 940),
        ("image", 80, 860),
        ("chibi", 30, 830),
    ]
    assert rows[0]["uuids"] == uuids
    assert service.sim.balance == 830
    assert service.sim.spent == 170


def test_asking_costs_nothing(service: Caller) -> None:
    uuid = service.generate()[0]
    for endpoint in ("retrieveModel", "queryJobProgress"):
        service.call(endpoint, {"uuid": uuid})
    service.call("queryPointsInfo")
    service.call("checkHumanImage", files={"image": ("a.jpg", picture())})
    assert len(service.sim.ledger()) == 1


def test_the_same_uuids_again_are_paid_again(service: Caller) -> None:
    for _ in range(2):
        service.generate(uuids=[UUID])
    assert [row["uuids"] for row in service.sim.ledger()] == [[UUID], [UUID]]


def test_other_prices(service: Caller) -> None:
    service.sim.configure(prices={"text": 20})
    service.generate()
    assert service.sim.spent == 20
    assert service.sim.settings()["prices"]["image"] == 80


def test_too_few_points(service: Caller) -> None:
    service.sim.configure(balance=59)
    answer = service.post("generateModelWithText", {"prompt": "x", "uuids": [UUID], "modelCount": 1})
    assert answer.status_code == 402
    assert service.sim.balance == 59
    assert service.call("retrieveModel", {"uuid": UUID})["codeStatus"] == -2
    service.sim.configure(no_points_status=200)
    assert "uuids" not in service.call("generateModelWithText", {"prompt": "x"})


def test_purses_are_emptied_in_order(service: Caller) -> None:
    service.sim.configure(balance=200, bonus_points=50, year_points=30, expiration_day="2026-12-31")
    service.generate()
    assert service.call("queryPointsInfo")["data"] == {
        "total_points": 140,
        "monthly_bonus_points": 0,
        "permanent_points": 120,
        "year_points": 20,
        "expiration_day": "2026-12-31",
    }


@pytest.mark.parametrize(("refund", "spent"), [(False, 60), (True, 0)])
def test_a_failed_generation(service: Caller, refund: bool, spent: int) -> None:
    service.sim.configure(refund_failed=refund)
    service.sim.set_fault("generateModelWithText", "generation_failed")
    uuids = service.generate(count=2)
    assert [service.call("retrieveModel", {"uuid": uuid})["codeStatus"] for uuid in uuids] == [-3, -3]
    assert service.sim.spent == spent
    assert service.sim.balance == 1000 - spent


def test_no_refund_while_one_variant_came(service: Caller) -> None:
    service.sim.configure(refund_failed=True)
    service.sim.set_fault("generateModelWithText", "generation_failed", variants=[1])
    uuids = service.generate(count=2)
    assert [service.call("retrieveModel", {"uuid": uuid})["codeStatus"] for uuid in uuids] == [0, -3]
    assert service.sim.spent == 60


def _without_conversion(service: Caller) -> None:
    """A command that ends well and writes nothing, in the place of a Blender: a conversion that fails."""
    service.sim.configure(blender=f"{sys.executable} -c pass")


def test_a_conversion_is_paid_once(service: Caller) -> None:
    _without_conversion(service)
    service.sim.configure(conversion_seconds=1000)
    uuid = service.generate()[0]
    asked = [service.call("convertToFormat", {"uuid": uuid, "modelType": "fbx", "modelSize": 9}) for _ in range(3)]
    starting = {
        "statusType": 1,
        "modelSize": 9,
        "message": "The specified model format does not exist, converting now...",
    }
    assert asked == [starting, {**starting, "message": "Cannot find the type, converting."}, starting]
    assert service.sim.spent == 70
    service.call("convertToFormat", {"uuid": uuid, "modelType": "fbx", "modelSize": 10})
    service.call("convertToFormat", {"uuid": uuid, "modelType": "obj", "modelSize": 9})
    assert [row["operation"] for row in service.sim.ledger()] == ["text", *["conversion"] * 3]


@pytest.mark.parametrize(("refund", "spent"), [(False, 70), (True, 70)])
def test_a_failed_conversion_and_its_repetition(service: Caller, refund: bool, spent: int) -> None:
    service.sim.configure(refund_failed=refund)
    _without_conversion(service)
    service.sim.configure(conversion_seconds=1000)
    uuid = service.generate()[0]
    assert service.call("convertToFormat", {"uuid": uuid})["statusType"] == 1
    service.sim.set_fault("convertToFormat", "conversion_failed")
    assert service.call("convertToFormat", {"uuid": uuid})["statusType"] == -1
    assert service.sim.spent == (60 if refund else 70)
    assert service.call("convertToFormat", {"uuid": uuid})["statusType"] == 1
    assert service.sim.spent == spent


def test_without_blender_a_conversion_is_refused_and_free(service: Caller) -> None:
    service.sim.configure(blender="/nowhere/blender")
    answer = service.call("convertToFormat", {"uuid": service.generate()[0]})
    assert [answer["statusType"], "/nowhere/blender" in answer["message"]] == [-1, True]
    assert service.sim.spent == 60


def test_settings_that_do_not_fit(service: Caller) -> None:
    for bad in (
        {"prices": {"texts": 1}},
        {"prices": {"text": -1}},
        {"balance": "100"},
        {"balance": 10, "bonus_points": 11},
        {"shape": "cube"},
        {"job_seconds": -1},
        {"nonsense": 1},
        {"token": ""},
    ):
        with pytest.raises(SimulatorError):
            service.sim.configure(**bad)
    assert service.sim.balance == 1000


def test_reset_forgets_everything_but_the_account(service: Caller) -> None:
    uuid = service.generate()[0]
    service.sim.set_fault("*", "http_500", times=None)
    service.sim.configure(prices={"text": 1}, job_seconds=5)
    service.sim.reset()
    assert service.sim.faults() == service.sim.ledger() == service.sim.requests() == []
    assert service.sim.settings()["prices"]["text"] == 60
    assert service.sim.settings()["job_seconds"] == 0.0
    assert service.call("retrieveModel", {"uuid": uuid})["codeStatus"] == -2


def test_the_log_has_no_token(service: Caller) -> None:
    token = service.sim.token
    service.post("generateModelWithText", {"prompt": f"my token is {token}"})
    service.post("queryPointsInfo", headers={})
    service.mat()
    service.post(f"retrieveModel?key={token}", {"uuid": "x" * 5000}, headers={})
    entries = service.sim.requests()
    assert token not in str(entries)
    assert [entry["has_token"] for entry in entries] == [True, False, True, True]
    assert [entry["status"] for entry in entries] == [200, 401, 200, 200]
    assert entries[2]["body"]["image"].startswith("photo.jpg (image/jpeg, ")
    assert len(entries[3]["body"]["uuid"]) < 300
    assert token not in Path(f"/proc/{service.sim.pid}/cmdline").read_text() if sys.platform == "linux" else True
