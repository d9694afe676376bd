"""Pictures by today's Neural4D of the stand-in: asked for, waited for, fetched, and made into a model."""

from __future__ import annotations

import io
from typing import Any

import pytest
import requests
from PIL import Image

from scripts import schemas
from tests.support.simulator_client import Caller, picture

CREATE, RESULT = "createNormalPicture", "queryGenerationResult"


@pytest.fixture
def today(service: Caller) -> Caller:
    service.sim.configure(generations={"neural4d": "today"}, picture_seconds=0)
    return service


def ask(service: Caller, endpoint: str, body: Any = None, status: int = 200, **options: Any) -> Any:
    answer = service.post(endpoint, body, **options)
    assert answer.status_code == status, answer.text
    assert schemas.check_answer("neural4d", "today", endpoint, status, answer.json()) == []
    return answer.json()


def create(service: Caller, status: int = 200, references: int = 0, **form: str) -> Any:
    images = [("images", (f"{number}.png", picture(kind="PNG"), "image/png")) for number in range(references)]
    # Without a file a form is a form all the same: requests needs a part with no file name for that.
    parts: list[Any] = [(name, (None, value)) for name, value in form.items()]
    return ask(service, CREATE, status=status, files=parts + images)


@pytest.mark.parametrize(("ratio", "share"), [("1:1", 1), ("16:9", 16 / 9), ("9:16", 9 / 16), ("4:3", 4 / 3)])
def test_a_picture_has_its_ratio(today: Caller, ratio: str, share: float) -> None:
    (uuid,) = create(today, prompt="a cute bird", aspectRatio=ratio)["data"]["uuids"]
    data = ask(today, RESULT, {"uuid": uuid})["data"]
    assert [data["uuid"], data["status"], data["resultType"]] == [uuid, "completed", "image"]
    with Image.open(io.BytesIO(requests.get(data["resultUrl"], timeout=60).content)) as image:
        assert image.format == "PNG"
        assert image.width / image.height == pytest.approx(share, rel=0.01)


def test_several_pictures_are_one_purchase(today: Caller) -> None:
    data = create(today, prompt="a cute bird", jobNum="2", modelKey="nano_banana_pro", references=6)["data"]
    assert {**data, "uuids": len(data["uuids"])} == {
        "pointsDeducted": 26,
        "queueStatus": "queued",
        "jobNum": 2,
        "uuids": 2,
    }
    assert [(row["operation"], row["points"]) for row in today.sim.ledger()] == [("picture", 26)]
    urls = [ask(today, RESULT, {"uuid": uuid})["data"]["resultUrl"] for uuid in data["uuids"]]
    assert len({requests.get(url, timeout=60).content for url in urls}) == 2


def test_a_model_of_a_picture(today: Caller) -> None:
    (uuid,) = create(today, prompt="a cute bird")["data"]["uuids"]
    made = requests.get(ask(today, RESULT, {"uuid": uuid})["data"]["resultUrl"], timeout=60).content
    model = ask(
        today, "generateModelWithImage", files={"image": ("a.png", made, "image/png")}, data={"modelCount": "1"}
    )
    assert requests.get(today.model_url(model["uuids"][0]), timeout=60).content[:4] == b"glTF"


def test_the_states_of_a_picture(today: Caller) -> None:
    today.sim.configure(picture_seconds=1000)
    (uuid,) = create(today, prompt="x")["data"]["uuids"]
    waiting = {"uuid": uuid, "status": "queued", "resultType": None, "resultUrl": None}
    assert ask(today, RESULT, {"uuid": uuid}) == {"success": True, "data": waiting}
    assert [job["state"] for job in today.sim.jobs()] == ["generating"]
    today.sim.finish_jobs()
    assert ask(today, RESULT, {"uuid": uuid})["data"]["status"] == "completed"
    assert ask(today, RESULT, {"uuid": "x"}, 404) == {"success": False, "message": "This UUID does not exist."}
    assert ask(today, "retrieveModel", {"uuid": uuid})["codeStatus"] == -2
    assert ask(today, RESULT, {}, 400)["errors"][0]["path"] == "uuid"


@pytest.mark.parametrize(("refund", "spent"), [(False, 13), (True, 0)])
def test_a_failed_picture(today: Caller, refund: bool, spent: int) -> None:
    today.sim.configure(refund_failed=refund)
    today.sim.set_fault(CREATE, "generation_failed")
    (uuid,) = create(today, prompt="x")["data"]["uuids"]
    assert ask(today, RESULT, {"uuid": uuid})["data"]["status"] == "failed"
    assert today.sim.spent == spent


