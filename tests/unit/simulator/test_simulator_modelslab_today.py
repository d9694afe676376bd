"""Today's ModelsLab on the stand-in: both roots and their keys, text, formats, uploads, settings, faults, ledger."""

from __future__ import annotations

import base64
import io
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
import requests
import trimesh

from tests.support.other_services import data_uri
from tests.support.others_today import ENTERPRISE, IMAGE, V6, Today, download, fits
from tests.support.simulator_client import Caller, picture

FORMATS = ("glb", "obj", "stl", "ply")


@pytest.fixture
def modelslab(service: Caller) -> Today:
    service.sim.configure(generations={"modelslab": "today"})
    return Today(service.sim)


def result(modelslab: Today, answer: requests.Response) -> str:
    return str(modelslab.fetch(answer.json()["id"]).json()["output"][0])


def mesh(url: str) -> Any:
    kind = urlsplit(url).path.rpartition(".")[2]
    loaded: Any = trimesh.load(io.BytesIO(download(url)), file_type=kind)
    return loaded.to_geometry() if isinstance(loaded, trimesh.Scene) else loaded


def test_processing_then_fetched(modelslab: Today) -> None:
    modelslab.sim.configure(job_seconds=1000)
    answer = modelslab.order(track_id="job-17").json()
    assert [answer["status"], answer["eta"], answer["track_id"]] == ["processing", 1000, "job-17"]
    assert answer["fetch_result"] == f"{modelslab.sim.api_url}{V6}fetch/{answer['id']}"
    [future] = answer["future_links"]
    assert requests.get(future, timeout=30).status_code == 404
    modelslab.sim.finish_jobs()
    done = modelslab.fetch(answer["id"]).json()
    assert [done["status"], done["id"], "future_links" in done] == ["success", answer["id"], False]
    assert download(future) == download(done["output"][0]) == download(done["proxy_links"][0])
    assert [(row["service"], row["operation"], row["points"], row["uuids"]) for row in modelslab.sim.ledger()] == [
        ("modelslab", "modelslab.image", 12, [str(answer["id"])])
    ]


def test_at_once_with_an_id(modelslab: Today) -> None:
    modelslab.sim.configure(modelslab_at_once=True)
    answer = modelslab.order().json()
    assert [answer["status"], modelslab.fetch(answer["id"]).json()["status"]] == ["success", "success"]


def test_text(modelslab: Today) -> None:
    answers = [modelslab.text_order(prompt=prompt, seed=3) for prompt in ("a mug", "a mug", "a robot")]
    models = [download(result(modelslab, answer)) for answer in answers]
    assert [models[0] == models[1], models[1] == models[2]] == [True, False]
    assert modelslab.fetch(answers[0].json()["id"]).json()["meta"]["prompt"] == "a mug"
    assert [row["operation"] for row in modelslab.sim.ledger()] == ["modelslab.text"] * 3
    assert modelslab.sim.jobs()[2]["prompt"] == "a robot"


def test_every_format_is_that_format(modelslab: Today) -> None:
    modelslab.sim.configure(shape="mug")
    urls = [result(modelslab, modelslab.text_order(output_format=kind, seed=3)) for kind in FORMATS]
    assert [urlsplit(url).path.rpartition(".")[2] for url in urls] == list(FORMATS)
    meshes = [mesh(url) for url in urls]
    assert len({len(found.faces) for found in meshes}) == 1
    assert all(np.allclose(found.bounds, meshes[0].bounds, atol=1e-4) for found in meshes)


def test_the_formats_of_the_two_roots(modelslab: Today) -> None:
    modelslab.sim.configure(modelslab_key_kind="both")
    assert urlsplit(result(modelslab, modelslab.order())).path.endswith(".glb")
    answer = modelslab.enterprise()
    assert answer.json()["fetch_result"] == f"{modelslab.sim.api_url}{ENTERPRISE}fetch/{answer.json()['id']}"
    assert urlsplit(result(modelslab, answer)).path.endswith(".obj")


def test_glb_under_another_name(modelslab: Today) -> None:
    modelslab.sim.configure(modelslab_mislabelled=True)
    url = result(modelslab, modelslab.order(output_format="glb"))
    assert urlsplit(url).path.endswith(".obj")
    assert download(url)[:4] == b"glTF"


