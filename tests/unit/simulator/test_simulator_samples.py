"""The stand-in's answers beside every sample of Neural4D's document: same keys, same types, same constant texts."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.support.simulator_client import Caller, picture

UUIDS = [
    "f47ac10b-58cc-4372-a567-0e02b2c3d479",
    "c9bf9e57-1685-4c89-bafb-ff5af830be8a",
    "e7b8c5b2-fd0d-4d28-bf8a-a6a1b2c1f9c8",
    "a6edc906-2d9b-4cc3-bb7b-5b5a7e5c9f0a",
]
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def shape(value: Any) -> Any:
    """Keys in their order and types, without the values."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return type(value)


def test_text_sample_with_own_uuids(service: Caller) -> None:
    answer = service.call("generateModelWithText", {"prompt": "a cute bird", "uuids": UUIDS, "disablePbr": 1})
    assert answer == {"type": "sys", "message": "Generating", "uuids": UUIDS}


def test_text_body_example(service: Caller) -> None:
    answer = service.call("generateModelWithText", {"prompt": "people", "modelCount": 1, "disablePbr": 1})
    assert [len(answer["uuids"]), answer["type"], answer["message"]] == [1, "sys", "Generating"]
    assert UUID.fullmatch(answer["uuids"][0])


def test_text_makes_four_by_default(service: Caller) -> None:
    uuids = service.call("generateModelWithText", {"prompt": "people"})["uuids"]
    assert len(set(uuids)) == 4


def test_token_without_bearer_as_in_the_text_sample(service: Caller) -> None:
    answer = service.post("generateModelWithText", {"prompt": "x"}, headers={"Authorization": service.sim.token})
    assert answer.status_code == 200


def test_retrieve_sample(service: Caller) -> None:
    sample = {
        "codeStatus": 0,
        "message": "Generate model success",
        "modelUrl": "https://cos.zmkj.com/afsafr24.glb?AWSAccessKeyId=AKIDodI2mK6lXsfasfsfsa",
        "imageUrl": "https://cos.zmkj.com/afsafr24.jpg?AWSAccessKeyId=AKIDodI2mK6lXsfasfsfsa",
        "prompts": "a cute bird",
        "createdAt": "2024-11-07T05:59:40.000Z",
        "sourcePage": "createModel",
    }
    answer = service.call("retrieveModel", {"uuid": service.generate("a cute bird")[0]})
    assert shape(answer) == shape(sample)
    for name in ("codeStatus", "message", "prompts", "sourcePage"):
        assert answer[name] == sample[name]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", answer["createdAt"])
    model, image = urlsplit(answer["modelUrl"]), urlsplit(answer["imageUrl"])
    assert model.path.endswith(".glb")
    assert image.path.endswith(".jpg")
    assert {"AWSAccessKeyId", "Expires", "Signature"} == set(parse_qs(model.query))
    assert model.netloc != urlsplit(service.sim.api_url).netloc


def test_retrieve_while_generating_and_of_nothing(service: Caller) -> None:
    service.sim.configure(job_seconds=1000)
    running = service.call("retrieveModel", {"uuid": service.generate()[0]})
    assert running["codeStatus"] == 1
    assert "modelUrl" not in running
    assert service.call("retrieveModel", {"uuid": UUIDS[0]})["codeStatus"] == -2


def test_matting_samples(service: Caller) -> None:
    answer = service.mat()
    sample = {
        "type": "sys",
        "message": "Matting",
        "queuePosition": None,
        "uploadedImageUrl": "https://cos.zmkj.site/be49bf54-73c0-42d7-a5f4-edb6d47e7d86-Scr",
        "requestId": 219880,
    }
    assert shape(answer) == shape(sample)
    assert {**answer, "uploadedImageUrl": ""} == {**sample, "uploadedImageUrl": "", "requestId": answer["requestId"]}
    matted = service.call("getMattedResult", {"requestId": answer["requestId"]})
    assert shape(matted) == {"message": str, "mattedImageUrls": [str] * 4, "fileKeys": [str] * 4}
    assert matted["message"] == "Image matting completed"
    for url, key in zip(matted["mattedImageUrls"], matted["fileKeys"], strict=True):
        assert urlsplit(url).path == f"/{key}"
        assert key.endswith(".png")


@pytest.mark.parametrize(("setting", "lists"), [("null", [None, None]), ("empty", [[], []]), ("missing", [0, 0])])
def test_matting_is_pending_first(service: Caller, setting: str, lists: list[Any]) -> None:
    service.sim.configure(matting_seconds=1000, matting_pending_as=setting)
    pending = service.call("getMattedResult", {"requestId": service.mat()["requestId"]})
    assert [pending.get("mattedImageUrls", 0), pending.get("fileKeys", 0)] == lists
    service.sim.finish_jobs()
    assert len(service.call("getMattedResult", {"requestId": service.mat()["requestId"] - 1})["fileKeys"]) == 4


def test_image_sample(service: Caller) -> None:
    keys = service.call("getMattedResult", {"requestId": service.mat()["requestId"]})["fileKeys"]
    answer = service.call("generateModelWithImage", {"fileKey": keys[2], "modelCount": 4, "disablePbr": 1})
    assert shape(answer) == {"type": str, "message": str, "uuids": [str] * 4}
    assert [answer["type"], answer["message"]] == ["sys", "Generating"]
    model = service.call("retrieveModel", {"uuid": answer["uuids"][0]})
    assert [model["prompts"], model["sourcePage"]] == ["", "direct3DA11"]


