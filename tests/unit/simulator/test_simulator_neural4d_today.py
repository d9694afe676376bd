"""Today's Neural4D of the stand-in: models of a prompt and of an image, their prices, ids and refusals."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from scripts import schemas
from tests.support.simulator_client import Caller, picture

UUIDS = ["f47ac10b-58cc-4372-a567-0e02b2c3d479", "c9bf9e57-1685-4c89-bafb-ff5af830be8a"]
TEXT, IMAGE, CHIBI = "generateModelWithText", "generateModelWithImage", "createCuteModelsFromImages"


@pytest.fixture
def today(service: Caller) -> Caller:
    service.sim.configure(generations={"neural4d": "today"}, picture_seconds=0)
    return service


def told(service: Caller, endpoint: str, answer: requests.Response) -> Any:
    """What an answer says, once it has been held against the schemas."""
    is_json = answer.headers["Content-Type"].startswith("application/json")
    body = answer.json() if is_json else answer.text
    assert schemas.check_answer("neural4d", "today", endpoint, answer.status_code, body) == []
    return body


def ask(service: Caller, endpoint: str, body: Any = None, status: int = 200, **options: Any) -> Any:
    answer = service.post(endpoint, body, **options)
    assert answer.status_code == status, answer.text
    return told(service, endpoint, answer)


def of_image(service: Caller, data: bytes | None = None, name: str = "a.png", status: int = 200, **form: str) -> Any:
    kind = "image/webp" if name.endswith("webp") else "image/png"
    files = {"image": (name, data if data is not None else picture(kind="PNG"), kind)}
    return ask(service, IMAGE, status=status, files=files, data=form)


def head(service: Caller, uuid: str) -> Any:
    """The JSON of a model's GLB file."""
    data = requests.get(service.model_url(uuid), timeout=60).content
    return json.loads(data[20 : 20 + int.from_bytes(data[12:16], "little")])


def faces(service: Caller, uuid: str) -> int:
    header = head(service, uuid)
    return sum(
        header["accessors"][part["indices"]]["count"] // 3 for mesh in header["meshes"] for part in mesh["primitives"]
    )


def test_a_prompt(today: Caller) -> None:
    answer = ask(today, TEXT, {"prompt": "a cute bird", "modelCount": 2})
    assert {**answer, "uuids": len(set(answer["uuids"]))} == {
        "type": "sys",
        "message": "Generating",
        "uuids": 2,
        "uploadedImageUrl": None,
        "generationConfig": {"faceNum": {"default": 1000000, "min": 500000, "max": 1000000, "value": 1000000}},
        "pointsDeducted": 60,
    }
    done = ask(today, "retrieveModel", {"uuid": answer["uuids"][0]})
    assert [done["codeStatus"], done["prompts"]] == [0, "a cute bird"]
    assert faces(today, answer["uuids"][0]) < 100_000, "a default model stays small here"
    assert [(row["operation"], row["points"]) for row in today.sim.ledger()] == [("text", 60)]


def test_four_models_where_nobody_says(today: Caller) -> None:
    assert ask(today, TEXT, {"prompt": "x"})["pointsDeducted"] == 120


@pytest.mark.parametrize(("quality", "default"), [("standard", 500_000), ("high", 10**6), ("extra_high", 10**6)])
def test_faces_by_quality(today: Caller, quality: str, default: int) -> None:
    config = ask(today, TEXT, {"prompt": "x", "mesh_quality": quality})["generationConfig"]["faceNum"]
    assert [config["default"], config["value"]] == [default, default]
    below = ask(today, TEXT, {"prompt": "x", "mesh_quality": quality, "faceNum": config["min"] - 1}, 400)
    message = f"faceNum must be an integer between {config['min']} and {config['max']} (inclusive)"
    error = {"type": "field", "value": config["min"] - 1, "msg": message, "path": "faceNum", "location": "body"}
    assert below == {"errors": [error]}


