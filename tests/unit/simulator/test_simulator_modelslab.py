"""ModelsLab's stand-in beside its document's sample: at once or later, limits, key in the body, faults, ledger."""

from __future__ import annotations

import io
import json
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import requests
import trimesh

from tests.support.other_services import MODELSLAB_ROOT, Others, data_uri, shape
from tests.support.simulator_client import Caller

IMAGE = "https://pub-3626123a908346a7a8be8d9295f44e26.r2.dev/generations/0335d02b-0.png"
SAMPLE: dict[str, Any] = {
    "status": "success",
    "warning": "",
    "id": None,
    "generationTime": 10.97,
    "output": ["https://pub-3626.r2.dev/out/924a461e-87dd-421a-936a-6d789f283d7e.obj"],
    "proxy_links": ["https://cdn2.stablediffusionapi.com/out/924a461e-87dd-421a-936a-6d789f283d7e.obj"],
    "nsfw_content_detected": False,
    "webhook_status": "",
    "meta": {
        "chunk_size": 8192,
        "file_prefix": "924a461e-87dd-421a-936a-6d789f283d7e",
        "foreground_ratio": ".85",
        "image": IMAGE,
        "remove_bg": True,
        "render": False,
        "resolution": 256,
        "seed": 294618177,
        "temp": "no",
    },
}


@pytest.fixture
def modelslab(service: Caller) -> Others:
    return Others(service.sim)


def test_sample(modelslab: Others) -> None:
    modelslab.sim.configure(modelslab_at_once=True)
    answer = modelslab.order(init_image=IMAGE, remove_bg=True).json()
    assert shape(answer) == shape(SAMPLE)
    own = {"output": [], "proxy_links": [], "generationTime": 0}
    meta = {**answer["meta"], "file_prefix": SAMPLE["meta"]["file_prefix"], "seed": SAMPLE["meta"]["seed"]}
    assert {**answer, **own, "meta": meta} == {**SAMPLE, **own}
    assert list(answer) == list(SAMPLE)


def test_both_places_have_the_same_coloured_model(modelslab: Others) -> None:
    modelslab.sim.configure(modelslab_at_once=True, shape="mug")
    answer = modelslab.order().json()
    urls = [*answer["output"], *answer["proxy_links"]]
    assert len({urlsplit(url).path for url in urls}) == 2
    assert all(urlsplit(url).path.endswith(f"{answer['meta']['file_prefix']}.obj") for url in urls)
    first, second = (requests.get(url, timeout=60).content for url in urls)
    assert first == second
    mesh = trimesh.load(io.BytesIO(first), file_type="obj", process=False)
    assert len(mesh.faces) > 1000
    assert len(np.unique(mesh.visual.vertex_colors, axis=0)) > 10
    # One of the two places may have lost it.
    modelslab.sim.set_fault("file", "http_404", match="/generations/")
    assert [requests.get(url, timeout=30).status_code for url in urls] == [404, 200]


def test_a_finer_grid_has_more_faces(modelslab: Others) -> None:
    modelslab.sim.configure(modelslab_at_once=True)
    counts = []
    for resolution in (64, 256):
        data = requests.get(modelslab.order(resolution=resolution).json()["output"][0], timeout=60).content
        counts.append(data.count(b"\nf "))
    assert counts[0] < counts[1]


def test_processing_then_fetched(modelslab: Others) -> None:
    modelslab.sim.configure(job_seconds=1000)
    first = modelslab.order(track_id="job-17").json()
    assert [first["status"], first["track_id"], first["output"]] == ["processing", "job-17", []]
    assert first["eta"] == 1000
    assert first["fetch_result"] == f"{modelslab.sim.api_url}{MODELSLAB_ROOT}/fetch/{first['id']}"
    again = modelslab.fetch(first["id"]).json()
    assert [again["status"], again["id"], again["track_id"]] == ["processing", first["id"], "job-17"]
    modelslab.sim.finish_jobs()
    done = modelslab.fetch(first["id"]).json()
    assert [done["status"], done["id"], done["track_id"]] == ["success", first["id"], "job-17"]
    assert requests.get(done["output"][0], timeout=60).content.startswith(b"v ")
    assert [(row["service"], row["operation"], row["points"], row["uuids"]) for row in modelslab.sim.ledger()] == [
        ("modelslab", "modelslab.image", 12, [str(first["id"])])
    ]
    assert [row["track_id"] for row in modelslab.sim.jobs()] == ["job-17"]


def test_the_image_under_its_newer_name_and_a_glb(modelslab: Others) -> None:
    modelslab.sim.configure(modelslab_at_once=True, modelslab_format="glb")
    body = {"key": modelslab.sim.keys["modelslab"], "image": IMAGE}
    answer = modelslab.modelslab("/image_to_3d", body).json()
    assert [answer["meta"]["resolution"], answer["meta"]["chunk_size"]] == [256, 8192]
    assert requests.get(answer["output"][0], timeout=60).content[:4] == b"glTF"


