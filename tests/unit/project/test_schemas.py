"""The schemas of requests and answers: sound themselves, and what they find fault with."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from scripts import schemas
from tests.support.simulator_client import Caller, picture

FILE = {"file": True}
UUID = "f47ac10b-58cc-4372-a567-0e02b2c3d479"
RIGHT: list[tuple[str, str, Any]] = [
    ("today", "generateModelWithText", {"prompt": "x", "mesh_quality": "standard", "faceNum": 100_000}),
    ("today", "generateModelWithText", {"prompt": "x", "uuids": [UUID], "onlyGenerateMesh": True}),
    ("today", "generateModelWithImage", {"image": FILE, "faceNum": "500000", "onlyGenerateMesh": "true"}),
    ("today", "createNormalPicture", {"prompt": "x", "images": [FILE, FILE], "jobNum": "4"}),
    ("today", "createCuteModelsFromImages", {"images": FILE, "styleType": "Pixel-Style"}),
    ("2024", "generateModelWithImage", {"fileKey": "x.png", "modelCount": 4, "disablePbr": 1}),
    ("2024", "convertToFormat", {"uuid": UUID, "modelType": "fbx", "modelSize": 2}),
    ("2024", "queryPointsInfo", None),
]
WRONG: list[tuple[str, str, Any, str]] = [
    ("today", "generateModelWithText", {}, "prompt"),
    ("today", "generateModelWithText", {"prompt": "x", "faceNum": 100_000}, "faceNum"),
    ("today", "generateModelWithText", {"prompt": "x", "mesh_quality": "standard", "faceNum": 600_000}, "faceNum"),
    ("today", "generateModelWithText", {"prompt": "x", "modelCount": "1"}, "modelCount"),
    ("today", "generateModelWithText", {"prompt": "x", "seed": 1}, "seed"),
    ("today", "generateModelWithImage", {"modelCount": "1"}, "image"),
    ("today", "generateModelWithImage", {"image": FILE, "fileKey": "x.png"}, "fileKey"),
    ("today", "generateModelWithImage", {"image": FILE, "onlyGenerateMesh": "True"}, "onlyGenerateMesh"),
    ("today", "createNormalPicture", {"prompt": "x", "images": [FILE] * 7}, "images"),
    ("today", "mattingImage", {"image": FILE}, "no request"),
    ("2024", "generateModelWithImage", {"fileKey": "x.png", "mesh_quality": "high"}, "mesh_quality"),
    ("2024", "convertToFormat", {"uuid": UUID, "modelSize": 1}, "modelSize"),
]


@pytest.mark.parametrize("service", schemas.services())
def test_every_schema_is_one(service: str) -> None:
    document = schemas.load(service)
    parts = list(document.get("$defs", {}).values())
    for generation in ("today", "2024"):
        assert document[generation]
        for endpoint, entry in document[generation].items():
            assert entry["answers"], endpoint
            parts += [entry.get("request", {}), *entry["answers"].values()]
            for status in entry["answers"]:
                # An unknown reference shows only when it is followed.
                schemas.check_answer(service, generation, endpoint, 599 if status == "default" else int(status), {})
    for part in parts:
        Draft202012Validator.check_schema(part)


@pytest.mark.parametrize(("generation", "endpoint", "fields"), RIGHT)
def test_right_requests(generation: str, endpoint: str, fields: Any) -> None:
    assert schemas.check_request("neural4d", generation, endpoint, fields) == []


@pytest.mark.parametrize(("generation", "endpoint", "fields", "named"), WRONG)
def test_wrong_requests(generation: str, endpoint: str, fields: Any, named: str) -> None:
    problems = schemas.check_request("neural4d", generation, endpoint, fields)
    assert len(problems) == 1
    assert named in problems[0]


def test_wrong_answers() -> None:
    def check(status: int, body: Any) -> list[str]:
        return schemas.check_answer("neural4d", "today", "generateModelWithText", status, body)

    good = {"type": "sys", "message": "Generating", "uuids": [UUID], "uploadedImageUrl": None}
    assert check(200, good) == []
    (problem,) = check(200, {**good, "uuids": ["x"]})
    assert "uuids.0" in problem
    assert check(418, {}) == ["neural4d (today) generateModelWithText: no answer with HTTP 418 is known."]
    assert check(401, {"message": "Unauthorized"}) != []
    secret = "something that somebody typed " * 20
    (problem,) = check(400, {"errors": [{"msg": ["x", secret], "path": "prompt", "location": "body"}]})
    assert "errors.0.msg" in problem
    assert secret not in problem


def test_the_answers_of_2024(service: Caller) -> None:
    uuid = service.generate()[0]
    request_id = service.mat()["requestId"]
    key = service.call("getMattedResult", {"requestId": request_id})["fileKeys"][0]
    image = {"image": ("a.jpg", picture())}
    asked: list[tuple[str, Any, dict[str, Any]]] = [
        ("generateModelWithText", {"prompt": "x"}, {}),
        ("mattingImage", None, {"files": image}),
        ("getMattedResult", {"requestId": request_id}, {}),
        ("generateModelWithImage", {"fileKey": key}, {}),
        (
            "createCuteModelsFromImages",
            None,
            {"files": {"images": ("a.jpg", picture())}, "data": {"styleType": "Pixel-Style"}},
        ),
        ("retrieveModel", {"uuid": uuid}, {}),
        ("retrieveModel", {"uuid": UUID}, {}),
        ("convertToFormat", {"uuid": UUID}, {}),
        ("checkHumanImage", None, {"files": image}),
        ("queryPointsInfo", None, {}),
        ("queryJobProgress", {"uuid": uuid}, {}),
    ]
    for endpoint, body, options in asked:
        answer = service.call(endpoint, body, **options)
        assert schemas.check_answer("neural4d", "2024", endpoint, 200, answer) == []
        if not options:
            assert schemas.check_request("neural4d", "2024", endpoint, body) == []
    assert {endpoint for endpoint, _, _ in asked} == set(schemas.load("neural4d")["2024"])
