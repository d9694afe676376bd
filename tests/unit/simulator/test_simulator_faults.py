"""Every fault does what it says, to the call it is meant for and to no other."""

from __future__ import annotations

import contextlib
import email.utils
import json
import socket
import threading
import time
from typing import Any

import pytest
import requests

from scripts.simulator.launcher import SimulatorError
from tests.support.simulator_client import Caller, picture

UUID = "f47ac10b-58cc-4372-a567-0e02b2c3d479"
TEXT = {"prompt": "a cute bird", "modelCount": 1, "uuids": [UUID]}
STATUSES = (400, 401, 402, 403, 404, 408, 413, 429, 500, 502, 503, 504)


@pytest.mark.parametrize("status", STATUSES)
def test_status_instead_of_acting(service: Caller, status: int) -> None:
    service.sim.set_fault("generateModelWithText", f"http_{status}", message="as told")
    answer = service.post("generateModelWithText", TEXT)
    assert [answer.status_code, answer.json()] == [status, {"message": "as told"}]
    assert service.sim.spent == 0
    assert service.post("generateModelWithText", TEXT).status_code == 200


@pytest.mark.parametrize("status", [500, 504])
def test_status_after_acting(service: Caller, status: int) -> None:
    service.sim.set_fault("generateModelWithText", f"http_{status}", acted=True)
    assert service.post("generateModelWithText", TEXT).status_code == status
    assert service.sim.spent == 60
    assert service.call("retrieveModel", {"uuid": UUID})["codeStatus"] == 0


def test_retry_after(service: Caller) -> None:
    service.sim.set_fault("queryPointsInfo", "http_429", retry_after=7)
    assert service.post("queryPointsInfo").headers["Retry-After"] == "7"
    service.sim.set_fault("queryPointsInfo", "http_503", retry_after=3600, as_date=True)
    moment = email.utils.parsedate_to_datetime(service.post("queryPointsInfo").headers["Retry-After"])
    assert moment.timestamp() > time.time() + 1800
    service.sim.set_fault("queryPointsInfo", "http_503")
    assert "Retry-After" not in service.post("queryPointsInfo").headers


def test_connection_refused_and_back(service: Caller) -> None:
    service.sim.refuse_connections()
    with pytest.raises(requests.ConnectionError, match="refused"):
        service.post("queryPointsInfo")
    assert service.sim.requests() == []
    service.sim.clear_faults()
    assert service.post("queryPointsInfo").status_code == 200


def test_connection_refused_for_a_time(service: Caller) -> None:
    service.sim.refuse_connections(seconds=0.3)
    with pytest.raises(requests.ConnectionError, match="refused"):
        service.post("queryPointsInfo")
    for _ in range(200):
        try:
            assert service.post("queryPointsInfo").status_code == 200
            return
        except requests.ConnectionError:
            time.sleep(0.05)
    pytest.fail("it did not listen again")


def test_connection_refused_after_some_calls(service: Caller) -> None:
    service.sim.set_fault("queryPointsInfo", "connection_refused", after=2)
    for _ in range(2):
        assert service.post("queryPointsInfo").status_code == 200
    with pytest.raises(requests.ConnectionError, match="refused"):
        service.post("queryPointsInfo")


def test_files_refused_while_the_api_answers(service: Caller) -> None:
    url = service.model_url(service.generate()[0])
    service.sim.refuse_connections(endpoint="file")
    with pytest.raises(requests.ConnectionError, match="refused"):
        requests.get(url, timeout=30)
    assert service.post("queryPointsInfo").status_code == 200


@pytest.mark.parametrize(("fault", "spent", "code"), [("reset_before", 0, -2), ("reset_after", 60, 0)])
def test_reset(service: Caller, fault: str, spent: int, code: int) -> None:
    service.sim.set_fault("generateModelWithText", fault)
    with pytest.raises(requests.ConnectionError, match="reset"):
        service.post("generateModelWithText", TEXT)
    assert service.sim.spent == spent
    assert service.call("retrieveModel", {"uuid": UUID})["codeStatus"] == code
    entry = service.sim.requests("generateModelWithText")[0]
    assert [entry["status"], entry["fault"]] == [None, fault]