@pytest.mark.parametrize(
    "change",
    [
        {"init_image": None},
        {"init_image": ""},
        {"init_image": data_uri()},
        {"init_image": "/home/me/chair.png"},
        *[{"resolution": value} for value in (513, 0, "256", 256.0, True)],
        *[{"chunk_size": value} for value in (12001, 0, None)],
        *[{"foreground_ratio": value} for value in (0, 1.01, "0.85", True)],
        {"remove_bg": "false"},
        {"track_id": 17},
        {"webhook": "localhost"},
    ],
)
def test_orders_that_are_refused(modelslab: Others, change: dict[str, Any]) -> None:
    answer = modelslab.order(**change)
    assert [answer.status_code, list(answer.json())] == [200, ["status", "message"]]
    assert [answer.json()["status"], modelslab.sim.spent] == ["error", 0]


def test_the_limits_themselves_are_allowed(modelslab: Others) -> None:
    answer = modelslab.order(resolution=512, chunk_size=12000, foreground_ratio=1, webhook="https://example.com/a")
    assert answer.json()["status"] == "processing"


def test_errors_with_a_status_of_their_own(modelslab: Others) -> None:
    modelslab.sim.configure(modelslab_http_errors=True, credits={"modelslab": 11})
    answers = [
        modelslab.order(),
        modelslab.order(key="wrong"),
        modelslab.order(resolution=600),
        modelslab.fetch(77),
        modelslab.fetch("x"),
    ]
    assert [answer.status_code for answer in answers] == [402, 401, 400, 404, 404]
    modelslab.sim.configure(modelslab_http_errors=False)
    assert {(modelslab.order().status_code, modelslab.order().json()["message"])} == {(200, "Insufficient credits.")}
    assert modelslab.sim.spent == 0


def test_the_key_in_the_body_and_nowhere_else(modelslab: Others) -> None:
    key = modelslab.sim.keys["modelslab"]
    assert modelslab.order().json()["status"] == "processing"
    for body in ({"init_image": IMAGE}, {"key": "not-the-key", "init_image": IMAGE}, [key], None):
        assert modelslab.modelslab("/image_to_3d", body, headers={"Authorization": f"Bearer {key}"}).json() == {
            "status": "error",
            "message": "Invalid API Key.",
        }
    modelslab.modelslab("/elsewhere", {"key": "not-the-key"})
    modelslab.modelslab(f"/fetch/{key}", {"key": "not-the-key"})
    entries = modelslab.sim.requests()
    assert key not in json.dumps(entries)
    assert "not-the-key" not in json.dumps(entries)
    assert entries[0]["body"]["key"] == "***"
    assert [entry["has_token"] for entry in entries] == [True] * 7
    assert [entry["endpoint"] for entry in entries[-2:]] == [f"{MODELSLAB_ROOT}/elsewhere", "modelslab/fetch"]
    assert requests.get(f"{modelslab.sim.api_url}{MODELSLAB_ROOT}/image_to_3d", timeout=30).status_code == 405
    assert modelslab.sim.requests()[-1]["has_token"] is False


@pytest.mark.parametrize("at_once", [True, False])
def test_a_failed_order(modelslab: Others, at_once: bool) -> None:
    modelslab.sim.configure(modelslab_at_once=at_once)
    modelslab.sim.set_fault("modelslab/create", "generation_failed", message="Out of memory")
    answer = modelslab.order(track_id="t").json()
    if not at_once:
        answer = modelslab.fetch(answer["id"]).json()
    assert [answer["status"], answer["message"], answer["track_id"]] == ["failed", "Out of memory", "t"]
    assert modelslab.sim.spent == 12


def test_faults_of_single_fields(modelslab: Others) -> None:
    modelslab.sim.configure(job_seconds=1000)
    number = modelslab.order().json()["id"]
    modelslab.sim.set_fault("modelslab/create", "missing_field", field="id")
    assert "id" not in modelslab.order().json()
    modelslab.sim.set_fault("modelslab/fetch", "unknown_code", code="thinking")
    assert modelslab.fetch(number).json()["status"] == "thinking"
    shown = []
    for fault in ("progress_stall", "progress_garbage", "progress_backwards"):
        modelslab.sim.set_fault("modelslab/fetch", fault)
        shown.append(modelslab.fetch(number).json()["eta"])
    assert shown == [37, "abc%", 0]
    modelslab.sim.finish_jobs()
    modelslab.sim.set_fault("modelslab/fetch", "expired_url")
    assert requests.get(modelslab.fetch(number).json()["output"][0], timeout=30).status_code == 403
    modelslab.sim.configure(refund_failed=True)
    modelslab.sim.set_fault("modelslab/fetch", "generation_failed")
    assert modelslab.fetch(number).json()["status"] == "failed"
    assert modelslab.sim.spent == 12  # two orders, one of them given back
