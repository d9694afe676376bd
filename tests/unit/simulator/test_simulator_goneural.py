"""GoNeural's stand-in beside its document's sample: answers, options, faults, refunds, ledger."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
import requests
import trimesh

from tests.support.other_services import ASSET, GONEURAL_CREATE, Others, shape
from tests.support.simulator_client import Caller, picture

SAMPLE: dict[str, Any] = {
    "id": "string",
    "status": "queued",
    "type": "premium-image-to-3d",
    "seed": 0,
    "input": {},
    "output": {"glb": "https://..."},
    "creditUsed": 0,
    "refunded": True,
    "userId": 0,
    "finishedAt": "2019-08-24T14:15:22Z",
    "createdAt": "2019-08-24T14:15:22Z",
    "asset": {
        "id": "string",
        "type": "model",
        "userId": 0,
        "user": {"id": 0, "name": "string"},
        "name": "string",
        "description": "string",
        "isPublic": True,
        "likes": "string",
        "tags": ["string"],
        "permissions": {"canEdit": True},
        "tasks": [],
    },
    "assetId": "string",
    "meta": {},
}
BODY: dict[str, Any] = {
    "asset_id": ASSET,
    "prompt": "string",
    "negativePrompt": "string",
    "seed": 0,
    "version": "premium-v1",
    "faceLimit": 1000,
    "pbr": True,
    "num_inference_steps": 1,
    "textured_mesh": True,
}


@pytest.fixture
def goneural(service: Caller) -> Others:
    service.sim.configure(queue_seconds=0)
    return Others(service.sim)


def glb(answer: requests.Response) -> bytes:
    return requests.get(answer.json()["output"]["glb"], timeout=60).content


def faces(data: bytes) -> int:
    return len(trimesh.load(io.BytesIO(data), file_type="glb").to_geometry().faces)


def images(data: bytes) -> int:
    return len(json.loads(data[20 : 20 + int.from_bytes(data[12:16], "little")])["images"])


def test_sample(goneural: Others) -> None:
    created = goneural.asset_task(**BODY).json()
    assert list(created) == list(SAMPLE)
    assert [created[name] for name in ("status", "type", "seed")] == ["queued", "premium-image-to-3d", 0]
    done = goneural.look_at_task(created["id"]).json()
    fixed = {"input": {}, "asset": {**SAMPLE["asset"], "tags": []}}
    assert shape({**done, "input": {}}) == shape({**SAMPLE, **fixed})
    assert done["input"] == {
        "asset_id": ASSET,
        "seed": "0",
        "version": "premium-v1",
        "faceLimit": "1000",
        "pbr": "true",
    }
    assert [done["status"], done["asset"]["type"], done["assetId"]] == ["succeeded", "model", done["asset"]["id"]]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", done["finishedAt"])


def test_the_samples_body_has_both_and_is_refused(goneural: Others) -> None:
    assert goneural.asset_task(image="string", **BODY).status_code == 400
    assert goneural.sim.spent == 0


def test_from_queued_to_succeeded(goneural: Others) -> None:
    goneural.sim.configure(job_seconds=1000, queue_seconds=1000)
    created = goneural.task().json()
    assert [created["output"], created["finishedAt"], created["asset"]] == [{}, None, None]
    assert [created["creditUsed"], created["refunded"]] == [30, False]
    task, seen = created["id"], []
    seen.append(goneural.look_at_task(task).json()["status"])
    goneural.sim.configure(queue_seconds=0)
    seen.append(goneural.look_at_task(task).json()["status"])
    goneural.sim.finish_jobs()
    done = goneural.look_at_task(task)
    assert [*seen, done.json()["status"]] == ["queued", "in_progress", "succeeded"]
    assert glb(done)[:4] == b"glTF"
    assert [(row["service"], row["operation"], row["points"], row["uuids"]) for row in goneural.sim.ledger()] == [
        ("goneural", "goneural.task", 30, [task])
    ]


def test_options_are_honoured(goneural: Others) -> None:
    def made(**options: Any) -> bytes:
        return glb(goneural.look_at_task(goneural.task(**options).json()["id"]))

    plain, again, other = made(seed=7), made(seed=7), made(seed=8)
    assert plain == again
    assert plain != other
    assert [images(plain), images(made(seed=7, pbr="true"))] == [1, 3]
    assert faces(plain) > 1200
    assert faces(made(seed=7, faceLimit=1200)) <= 1200
    drawn = [goneural.task().json()["seed"] for _ in range(2)]
    assert drawn[0] != drawn[1]


@pytest.mark.parametrize(
    "options",
    [
        {"version": "premium-v2"},
        {"faceLimit": "0"},
        {"faceLimit": "many"},
        {"seed": "1.5"},
        {"pbr": "yes"},
        {"asset_id": ASSET},
    ],
)
def test_forms_that_are_refused(goneural: Others, options: dict[str, Any]) -> None:
    answer = goneural.task(**options)
    assert [answer.status_code, list(answer.json())] == [400, ["message"]]
    assert goneural.sim.spent == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"image": None, "asset_id": None}, 400),
        ({"image": "https://example.com/a.png"}, 400),
        ({"asset_id": "chair"}, 400),
        ({"asset_id": "00000000-0000-4000-8000-000000000000"}, 404),
        ({"asset_id": ASSET, "pbr": "true"}, 400),
        ({"asset_id": ASSET, "faceLimit": 1.5}, 400),
        ({"asset_id": ASSET, "seed": None, "image": None}, 200),
    ],
)
def test_what_json_may_hold(goneural: Others, body: dict[str, Any], status: int) -> None:
    assert goneural.asset_task(**body).status_code == status
    assert bool(goneural.sim.spent) == (status == 200)


def test_images_that_are_refused(goneural: Others) -> None:
    for data in (b"no image", picture(kind="BMP"), picture()[:2000]):
        assert goneural.task(data).status_code == 400
    text = goneural.goneural("POST", GONEURAL_CREATE, files={"seed": (None, "1")})
    raw = goneural.goneural("POST", GONEURAL_CREATE, data=picture())
    assert [text.status_code, raw.status_code, goneural.sim.spent] == [400, 400, 0]


def test_key_method_and_credits(goneural: Others) -> None:
    key = goneural.sim.keys["goneural"]
    for headers in ({}, {"Authorization": key}, {"Authorization": "Bearer wrong"}, {"x-api-key": key}):
        assert goneural.look_at_task("x", headers=headers).status_code == 401
    assert goneural.look_at_task("x").status_code == 404
    assert goneural.goneural("GET", GONEURAL_CREATE).status_code == 405
    goneural.sim.configure(credits={"goneural": 29})
    assert [goneural.task().status_code, goneural.sim.spent] == [402, 0]
    assert key not in str(goneural.sim.requests())


@pytest.mark.parametrize("refunds", [True, False])
def test_a_failed_task(goneural: Others, refunds: bool) -> None:
    goneural.sim.configure(goneural_refunds=refunds)
    goneural.sim.set_fault("goneural/create", "generation_failed")
    task = goneural.task().json()["id"]
    done = goneural.look_at_task(task).json()
    assert [done["status"], done["output"], done["creditUsed"], done["refunded"]] == ["failed", {}, 30, refunds]
    assert done["finishedAt"] is not None
    assert goneural.sim.spent_at("goneural") == (0 if refunds else 30)
    assert goneural.sim.balances()["goneural"] == (1000 if refunds else 970)


def test_faults_of_single_fields(goneural: Others) -> None:
    task = goneural.task().json()["id"]
    goneural.sim.set_fault("goneural/create", "missing_field")
    assert "id" not in goneural.task().json()
    goneural.sim.set_fault("goneural/task", "unknown_code", code="paused")
    assert goneural.look_at_task(task).json()["status"] == "paused"
    goneural.sim.set_fault("goneural/task", "set_field", field="output.glb", value=None)
    assert goneural.look_at_task(task).json()["output"] == {"glb": None}
    goneural.sim.set_fault("goneural/task", "expired_url")
    assert requests.get(goneural.look_at_task(task).json()["output"]["glb"], timeout=30).status_code == 403
    goneural.sim.set_fault("goneural/task", "generation_failed")
    assert goneural.look_at_task(task).json()["status"] == "failed"
