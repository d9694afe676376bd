"""What every service of the stand-in has in common: the faults of the wire, the ledger, the file host."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest
import requests

from scripts.simulator.launcher import Simulator, SimulatorError
from tests.support.other_services import Others
from tests.support.simulator_client import Caller

#: Each service's order, and what its first one costs.
ORDERS: dict[str, tuple[Callable[[Others], requests.Response], int]] = {
    "csm": (Others.create, 5),
    "goneural": (Others.task, 30),
    "modelslab": (Others.order, 12),
}


@pytest.fixture(params=list(ORDERS))
def order(request: pytest.FixtureRequest, service: Caller) -> tuple[str, Callable[[], requests.Response], int]:
    """A service's name, a call that orders there, and the price."""
    call, price = ORDERS[request.param]
    others = Others(service.sim)
    return request.param, lambda: call(others), price


Order = tuple[str, Callable[[], requests.Response], int]


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 408, 413, 429, 500, 502, 503, 504])
def test_status_instead_of_acting(service: Caller, order: Order, status: int) -> None:
    name, ask, price = order
    service.sim.set_fault(f"{name}/create", f"http_{status}", message="as told")
    answer = ask()
    assert [answer.status_code, answer.json(), service.sim.spent] == [status, {"message": "as told"}, 0]
    assert ask().ok
    assert [service.sim.spent, service.sim.ledger()[0]["service"]] == [price, name]


@pytest.mark.parametrize(
    ("fault", "acted"),
    [
        ("reset_before", False),
        ("reset_after", True),
        ("hang", False),
        ("hang_after", True),
        ("truncated_body", True),
    ],
)
def test_lost_answers(service: Caller, order: Order, fault: str, acted: bool) -> None:
    name, ask, price = order
    service.sim.set_fault(f"{name}/create", fault, **({"seconds": 0.1} if "hang" in fault else {}))
    with pytest.raises(requests.RequestException):
        ask()
    assert service.sim.spent_at(name) == (price if acted else 0)
    assert len(service.sim.jobs()) == acted


def test_disguised_answers(service: Caller, order: Order) -> None:
    name, ask, _ = order
    for fault in ("not_json", "empty_body"):
        service.sim.set_fault(f"{name}/create", fault)
        with pytest.raises(ValueError, match="Expecting value"):
            ask().json()
    service.sim.set_fault(f"{name}/create", "wrong_content_type")
    assert ask().headers["Content-Type"] == "text/html"
    service.sim.set_fault(f"{name}/create", "slow_drip", chunk=200, delay=0.001)
    assert ask().json()
    service.sim.set_fault(f"{name}/create", "http_500", acted=True)
    assert ask().status_code == 500
    assert len(service.sim.ledger(name)) == 5


def test_connection_refused(service: Caller, order: Order) -> None:
    _, ask, _ = order
    service.sim.refuse_connections()
    with pytest.raises(requests.ConnectionError, match="refused"):
        ask()
    service.sim.clear_faults()
    assert ask().ok


def test_every_known_fault_leaves_the_service_whole(service: Caller, order: Order) -> None:
    _, ask, _ = order
    for fault in service.sim.known_faults():
        if fault != "connection_refused":
            service.sim.set_fault("*", fault, seconds=0.01, delay=0)
            with contextlib.suppress(requests.RequestException):
                ask()
    service.sim.clear_faults()
    assert ask().ok


def test_accounts_are_apart(service: Caller, order: Order) -> None:
    name, ask, price = order
    service.sim.configure(balance=200)
    service.generate()
    ask()
    expected = dict.fromkeys(("neural4d", *ORDERS), 200) | {"neural4d": 140, name: 200 - price}
    assert service.sim.balances() == expected
    assert [row["balance_after"] for row in service.sim.ledger()] == [140, 200 - price]
    assert [service.sim.spent, service.sim.spent_at(name), service.sim.balance] == [60 + price, price, 140]
    service.sim.configure(credits={name: 1})
    assert service.sim.balances() == dict.fromkeys(("neural4d", *ORDERS), 200) | {"neural4d": 140, name: 1}


def test_other_prices(service: Caller, order: Order) -> None:
    name, ask, price = order
    (paid,) = {key for key, value in service.sim.settings()["prices"].items() if value == price and key[:3] == name[:3]}
    service.sim.configure(prices={paid: 3})
    ask()
    assert service.sim.spent_at(name) == 3


@pytest.mark.parametrize(
    "setting",
    [
        {"csm_generation": "third"},
        {"csm_formats": ["gltf"]},
        {"csm_bbox": 1},
        {"csm_key": ""},
        {"goneural_refunds": "no"},
        {"modelslab_format": "fbx"},
        {"credits": {"neural4d": 5}},
        {"credits": {"csm": -1}},
        {"prices": {"csm": 5}},
    ],
)
def test_settings_that_do_not_fit(service: Caller, setting: dict[str, object]) -> None:
    with pytest.raises(SimulatorError):
        service.sim.configure(**setting)


def test_every_key_the_handle_was_given() -> None:
    with Simulator(generation="2024", csm_key="my-csm-key") as sim:
        assert sim.environment["CSM_API_KEY"] == "my-csm-key"
        assert Others(sim).create().status_code == 201
        sim.reset()
        assert Others(sim).create().status_code == 201
        assert set(sim.environment) == {
            "NEURAL4D_API_URL",
            "NEURAL4D_API_TOKEN",
            *(f"{name}_API_{part}" for name in ("CSM", "GONEURAL", "MODELSLAB") for part in ("URL", "KEY")),
        }
        assert len(set(sim.keys.values())) == 4
        assert not any(key in str(sim.settings()) for key in sim.keys.values())