def test_a_small_number_of_faces_that_was_asked_for(today: Caller) -> None:
    body = {"prompt": "a cute bird", "modelCount": 1, "mesh_quality": "standard", "faceNum": 100_000}
    assert 90_000 <= faces(today, ask(today, TEXT, body)["uuids"][0]) <= 100_000
    today.sim.configure(triangles=200)
    assert faces(today, ask(today, TEXT, body)["uuids"][0]) <= 2000


def test_only_the_mesh(today: Caller) -> None:
    uuid = ask(today, TEXT, {"prompt": "a cute bird", "modelCount": 1, "onlyGenerateMesh": True})["uuids"][0]
    assert "images" not in head(today, uuid)
    uuid = of_image(today, modelCount="1", onlyGenerateMesh="true")["uuids"][0]
    assert {job["uuid"]: job["textured"] for job in today.sim.jobs()}[uuid] is False


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"prompt": ""}, "prompt"),
        ({"prompt": 7}, "prompt"),
        ({"modelCount": 5}, "modelCount"),
        ({"modelCount": "1"}, "modelCount"),
        ({"modelCount": True}, "modelCount"),
        ({"disablePbr": 2}, "disablePbr"),
        ({"onlyGenerateMesh": 1}, "onlyGenerateMesh"),
        ({"mesh_quality": "low"}, "mesh_quality"),
        ({"faceNum": 100_000}, "faceNum"),
    ],
)
def test_a_wrong_field_is_named_with_its_value(today: Caller, wrong: dict[str, Any], path: str) -> None:
    (error,) = ask(today, TEXT, {"prompt": "x", **wrong}, 400)["errors"]
    assert [error["path"], error["value"], error["location"]] == [path, wrong[path], "body"]
    assert today.sim.spent == 0


def test_everything_wrong_is_told_at_once(today: Caller) -> None:
    errors = ask(today, TEXT, {"modelCount": 0, "faceNum": 1}, 400)["errors"]
    assert [error["path"] for error in errors] == ["prompt", "modelCount", "faceNum"]
    assert "value" not in errors[0]
    form = ask(today, TEXT, status=400, files={"prompt": (None, "a form where JSON is asked for")})["errors"]
    assert [error["path"] for error in form] == ["prompt"]
    assert ask(today, TEXT, status=400, data="{", headers=today.headers | {"Content-Type": "application/json"})


def test_an_image(today: Caller) -> None:
    answer = of_image(today, modelCount="2", mesh_quality="standard", faceNum="200000", enableImageEnhancement="false")
    assert [len(answer["uuids"]), answer["pointsDeducted"]] == [2, 60]
    assert answer["generationConfig"]["faceNum"]["value"] == 200_000
    assert requests.get(answer["uploadedImageUrl"], timeout=30).content == picture(kind="PNG")
    assert requests.get(today.model_url(answer["uuids"][0]), timeout=30).content[:4] == b"glTF"
    assert of_image(today, picture(kind="WEBP"), "a.webp", modelCount="1")["message"] == "Generating"
    assert [(row["operation"], row["points"]) for row in today.sim.ledger()] == [("image", 60), ("image", 30)]


def test_an_image_in_json_is_none(today: Caller) -> None:
    missing = {"type": "field", "msg": "Image file is required", "path": "image", "location": "body"}
    assert ask(today, IMAGE, {"fileKey": "x.png", "modelCount": 1}, 400) == {"errors": [missing]}
    assert ask(today, IMAGE, status=400, files={"other": ("a.png", picture())})["errors"][0]["path"] == "other"


def test_files_that_are_no_images(today: Caller) -> None:
    assert of_image(today, b"not an image", status=400)["errors"][0]["path"] == "image"
    text = {"image": ("a.txt", picture(), "text/plain")}
    assert ask(today, IMAGE, status=400, files=text)["errors"][0]["msg"] == "Only image files are allowed"
    large = picture() + bytes(50_000_000)
    assert of_image(today, large, status=400)["errors"][0]["msg"] == "The image must not exceed 50 MB"
    assert of_image(today, status=400, onlyGenerateMesh="True")["errors"][0]["value"] == "True"


