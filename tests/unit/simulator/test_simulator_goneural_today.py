"""Today's GoNeural on the stand-in: text, billing, one task of a kind, time limit, refunds, older answers, ledger."""

from __future__ import annotations

import io
from typing import Any

import pytest
import requests
import trimesh

from tests.support.other_services import ASSET
from tests.support.others_today import Today, download, fits
from tests.support.simulator_client import Caller, picture


@pytest.fixture
def goneural(service: Caller) -> Today:
    service.sim.configure(queue_seconds=0, generations={"goneural": "today"})
    return Today(service.sim)


def faces(url: str) -> int:
    scene: Any = trimesh.load(io.BytesIO(download(url)), file_type="glb")
    return sum(len(mesh.faces) for mesh in scene.geometry.values())


def test_a_task_from_text(goneural: Today) -> None:
    goneural.sim.configure(job_seconds=1000)
    created = goneural.text_task(negativePrompt="armrests", seed=7, version="premium-v1", faceLimit=900, pbr=True)
    assert created.status_code == 200
    task = created.json()
    assert [task["status"], task["type"], task["seed"]] == ["queued", "premium-text-to-3d", 7]
    assert task["input"] == {
        "prompt": "a red chair",
        "negativePrompt": "armrests",
        "seed": "7",
        "version": "premium-v1",
        "faceLimit": "900",
        "pbr": "true",
    }
    assert goneural.task(task["id"])["status"] == "in_progress"
    goneural.sim.finish_jobs()
    done = goneural.task(task["id"])
    assert [done["status"], done["creditUsed"], done["refunded"]] == ["succeeded", 35, False]
    assert faces(done["output"]["glb"]) <= 900
    assert [(row["service"], row["operation"], row["points"], row["uuids"]) for row in goneural.sim.ledger()] == [
        ("goneural", "goneural.text", 35, [task["id"]])
    ]
    assert goneural.sim.jobs()[0]["prompt"] == "a red chair"


def test_the_prompts_shape(goneural: Today) -> None:
    def made(prompt: str) -> bytes:
        return download(goneural.task(goneural.text_task(prompt=prompt, seed=1).json()["id"])["output"]["glb"])

    assert made("a mug") == made("a mug")
    assert made("a mug") != made("a robot")


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": None},
        {"prompt": " "},
        {"prompt": 5},
        {"negativePrompt": 5},
        {"seed": "7"},
        {"seed": 1.5},
        {"version": "premium-v2"},
        {"faceLimit": 0},
        {"faceLimit": "900"},
        {"pbr": "true"},
    ],
)
def test_texts_that_are_refused(goneural: Today, change: dict[str, Any]) -> None:
    answer = goneural.text_task(**change)
    assert [answer.status_code, list(answer.json())] == [400, ["message"]]
    assert [goneural.sim.spent, goneural.sim.jobs()] == [0, []]
    blank = change == {"prompt": " "}
    assert fits("goneural", "goneural/text", "request", {"prompt": "a chair", **change}) == blank


def test_a_form_is_no_text(goneural: Today) -> None:
    answer = goneural.goneural("goneural/text", "POST", "/v1/tasks/text-to-3d", data={"prompt": "a chair"})
    assert answer.status_code == 400


def test_a_seed_of_zero_is_none(goneural: Today) -> None:
    seeds = [goneural.text_task(seed=0).json()["seed"] for _ in range(2)]
    assert 0 not in seeds
    assert seeds[0] != seeds[1]
    assert goneural.text_task(seed=-5).json()["seed"] == -5


def test_billing(goneural: Today) -> None:
    goneural.sim.configure(credits={"goneural": 100})
    goneural.text_task()
    assert goneural.billing() == {"remaining": 65, "subscription": None}
    goneural.sim.configure(goneural_subscribed=True)
    assert goneural.billing()["subscription"]
    assert requests.get(f"{goneural.sim.api_url}/v1/billing", timeout=30).status_code == 401
    assert requests.post(f"{goneural.sim.api_url}/v1/billing", timeout=30).status_code == 405
    goneural.sim.set_fault("goneural/billing", "http_500")
    assert goneural.goneural("goneural/billing", "GET", "/v1/billing").status_code == 500


@pytest.mark.parametrize("status", [400, 429])
def test_one_task_of_each_kind_at_a_time(goneural: Today, status: int) -> None:
    goneural.sim.configure(job_seconds=1000, goneural_busy_status=status)
    assert [goneural.text_task().status_code, goneural.image_task(picture()).status_code] == [200, 200]
    busy = [goneural.text_task(), goneural.image_task(picture())]
    assert [answer.status_code for answer in busy] == [status, status]
    assert "already have a task" in busy[0].json()["message"]
    assert goneural.sim.spent == 65
    goneural.sim.finish_jobs()
    assert goneural.text_task().status_code == 200
    goneural.sim.configure(goneural_one_task=False)
    assert goneural.text_task().status_code == 200


def test_a_task_that_is_too_old_has_failed_and_is_refunded(goneural: Today) -> None:
    goneural.sim.configure(job_seconds=1000)
    task = goneural.text_task().json()["id"]
    assert goneural.task(task)["status"] == "in_progress"
    goneural.sim.configure(goneural_task_seconds=0)
    old = goneural.task(task)
    assert [old["status"], old["refunded"], old["output"]] == ["failed", True, {}]
    assert goneural.billing()["remaining"] == 1000
    assert [row["points"] for row in goneural.sim.ledger()] == [35, -35]
    goneural.sim.configure(goneural_task_seconds=300)
    assert goneural.task(task)["status"] == "failed"


def test_a_failed_task_is_refunded_by_itself(goneural: Today) -> None:
    goneural.sim.set_fault("goneural/text", "generation_failed")
    task = goneural.text_task().json()["id"]
    assert goneural.sim.spent == 0
    assert [goneural.task(task)[name] for name in ("status", "creditUsed", "refunded")] == ["failed", 35, True]


def test_older_answers(goneural: Today) -> None:
    goneural.sim.configure(goneural_answer="urls")
    done = goneural.task(goneural.image_task(picture()).json()["id"])
    assert {"output", "creditUsed"}.isdisjoint(done)
    assert done["creditsUsed"] == 30
    assert download(done["urls"]["glb"])[:4] == b"glTF"


def test_requests_fit_the_schema() -> None:
    assert fits("goneural", "goneural/create", "request", {"asset_id": ASSET, "pbr": True})
    for body in ({}, {"asset_id": "chair"}, {"asset_id": ASSET, "image": "x"}, {"asset_id": ASSET, "faceLimit": 0}):
        assert not fits("goneural", "goneural/create", "request", body)


def test_too_few_credits(goneural: Today) -> None:
    goneural.sim.configure(credits={"goneural": 34})
    assert goneural.text_task().status_code == 402
    assert goneural.sim.spent == 0


def test_2024_has_neither_text_nor_billing(goneural: Today) -> None:
    goneural.sim.configure(generations={"goneural": "2024"}, job_seconds=1000, goneural_task_seconds=0)
    headers = {"Authorization": f"Bearer {goneural.sim.keys['goneural']}"}
    for method, path in (("GET", "/v1/billing"), ("POST", "/v1/tasks/text-to-3d")):
        answer = requests.request(method, goneural.sim.api_url + path, headers=headers, json={}, timeout=30)
        assert answer.status_code == 404
    first, second = goneural.image_task(picture(), seed="0").json(), goneural.image_task(picture()).json()
    assert [first["seed"], goneural.task(second["id"])["status"]] == [0, "in_progress"]
    assert fits("goneural", "goneural/create", "200", first, "2024")