@pytest.mark.parametrize(("fault", "spent"), [("hang", 0), ("hang_after", 60)])
def test_hang(service: Caller, fault: str, spent: int) -> None:
    service.sim.set_fault("generateModelWithText", fault)
    with pytest.raises(requests.ReadTimeout):
        service.post("generateModelWithText", TEXT, timeout=0.5)
    assert service.sim.spent == spent


def test_hang_is_let_go(service: Caller) -> None:
    service.sim.set_fault("queryPointsInfo", "hang")
    seen: list[Exception] = []

    def ask() -> None:
        try:
            service.post("queryPointsInfo")
        except requests.ConnectionError as error:
            seen.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    service.sim.wait_for_request("queryPointsInfo")
    service.sim.clear_faults()
    asking.join(20)
    assert len(seen) == 1


def test_slow_drip_comes_whole_in_the_end(service: Caller) -> None:
    service.sim.set_fault("queryPointsInfo", "slow_drip", chunk=40, delay=0.01)
    assert service.call("queryPointsInfo")["data"]["total_points"] == 1000
    service.sim.set_fault("queryPointsInfo", "slow_drip", delay=60)
    with service.post("queryPointsInfo", stream=True) as answer:
        assert next(answer.iter_content(1)) == b"{"


def test_truncated_body(service: Caller) -> None:
    service.sim.set_fault("generateModelWithText", "truncated_body")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        service.post("generateModelWithText", TEXT)
    assert service.sim.spent == 60


def test_disguised_bodies(service: Caller) -> None:
    service.sim.set_fault("queryPointsInfo", "wrong_content_type")
    answer = service.post("queryPointsInfo")
    assert [answer.headers["Content-Type"], answer.json()["statusType"]] == ["text/html", 0]
    service.sim.set_fault("queryPointsInfo", "not_json")
    answer = service.post("queryPointsInfo")
    assert answer.headers["Content-Type"].startswith("application/json")
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(answer.content)
    service.sim.set_fault("queryPointsInfo", "empty_body")
    assert service.post("queryPointsInfo").content == b""


@pytest.mark.parametrize(
    ("endpoint", "main"),
    [
        ("generateModelWithText", "uuids"),
        ("retrieveModel", "codeStatus"),
        ("queryPointsInfo", "data"),
        ("queryJobProgress", "progress"),
    ],
)
def test_missing_field(service: Caller, endpoint: str, main: str) -> None:
    service.generate(uuids=[UUID])
    service.sim.set_fault(endpoint, "missing_field")
    answer = service.call(endpoint, {**TEXT, "uuid": UUID})
    assert main not in answer
    assert "message" in answer
    service.sim.set_fault(endpoint, "missing_field", field="message")
    assert "message" not in service.call(endpoint, {**TEXT, "uuid": UUID})


def test_field_values(service: Caller) -> None:
    service.generate(uuids=[UUID])
    service.sim.set_fault("retrieveModel", "set_field", field="modelUrl", value=None)
    assert service.call("retrieveModel", {"uuid": UUID})["modelUrl"] is None
    service.sim.set_fault("retrieveModel", "unknown_code")
    assert service.call("retrieveModel", {"uuid": UUID})["codeStatus"] == 7
    service.sim.set_fault("queryPointsInfo", "unknown_code", code="0")
    assert service.call("queryPointsInfo")["statusType"] == "0"


@pytest.mark.parametrize("endpoint", ["retrieveModel", "queryJobProgress"])
def test_generation_fails_when_asked_about(service: Caller, endpoint: str) -> None:
    service.sim.configure(job_seconds=1000)
    service.generate(uuids=[UUID])
    service.sim.set_fault(endpoint, "generation_failed")
    service.call(endpoint, {"uuid": UUID})
    assert service.call("retrieveModel", {"uuid": UUID})["codeStatus"] == -3
    assert service.call("queryJobProgress", {"uuid": UUID})["progress"] != "100%"


def test_generation_fails_at_its_end(service: Caller) -> None:
    service.sim.configure(job_seconds=1000)
    service.sim.set_fault("generateModelWithText", "generation_failed")
    service.generate(uuids=[UUID])
    assert service.call("retrieveModel", {"uuid": UUID})["codeStatus"] == 1
    service.sim.finish_jobs()
    assert service.call("retrieveModel", {"uuid": UUID})["codeStatus"] == -3