def test_chibi(today: Caller) -> None:
    files = [("images", (f"{name}.png", picture(kind="PNG"), "image/png")) for name in "ab"]
    answer = ask(today, CHIBI, files=files, data={"styleType": "Pixel-Style"})
    assert [answer["successCount"], len(answer["results"])] == [2, 2]
    assert [(row["operation"], row["points"]) for row in today.sim.ledger()] == [("chibi", 60)]
    assert ask(today, CHIBI, files=files, data={"styleType": "?"})["failureCount"] == 2
    assert ask(today, CHIBI, status=400, data={"styleType": "?"}, files={"x": ""})["errors"]
    assert today.sim.spent == 60


def test_the_states_of_a_model(today: Caller) -> None:
    today.sim.configure(job_seconds=1000)
    uuid = today.generate()[0]
    assert ask(today, "retrieveModel", {"uuid": uuid}) == {
        "codeStatus": 1,
        "message": "The generation is in progress.",
    }
    assert ask(today, "queryJobProgress", {"uuid": uuid})["progress"] == "0%"
    unknown = {"codeStatus": -2, "message": "This UUID does not exist."}
    assert ask(today, "retrieveModel", {"uuid": UUIDS[0]}) == unknown
    assert ask(today, "queryJobProgress", {"uuid": UUIDS[0]})["statusType"] == -1
    assert ask(today, "retrieveModel", {}, 400)["errors"][0]["path"] == "uuid"
    today.sim.set_fault("retrieveModel", "generation_failed")
    assert ask(today, "retrieveModel", {"uuid": uuid})["codeStatus"] == -3


def test_the_rest_of_the_queries(today: Caller) -> None:
    uuid = today.generate()[0]
    assert ask(today, "convertToFormat", {"uuid": UUIDS[0]})["statusType"] == -1
    assert ask(today, "convertToFormat", {"uuid": uuid, "modelSize": 1})["statusType"] == -1
    assert ask(today, "checkHumanImage", files={"image": ("a.png", picture(kind="PNG"))})["statusCode"] == 0
    assert ask(today, "checkHumanImage", {})["statusCode"] == -1
    assert ask(today, "queryPointsInfo")["data"]["total_points"] == 970


def test_a_bad_token(today: Caller) -> None:
    for endpoint in (TEXT, IMAGE, "queryPointsInfo"):
        answer = today.post(endpoint, {"prompt": "x"}, headers={"Authorization": "Bearer wrong"})
        assert [answer.status_code, answer.text] == [401, "Unauthorized"]
        assert answer.headers["Content-Type"].startswith("text/plain")
    assert today.post("retrieveModel", {"uuid": "x"}, headers={}).json()["codeStatus"] == -1


@pytest.mark.parametrize(
    ("mode", "ours_told", "ours_known"),
    [("ignored", 0, 0), ("honoured", 2, 2), ("mixed", 1, 1), ("echoed", 2, 0)],
)
def test_ids_of_the_client(today: Caller, mode: str, ours_told: int, ours_known: int) -> None:
    today.sim.configure(ids=mode)
    answer = ask(today, TEXT, {"prompt": "x", "modelCount": 2, "uuids": UUIDS})
    assert sum(uuid in answer["uuids"] for uuid in UUIDS) == ours_told
    known = [ask(today, "retrieveModel", {"uuid": uuid})["codeStatus"] for uuid in UUIDS]
    assert sum(code == 0 for code in known) == ours_known
    assert [len(today.sim.ledger()), today.sim.spent, len(today.sim.jobs())] == [1, 60, 2]
    assert ask(today, TEXT, {"prompt": "x", "modelCount": 1, "uuids": "no list"})["message"] == "Generating"


