"""Requests that the document rules out are refused, and cost nothing."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.support.simulator_client import Caller, picture

UUID = "f47ac10b-58cc-4372-a567-0e02b2c3d479"
ENDPOINTS = (
    "generateModelWithText",
    "retrieveModel",
    "mattingImage",
    "getMattedResult",
    "generateModelWithImage",
    "createCuteModelsFromImages",
    "convertToFormat",
    "checkHumanImage",
    "queryPointsInfo",
    "queryJobProgress",
)


def refused(service: Caller, answer: requests.Response, status: int = 400) -> None:
    assert answer.status_code == status, answer.text
    assert answer.json()["message"]
    assert service.sim.ledger() == []


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic eDp5"}])
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_bad_token(service: Caller, endpoint: str, headers: dict[str, str]) -> None:
    answer = service.post(endpoint, {"prompt": "x", "uuid": UUID}, headers=headers)
    if endpoint == "retrieveModel":
        assert answer.status_code == 200
        assert answer.json()["codeStatus"] == -1
    else:
        refused(service, answer, 401)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_wrong_method(service: Caller, endpoint: str, method: str) -> None:
    answer = requests.request(method, service.url(endpoint), headers=service.headers, timeout=30)
    refused(service, answer, 405)
    assert answer.headers["Allow"] == "POST"


@pytest.mark.parametrize("path", ["/", "/api", "/api/", "/api/generatemodelwithtext", "/generateModelWithText"])
def test_unknown_path(service: Caller, path: str) -> None:
    refused(service, requests.post(service.sim.api_url + path, headers=service.headers, timeout=30), 404)


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"prompt": 7},
        {"prompt": None},
        {"prompt": "  "},
        {"prompt": "x", "modelCount": 0},
        {"prompt": "x", "modelCount": 5},
        {"prompt": "x", "modelCount": "2"},
        {"prompt": "x", "modelCount": 1.0},
        {"prompt": "x", "modelCount": True},
        {"prompt": "x", "modelCount": None},
        {"prompt": "x", "disablePbr": 2},
        {"prompt": "x", "disablePbr": False},
        {"prompt": "x", "disablePbr": "1"},
        {"prompt": "x", "uuids": UUID},
        {"prompt": "x", "uuids": [UUID]},  # Four models, one uuid.
        {"prompt": "x", "uuids": [UUID, UUID], "modelCount": 2},
        {"prompt": "x", "uuids": ["my-own"], "modelCount": 1},
        {"prompt": "x", "uuids": [7], "modelCount": 1},
    ],
)
def test_text(service: Caller, body: Any) -> None:
    refused(service, service.post("generateModelWithText", body))


def test_text_that_is_not_json(service: Caller) -> None:
    headers = {**service.headers, "Content-Type": "application/json"}
    refused(service, service.post("generateModelWithText", data=b'{"prompt": "x",}', headers=headers))
    refused(service, service.post("generateModelWithText", data=b'\xff"', headers=headers))
    headers["Content-Type"] = "text/plain"
    refused(service, service.post("generateModelWithText", data=b'{"prompt": "x"}', headers=headers))


@pytest.mark.parametrize("body", [{}, {"uuid": 7}, {"uuid": ""}])
def test_retrieve(service: Caller, body: Any) -> None:
    refused(service, service.post("retrieveModel", body))


@pytest.mark.parametrize("body", [{}, {"uuid": 7}, []])
def test_progress_says_invalid_in_its_own_code(service: Caller, body: Any) -> None:
    assert service.call("queryJobProgress", body)["statusType"] == -2


@pytest.mark.parametrize(
    ("image", "allowed"),
    [
        (picture((256, 256)), True),
        (picture((255, 256)), False),
        (picture((256, 255)), False),
        (picture((6048, 256)), True),
        (picture((6049, 256)), False),
        (picture((256, 8064)), True),
        (picture((256, 8065)), False),
        (picture(kind="PNG"), True),
        (picture(kind="WEBP"), True),
        (picture(kind="GIF"), False),
        (picture(kind="BMP"), False),
        (picture()[:2000], False),
        (b"not an image", False),
        (b"", False),
        (picture() + b"\0" * 9_900_000, True),
        (picture() + b"\0" * 10_000_000, False),
    ],
)
def test_matting_limits(service: Caller, image: bytes, allowed: bool) -> None:
    # The name says PNG whatever it is: the content decides.
    answer = service.post("mattingImage", files={"image": ("a.png", image, "image/png")})
    if allowed:
        assert answer.status_code == 200, answer.text
    else:
        refused(service, answer)


def test_matting_wants_one_file_in_a_form(service: Caller) -> None:
    refused(service, service.post("mattingImage", {"image": "x"}))
    refused(service, service.post("mattingImage", files={"picture": ("a.jpg", picture())}))
    refused(service, service.post("mattingImage", files={"image": (None, "text")}))
    refused(
        service, service.post("mattingImage", files=[("image", ("a.jpg", picture())), ("image", ("b.jpg", picture()))])
    )
    headers = {**service.headers, "Content-Type": "multipart/form-data"}
    refused(service, service.post("mattingImage", data=b"no boundary", headers=headers))


@pytest.mark.parametrize(
    ("body", "status"), [({}, 400), ({"requestId": "219880"}, 400), ({"requestId": 1.5}, 400), ({"requestId": 1}, 404)]
)
def test_matted_result(service: Caller, body: Any, status: int) -> None:
    refused(service, service.post("getMattedResult", body), status)


def test_image_wants_a_finished_cut_out(service: Caller) -> None:
    for body in ({}, {"fileKey": 7}, {"fileKey": "unknown.png"}):
        refused(service, service.post("generateModelWithImage", body))
    done = service.mat()["requestId"]
    key = service.call("getMattedResult", {"requestId": done})["fileKeys"][0]
    for more in ({"modelCount": 9}, {"disablePbr": "0"}):
        refused(service, service.post("generateModelWithImage", {"fileKey": key, **more}))


def test_chibi_tag_and_formats(service: Caller) -> None:
    endpoint, good = "createCuteModelsFromImages", {"images": ("a.jpg", picture())}
    refused(service, service.post(endpoint, files=good))
    refused(service, service.post(endpoint, files={"other": ("a.jpg", picture())}, data={"styleType": "Pixel-Style"}))
    unknown = service.call(endpoint, files=good, data={"styleType": "Clay"})
    assert [unknown["success"], unknown["failureCount"], unknown["results"]] == [False, 1, []]
    webp = {"images": ("a.webp", picture(kind="WEBP"))}
    assert service.call(endpoint, files=webp, data={"styleType": "Pixel-Style"})["successCount"] == 0
    assert service.sim.ledger() == []
    service.sim.configure(style_types=["Clay"])
    assert service.call(endpoint, files=good, data={"styleType": "Clay"})["success"] is True


def test_chibi_of_several_images(service: Caller) -> None:
    files = [("images", ("a.jpg", picture())), ("images", ("b.gif", picture(kind="GIF")))]
    answer = service.call("createCuteModelsFromImages", files=files, data={"styleType": "Pixel-Style"})
    assert [answer["totalFiles"], answer["successCount"], answer["failureCount"]] == [2, 1, 1]
    assert answer["message"] == "Processed 2 files: 1 succeeded, 1 failed"
    assert answer["failures"][0]["file"] == "b.gif"
    assert service.sim.spent == 30


def test_portrait_formats(service: Caller) -> None:
    for image in (picture(kind="WEBP"), b"not an image"):
        answer = service.call("checkHumanImage", files={"image": ("a.jpg", image)})
        assert [answer["statusCode"], answer["result"]] == [-1, False]
    assert service.call("checkHumanImage", {})["statusCode"] == -1


@pytest.mark.parametrize(
    "more",
    [
        {"modelType": "gltf"},
        {"modelType": "FBX"},
        {"modelType": 7},
        {"modelSize": 1},
        {"modelSize": 0},
        {"modelSize": -5},
        {"modelSize": "120"},
        {"modelSize": 120.5},
        {"modelSize": True},
        {"modelSize": None},
    ],
)
def test_conversion(service: Caller, more: dict[str, Any]) -> None:
    uuid = service.generate()[0]
    answer = service.call("convertToFormat", {"uuid": uuid, **more})
    assert answer["statusType"] == -1
    assert [row["operation"] for row in service.sim.ledger()] == ["text"]


def test_conversion_of_an_unfinished_model(service: Caller) -> None:
    service.sim.configure(job_seconds=1000)
    assert service.call("convertToFormat", {"uuid": service.generate()[0]})["statusType"] == -1
    assert service.sim.spent == 60