def test_matting_that_never_ends(service: Caller) -> None:
    service.sim.set_fault("mattingImage", "matting_failed")
    request_id = service.mat()["requestId"]
    service.sim.finish_jobs()
    assert service.call("getMattedResult", {"requestId": request_id})["fileKeys"] is None


def test_progress_faults(service: Caller) -> None:
    service.sim.configure(job_seconds=1000)
    service.generate(uuids=[UUID])
    shown = []
    for fault, more in (
        ("progress_stall", {"value": 41}),
        ("progress_garbage", {}),
        ("progress_garbage", {"value": ""}),
    ):
        service.sim.set_fault("queryJobProgress", fault, **more)
        shown.append(service.call("queryJobProgress", {"uuid": UUID})["progress"])
    assert shown == ["41%", "abc%", ""]
    service.sim.finish_jobs()
    service.sim.set_fault("queryJobProgress", "progress_backwards", times=3)
    back = [service.call("queryJobProgress", {"uuid": UUID})["progress"] for _ in range(4)]
    assert back == ["90%", "80%", "70%", "100%"]


def test_expired_url(service: Caller) -> None:
    service.generate(uuids=[UUID])
    service.sim.set_fault("retrieveModel", "expired_url")
    assert requests.get(service.model_url(UUID), timeout=30).status_code == 403
    assert requests.get(service.model_url(UUID), timeout=30).status_code == 200


def test_times_after_and_match(service: Caller) -> None:
    service.sim.set_fault("queryJobProgress", "http_500", times=2, after=1, match=UUID)
    statuses = [
        service.post("queryJobProgress", {"uuid": uuid}).status_code for uuid in (UUID, "x", UUID, "x", UUID, UUID)
    ]
    assert statuses == [200, 200, 500, 200, 500, 200]
    assert service.sim.faults() == []


def test_every_endpoint_until_cleared(service: Caller) -> None:
    url = service.model_url(service.generate()[0])
    service.sim.set_fault("*", "http_503", times=None)
    assert {service.post(name, {}).status_code for name in ("queryPointsInfo", "retrieveModel", "mattingImage")} == {
        503
    }
    assert requests.get(url, timeout=30).status_code == 200
    service.sim.clear_faults()
    assert service.post("queryPointsInfo").status_code == 200


def test_one_fault_after_the_other(service: Caller) -> None:
    service.sim.set_fault("queryPointsInfo", "http_502")
    service.sim.set_fault("*", "http_429")
    assert [service.post("queryPointsInfo").status_code for _ in range(3)] == [502, 429, 200]


@pytest.mark.parametrize(
    "wrong",
    [
        {"endpoint": "retrieveModel", "fault": "http_999"},
        {"endpoint": "retrieve", "fault": "http_500"},
        {"endpoint": "*", "fault": "http_500", "times": 0},
        {"endpoint": "*", "fault": "http_500", "after": -1},
    ],
)
def test_faults_that_do_not_exist(service: Caller, wrong: dict[str, Any]) -> None:
    with pytest.raises(SimulatorError):
        service.sim.set_fault(**wrong)
    assert service.sim.faults() == []


def test_a_client_that_leaves_in_the_middle(service: Caller) -> None:
    host, port = service.sim.api_url.removeprefix("http://").split(":")
    head = f"POST /api/mattingImage HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5000\r\n"
    for more in ("Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n", "\r\n{"):
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall((head + more).encode())
    service.sim.wait_for_request("mattingImage", 2)
    assert service.post("queryPointsInfo").status_code == 200


def test_every_known_fault_can_be_set_and_leaves_the_service_whole(service: Caller) -> None:
    known = service.sim.known_faults()
    for fault in known:
        if fault == "connection_refused":
            continue
        service.sim.set_fault("*", fault, seconds=0.01, delay=0)
        with contextlib.suppress(requests.RequestException):
            service.post("queryPointsInfo", files={"image": ("a.jpg", picture())})
    service.sim.clear_faults()
    assert service.post("queryPointsInfo").status_code == 200
    assert len(service.sim.requests()) == len(known)