@pytest.mark.parametrize("http", [True, False])
def test_a_key_opens_its_own_root(modelslab: Today, http: bool) -> None:
    modelslab.sim.configure(modelslab_http_errors=http)
    for kind, opened in (("ordinary", [True, False]), ("enterprise", [False, True]), ("both", [True, True])):
        modelslab.sim.configure(modelslab_key_kind=kind)
        answers = [modelslab.order(), modelslab.enterprise()]
        assert [answer.json()["status"] == "processing" for answer in answers] == opened
        for answer in answers:
            if answer.json()["status"] == "error":
                assert answer.status_code == (401 if http else 200)
                assert "Invalid API Key" in answer.json()["message"]
    assert [modelslab.sim.spent, modelslab.order(key="wrong").json()["status"]] == [48, "error"]


def test_the_name_of_the_picture(modelslab: Today) -> None:
    def statuses() -> list[str]:
        bodies: tuple[dict[str, Any], ...] = (
            {"init_image": IMAGE},
            {"init_image": None, "image": IMAGE},
            {"image": IMAGE},
            {"init_image": None},
        )
        return [str(modelslab.order(**body).json()["status"]) for body in bodies]

    assert statuses() == ["processing"] * 3 + ["error"]
    modelslab.sim.configure(modelslab_v6_image="image")
    assert statuses() == ["error", "processing", "processing", "error"]
    modelslab.sim.configure(modelslab_v6_image="init_image", modelslab_key_kind="both")
    assert statuses() == ["processing", "error", "processing", "error"]
    assert modelslab.enterprise(image=None, init_image=IMAGE).json()["status"] == "error"
    assert modelslab.enterprise(init_image=IMAGE).json()["status"] == "processing"


def test_data_uris(modelslab: Today) -> None:
    refused = modelslab.order(init_image=data_uri()).json()
    assert [refused["status"], "URL" in refused["message"], modelslab.sim.spent] == ["error", True, 0]
    modelslab.sim.configure(modelslab_data_uri="taken")
    first = modelslab.order(init_image=data_uri())
    other = modelslab.order(init_image=data_uri(picture((300, 200), "PNG", "#2040c0")))
    assert download(result(modelslab, first)) != download(result(modelslab, other))
    assert len(first.json()["meta"]["image"]) < 100
    assert modelslab.order(init_image="data:image/png;base64,AAAA").json()["status"] == "error"


COMMON: list[dict[str, Any]] = [
    {"output_format": "fbx"},
    {"render": "yes"},
    {"resolution": 513},
    {"resolution": 256.5},
    {"ss_guidance_strength": "7"},
    {"ss_sampling_steps": 0},
    {"ss_sampling_steps": 51},
    {"slat_guidance_strength": 10.1},
    {"slat_guidance_strength": -0.1},
    {"slat_sampling_steps": 51},
    {"mesh_simplify": 0.89},
    {"mesh_simplify": 0.99},
    {"chunk_size": 12001},
    {"seed": 1.5},
    {"temp": True},
    {"track_id": 17},
]


@pytest.mark.parametrize("change", [*COMMON, {"multi_image": "no"}, {"init_image": None}, {"init_image": 5}])
def test_pictures_that_are_refused(modelslab: Today, change: dict[str, Any]) -> None:
    body = {"init_image": IMAGE, "key": "k", **change}
    assert modelslab.order(**change).json()["status"] == "error"
    assert not fits("modelslab", "modelslab/v6/create", "request", {k: v for k, v in body.items() if v is not None})
    modelslab.sim.configure(modelslab_key_kind="enterprise")
    change = {"image" if name == "init_image" else name: value for name, value in change.items()}
    assert modelslab.enterprise(**change).json()["status"] == "error"
    body = {"image": IMAGE, "key": "k", **change}
    assert not fits("modelslab", "modelslab/create", "request", {k: v for k, v in body.items() if v is not None})
    assert modelslab.sim.spent == 0


@pytest.mark.parametrize(
    "change",
    [
        *COMMON,
        {"prompt": 5},
        {"negative_prompt": 5},
        {"guidance_scale": "3"},
        {"num_inference_steps": 1.5},
        {"foreground_ratio": "0.8"},
        {"remove_bg": 1},
    ],
)
def test_texts_that_are_refused(modelslab: Today, change: dict[str, Any]) -> None:
    assert modelslab.text_order(**change).json()["status"] == "error"
    assert not fits("modelslab", "modelslab/v6/text", "request", {"prompt": "x", "key": "k", **change})
    assert modelslab.sim.spent == 0