@pytest.mark.parametrize(
    ("form", "references", "path"),
    [
        ({"prompt": " "}, 0, "prompt"),
        ({"prompt": "x", "jobNum": "5"}, 0, "jobNum"),
        ({"prompt": "x", "aspectRatio": "2:1"}, 0, "aspectRatio"),
        ({"prompt": "x", "modelKey": "image-1"}, 0, "modelKey"),
        ({"prompt": "x"}, 7, "images"),
    ],
)
def test_wrong_requests(today: Caller, form: dict[str, str], references: int, path: str) -> None:
    errors = create(today, 400, references, **form)["errors"]
    assert [error["path"] for error in errors] == [path]
    assert today.sim.spent == 0


def test_requests_that_are_declined(today: Caller) -> None:
    assert ask(today, CREATE, {"prompt": "x"}, 400)["errors"]
    assert create(today, prompt="forbidden") == {"limitType": 3, "message": "Please check the prompt."}
    today.sim.configure(account="not_allowed")
    assert "not available" in create(today, 403, prompt="x")["message"]
    today.sim.configure(account="ok", balance=25)
    assert "Insufficient" in create(today, 402, prompt="x", jobNum="2")["message"]
    assert today.sim.spent == 0


@pytest.mark.parametrize("acted", [False, True])
@pytest.mark.parametrize("fault", ["http_401", "http_402", "http_403", "http_429", "http_500", "http_503", "no_ids"])
def test_faults_with_a_status(today: Caller, fault: str, acted: bool) -> None:
    today.sim.set_fault(CREATE, fault, acted=acted)
    answer = today.post(CREATE, files={"prompt": (None, "x")})
    assert [answer.status_code, "data" in answer.json()] == [200 if fault == "no_ids" else int(fault[5:]), False]
    assert today.sim.spent == (13 if acted else 0)


@pytest.mark.parametrize(
    ("fault", "params", "spent"),
    [
        ("reset_before", {}, 0),
        ("reset_after", {}, 13),
        ("hang", {"seconds": 0}, 0),
        ("hang_after", {"seconds": 0}, 13),
        ("truncated_body", {}, 13),
    ],
)
def test_faults_without_an_answer(today: Caller, fault: str, params: dict[str, Any], spent: int) -> None:
    today.sim.set_fault(CREATE, fault, **params)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        today.post(CREATE, files={"prompt": (None, "x")})
    assert today.sim.spent == spent


@pytest.mark.parametrize(
    ("fault", "kind", "start"),
    [
        ("not_json", "application/json", b"<!DOCTYPE"),
        ("empty_body", "application/json", b""),
        ("wrong_content_type", "text/html", b"{"),
        ("slow_drip", "application/json", b"{"),
    ],
)
def test_faults_of_the_body(today: Caller, fault: str, kind: str, start: bytes) -> None:
    (uuid,) = create(today, prompt="x")["data"]["uuids"]
    today.sim.set_fault(RESULT, fault, **({"chunk": 100, "delay": 0} if fault == "slow_drip" else {}))
    answer = today.post(RESULT, {"uuid": uuid})
    assert [answer.headers["Content-Type"].partition(";")[0], answer.content[: len(start) or 1]] == [kind, start]


def test_expired_results(today: Caller) -> None:
    (uuid,) = create(today, prompt="x")["data"]["uuids"]
    today.sim.set_fault(RESULT, "expired_url")
    urls = [ask(today, RESULT, {"uuid": uuid})["data"]["resultUrl"] for _ in range(2)]
    assert [requests.get(url, timeout=60).status_code for url in urls] == [403, 200]


@pytest.mark.parametrize(
    ("endpoint", "fault", "field"), [(CREATE, "missing_field", "uuids"), (RESULT, "unknown_code", "status")]
)
def test_faults_reach_into_the_data(today: Caller, endpoint: str, fault: str, field: str) -> None:
    (uuid,) = create(today, prompt="x")["data"]["uuids"]
    today.sim.set_fault(endpoint, fault)
    if endpoint == CREATE:
        answer = today.call(CREATE, files={"prompt": (None, "x")})
    else:
        answer = today.call(RESULT, {"uuid": uuid})
    assert answer["data"].get(field) == (7 if endpoint == RESULT else None)


def test_2024_had_no_pictures(today: Caller) -> None:
    today.sim.configure(generations={"neural4d": "2024"})
    answer = today.post(CREATE, {"prompt": "x"})
    assert [answer.status_code, answer.headers["Content-Type"]] == [404, "application/json; charset=utf-8"]