def test_image_uuids_are_the_services_own(service: Caller) -> None:
    keys = service.call("getMattedResult", {"requestId": service.mat()["requestId"]})["fileKeys"]
    answer = service.call("generateModelWithImage", {"fileKey": keys[0], "uuids": UUIDS})
    assert not set(answer["uuids"]) & set(UUIDS)


def test_chibi_sample(service: Caller) -> None:
    answer = service.call(
        "createCuteModelsFromImages",
        files={"images": ("a.png", picture(kind="PNG"))},
        data={"styleType": "Pixel-Style"},
    )
    uuids = answer["results"][0]["uuids"]
    assert answer == {
        "success": True,
        "totalFiles": 1,
        "successCount": 1,
        "failureCount": 0,
        "results": [
            {
                "uuids": uuids,
                "success": True,
                "message": "Task created and model generation started, please retrieve model after a moment",
            }
        ],
        "failures": [],
        "message": "Processed 1 files: 1 succeeded, 0 failed",
    }
    assert len(uuids) == 1
    assert service.call("retrieveModel", {"uuid": uuids[0]})["codeStatus"] == 0


def test_conversion_of_an_unknown_model(service: Caller) -> None:
    uuid = "0efc2b3-57e1-4813-90c6-419de96e785e"
    answer = service.call("convertToFormat", {"uuid": uuid, "modelType": "fbx", "modelSize": 2})
    message = f"Model not found for this UUID ({uuid}). Please check if the UUID is correct."
    assert answer == {"statusType": -1, "message": message}


def test_portrait_samples(service: Caller) -> None:
    files = {"image": ("a.jpg", picture(), "image/jpeg")}
    service.sim.configure(human=True)
    assert service.call("checkHumanImage", files=files) == {"statusCode": 0, "result": True, "message": "success"}
    service.sim.set_fault("checkHumanImage", "human_rate_limit")
    assert service.call("checkHumanImage", files=files) == {
        "statusCode": -1,
        "result": False,
        "message": "Rate limit reached for image style detection, returning false",
    }


@pytest.mark.parametrize(("colour", "found"), [("#e0a98a", True), ("#3050c0", False)])
def test_portrait_by_skin_colour(service: Caller, colour: str, found: bool) -> None:
    answer = service.call("checkHumanImage", files={"image": ("a.jpg", picture(colour=colour))})
    assert [answer["statusCode"], answer["result"]] == [0, found]


def test_balance_sample(service: Caller) -> None:
    service.sim.configure(balance=54335)
    assert service.call("queryPointsInfo") == {
        "statusType": 0,
        "data": {
            "total_points": 54335,
            "monthly_bonus_points": 0,
            "permanent_points": 54335,
            "year_points": 0,
            "expiration_day": None,
        },
        "message": "Get the points info successfully",
    }


def test_progress_sample(service: Caller) -> None:
    done = {"statusType": 0, "message": "Get job progress successfully", "progress": "100%"}
    assert service.call("queryJobProgress", {"uuid": service.generate()[0]}) == done
    service.sim.configure(job_seconds=1000)
    running = service.call("queryJobProgress", {"uuid": service.generate()[0]})
    assert {**running, "progress": ""} == {**done, "progress": ""}
    assert re.fullmatch(r"\d\d?%", running["progress"])
    assert service.call("queryJobProgress", {"uuid": UUIDS[1]})["statusType"] == -1


def test_variants_may_finish_one_after_the_other(service: Caller) -> None:
    service.sim.configure(job_seconds=0, variant_spread=1000)
    codes = [service.call("retrieveModel", {"uuid": uuid})["codeStatus"] for uuid in service.generate(count=3)]
    assert codes == [0, 1, 1]


def test_same_answer_to_curl_as_in_the_document(service: Caller, tmp_path: Path) -> None:
    """The samples' odd headers ('multipart/form-data;', a trailing semicolon, quoted values) are understood."""
    curl = shutil.which("curl")
    if curl is None:
        # Not on every machine; requests sends the same header here, only without curl's own quoting.
        headers = {**service.headers, "content-type": "application/json;charset=utf-8;"}
        assert requests.post(
            service.url("generateModelWithText"), data='{"prompt": "x"}', headers=headers, timeout=30
        ).ok
        return
    image = tmp_path / "image.jpg"
    image.write_bytes(picture())
    token = f"Authorization: Bearer {service.sim.token}"
    for arguments in (
        [
            service.url("mattingImage"),
            "--header",
            "content-type: multipart/form-data;",
            "--form",
            f'image=@"{image}";type=image/jpeg',
        ],
        [
            service.url("createCuteModelsFromImages"),
            "--header",
            "Content-Type: multipart/form-data",
            "--form",
            f'images=@"{image}"',
            "--form",
            'styleType="Pixel-Style"',
        ],
        [
            service.url("generateModelWithText"),
            "--header",
            "content-type: application/json;charset=utf-8;",
            "--data",
            '{"prompt": "x"}',
        ],
        ["--request", "POST", service.url("queryPointsInfo")],
    ):
        command = [curl, "--silent", "--fail", "--noproxy", "*", "--location", *arguments, "--header", token]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        assert '"message"' in done.stdout