@pytest.mark.parametrize(("way", "shown"), [("null", None), ("absent", "not there")])
def test_points_that_are_not_told(today: Caller, way: str, shown: Any) -> None:
    today.sim.configure(points_told=way)
    assert ask(today, TEXT, {"prompt": "x"}).get("pointsDeducted", "not there") == shown
    assert of_image(today).get("pointsDeducted", "not there") == shown


def test_other_prices_are_by_model(today: Caller) -> None:
    today.sim.configure(prices={"text": 7})
    assert ask(today, TEXT, {"prompt": "x", "modelCount": 3})["pointsDeducted"] == 21
    assert [today.sim.settings()["prices"][name] for name in ("text", "image", "picture")] == [7, 30, 13]


def test_too_few_points(today: Caller) -> None:
    today.sim.configure(balance=119)
    message = {"message": "Insufficient points or account restricted"}
    assert [ask(today, TEXT, {"prompt": "x"}, 402), of_image(today, status=402)] == [message, message]
    today.sim.configure(no_points_status=403)
    assert ask(today, TEXT, {"prompt": "x"}, 403) == message
    assert today.sim.spent == 0


def test_words_that_are_not_let_in(today: Caller) -> None:
    refused = {"limitType": 3, "message": "Please check the prompt."}
    assert ask(today, TEXT, {"prompt": "A Forbidden thing"}) == refused
    assert of_image(today, name="forbidden.png") == {"limitType": 3, "message": "Please check the image."}
    today.sim.configure(moderated_words=["bird"])
    assert ask(today, TEXT, {"prompt": "a cute bird"}) == refused
    assert ask(today, TEXT, {"prompt": "forbidden", "modelCount": 1})["message"] == "Generating"
    assert today.sim.spent == 30


@pytest.mark.parametrize(
    ("account", "status", "message"),
    [
        ("restricted", 402, "Insufficient points or account restricted"),
        ("not_allowed", 403, "Generation is not available for the current account"),
    ],
)
def test_accounts_that_may_not(today: Caller, account: str, status: int, message: str) -> None:
    today.sim.configure(account=account)
    assert ask(today, TEXT, {"prompt": "x"}, status) == of_image(today, status=status) == {"message": message}
    assert ask(today, "queryPointsInfo")["statusType"] == 0
    assert today.sim.spent == 0


def test_what_is_not_there_any_more(today: Caller) -> None:
    for endpoint in ("mattingImage", "getMattedResult", "createNormalVideo"):
        answer = today.post(endpoint, {"requestId": 1})
        assert [answer.status_code, answer.headers["Content-Type"]] == [404, "text/html; charset=utf-8"]
        assert f"Cannot POST /api/{endpoint}" in answer.text


def test_a_server_that_still_has_matting(today: Caller) -> None:
    today.sim.configure(matting=True)
    matted = today.call("getMattedResult", {"requestId": today.mat()["requestId"]})
    answer = ask(today, IMAGE, {"fileKey": matted["fileKeys"][1], "modelCount": 1})
    assert [answer["uploadedImageUrl"], answer["pointsDeducted"]] == [None, 30]
    assert ask(today, IMAGE, {"fileKey": "x"}, 400)["errors"]
    assert ask(today, IMAGE, {"fileKey": ["x"]}, 400)["errors"]


@pytest.mark.parametrize(("acted", "spent"), [(False, 0), (True, 30)])
def test_an_answer_without_ids(today: Caller, acted: bool, spent: int) -> None:
    today.sim.set_fault(TEXT, "no_ids", acted=acted, message="Busy")
    assert today.call(TEXT, {"prompt": "x", "modelCount": 1}) == {"type": "sys", "message": "Busy"}
    assert today.sim.spent == spent


def test_a_model_outlives_its_generation(today: Caller) -> None:
    uuid = today.generate()[0]
    today.sim.configure(generations={"neural4d": "2024"})
    assert today.call("retrieveModel", {"uuid": uuid})["codeStatus"] == 0
    assert head(today, uuid)["meshes"]