def test_the_limits_themselves_are_allowed(modelslab: Today) -> None:
    for end in (0, 1):
        body = {
            "ss_sampling_steps": (1, 50)[end],
            "slat_sampling_steps": (1, 50)[end],
            "slat_guidance_strength": (0, 10)[end],
            "mesh_simplify": (0.9, 0.98)[end],
            "resolution": (1, 512)[end],
            "chunk_size": (1, 12000)[end],
            "webhook": None,
        }
        assert modelslab.order(**body).json()["status"] == "processing"
        assert modelslab.text_order(**body).json()["status"] == "processing"
        assert fits("modelslab", "modelslab/v6/create", "request", {"key": "k", "init_image": IMAGE, **body})


def test_an_upload(modelslab: Today) -> None:
    def upload(value: str) -> dict[str, Any]:
        answer = modelslab.modelslab("modelslab/v6/upload", f"{V6}base64_to_url", init_obj=value)
        return dict(answer.json())

    packed = base64.b64encode(b"v 0 0 0\n").decode()
    assert download(upload(f"data:model/obj;base64,{packed}")["output"][0]) == b"v 0 0 0\n"
    for wrong in ("data:image/png;base64,AAAA", "data:model/obj;base64,A", packed):
        assert upload(wrong)["status"] == "error"
    assert not fits("modelslab", "modelslab/v6/upload", "request", {"key": "k", "init_obj": packed})
    assert [row["operation"] for row in modelslab.sim.ledger()] == ["modelslab.upload"]


@pytest.mark.parametrize("http", [True, False])
def test_a_rate_limit_says_when_in_its_json(modelslab: Today, http: bool) -> None:
    modelslab.sim.configure(modelslab_http_errors=http)
    number = modelslab.order().json()["id"]
    for endpoint in ("modelslab/v6/create", "modelslab/v6/text", "modelslab/v6/fetch", "modelslab/v6/upload"):
        modelslab.sim.set_fault(endpoint, "rate_limited", retry_after=9)
    upload = modelslab.modelslab("modelslab/v6/upload", f"{V6}base64_to_url", init_obj="")
    answers = [modelslab.order(), modelslab.text_order(), modelslab.fetch(number), upload]
    assert {answer.status_code for answer in answers} == {429 if http else 200}
    assert {(answer.json()["status"], answer.json()["retry_after"]) for answer in answers} == {("error", 9)}
    assert modelslab.sim.spent == 12


def test_without_a_subscription(modelslab: Today) -> None:
    modelslab.sim.configure(modelslab_premium=False)
    for answer in (modelslab.order(), modelslab.text_order()):
        assert [answer.status_code, answer.json()["status"]] == [403, "error"]
        assert answer.json()["message"] == "This feature requires a premium subscription"
    assert modelslab.sim.spent == 0


def test_failures_and_too_few_credits(modelslab: Today) -> None:
    modelslab.sim.set_fault("modelslab/v6/text", "generation_failed", message="Out of memory")
    failed = modelslab.fetch(modelslab.text_order().json()["id"]).json()
    assert [failed["status"], failed["message"]] == ["failed", "Out of memory"]
    number = modelslab.order().json()["id"]
    modelslab.sim.set_fault("modelslab/v6/fetch", "generation_failed")
    assert modelslab.fetch(number).json()["status"] == "failed"
    modelslab.sim.configure(credits={"modelslab": 14})
    assert modelslab.text_order().json() == {"status": "error", "message": "Insufficient credits."}
    assert modelslab.fetch(9999).json()["status"] == "error"


def test_2024_has_only_the_enterprise_root(modelslab: Today) -> None:
    modelslab.sim.configure(generations={"modelslab": "2024"})
    for name in ("image_to_3d", "text_to_3d", "base64_to_url", "fetch/1001"):
        assert requests.post(f"{modelslab.sim.api_url}{V6}{name}", json={}, timeout=30).status_code == 404
    body = {"key": modelslab.sim.keys["modelslab"], "init_image": IMAGE}
    answer = requests.post(f"{modelslab.sim.api_url}{ENTERPRISE}image_to_3d", json=body, timeout=30).json()
    assert [answer["status"], "future_links" in answer] == ["processing", False]
    assert fits("modelslab", "modelslab/create", "request", body, "2024")
    assert fits("modelslab", "modelslab/create", "200", answer, "2024")
