"""CSM's stand-in beside its documents' samples: answers, stages, sizes, both generations, ledger."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import numpy as np
import requests
import trimesh
from PIL import Image

from tests.support.other_services import IMAGE_URL, Others, data_uri, shape
from tests.support.simulator_client import picture

CREATED: dict[str, Any] = json.loads(
    """{"error": "", "message": "Created", "statusCode": 201, "data": {
    "_id": "65d5c6ef3fa05a56705af77d", "user_id": "652d54ef642585b4048a3ecf",
    "session_code": "SESSION_1708502346_4237483", "image_url": "https://via.placeholder.com/300/09f/fff.png",
    "input_image": "", "caption": "", "discord_user_id": "", "user_name": "", "email": "test@email.com",
    "preview_mesh_url": "", "mesh_url_usdz": "", "mesh_url_glb": "", "reactions_count": 0,
    "emoji_reactions": {"heart": 0, "fire": 0, "exploding_head": 0, "meh": 0, "dislike": 0},
    "texture_resolution": 2048, "mesh_url": "", "polished_mesh_url_usdz": "", "polished_mesh_url_glb": "",
    "polished_mesh_url": "", "mesh_url_obj": "", "mesh_url_zip": "", "preview_mesh_url_zip": "",
    "preview_mesh_url_glb": "", "preview_mesh_url_usdz": "", "preview_mesh_url_fbx": "", "mesh_url_fbx": "",
    "mp4_url": "", "designer_mesh_url": "", "preview_mesh_url_3mf": "", "mesh_url_3mf": "", "session_gif": "",
    "user_image": "", "percentage": 0, "price": 0, "status": "spin_generate_processing", "topology": "tris",
    "resolution": "high_poly", "source": "web", "demo": false, "user_demo": false, "private": true, "debug": false,
    "random_poses": true, "inference": [], "output_id": "b8ef0e62-6ba6-4a21-b6bc-607d97250770",
    "animated_walk_url": "", "animated_run_url": "", "animated_jump_url": "", "auto_gen_3d": false,
    "server_type": "fast", "model_version": "2.0", "selected_spin": "", "is_deleted": false,
    "tier_at_creation": "enterprise", "reaction_by_admin": "", "manual_segmentation": false,
    "preview_mesh": "turbo", "pixel_alignment": "highest", "model_resolution": "high", "product_version": "1.0.0",
    "diffusion_time_steps": 32, "selected_spin_index": 0, "spins": [],
    "created_at": "2024-02-21T09:48:31.604Z", "updated_at": "2024-02-21T09:48:31.604Z"}}"""
)
GENERATING: dict[str, Any] = {
    "error": "",
    "message": "Generating Mesh",
    "statusCode": 200,
    "data": {
        "scenario": "SESSION_P_44569824122",
        "unique_trial_key": "168923176748ZJ@NcRfUjXn2r5u8x",
        "status": "unprocessed",
        "complete_job_data": {
            "scenario": "SESSION_P_44569824122",
            "job_priority": "2",
            "username": "admin@test.com",
            "call": "dreamfusion",
            "user_id": "000000",
            "status": "unprocessed",
            "start_time": "1689231769.6472576",
            "unique_trial_key": "168923176748ZJ@NcRfUjXn2r5u8x",
            "task_data": "{}",
            "id": "job:dreamfusion:SESSION_P_44569824122_168923176748ZJ@NcRfUjXn2r5u8x",
        },
    },
}
#: Values that are this session's own.
OWN = {"_id", "session_code", "output_id", "created_at", "updated_at"}


def size(url: str) -> tuple[np.ndarray, np.ndarray]:
    """Low and high corner of a GLB's bounding box."""
    scene = trimesh.load(io.BytesIO(requests.get(url, timeout=60).content), file_type="glb")
    return scene.bounds[0], scene.bounds[1]


def test_create_sample(csm: Others) -> None:
    csm.sim.configure(matting_seconds=1000)
    highest = {"pixel_alignment": "highest", "model_resolution": "high", "diffusion_time_steps": 32}
    answer = csm.create(**highest)
    assert answer.status_code == 201
    assert shape(answer.json()) == shape(CREATED)
    assert list(answer.json()["data"]) == list(CREATED["data"])
    data = answer.json()["data"]
    assert {k: v for k, v in data.items() if k not in OWN} == {k: v for k, v in CREATED["data"].items() if k not in OWN}
    assert re.fullmatch(r"SESSION_\d{10}_\d{7}", data["session_code"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", data["created_at"])


def test_the_samples_own_body(csm: Others) -> None:
    data = csm.create().json()["data"]
    assert [data[name] for name in ("pixel_alignment", "model_resolution", "diffusion_time_steps")] == [
        "lowest",
        "low",
        20,
    ]


def test_refine_sample(csm: Others) -> None:
    code = csm.session()
    csm.preview(code)
    answer = csm.refine(code)
    assert [answer.status_code, shape(answer.json())] == [200, shape(GENERATING)]
    data, job = answer.json()["data"], answer.json()["data"]["complete_job_data"]
    assert [answer.json()[name] for name in ("error", "message", "statusCode")] == ["", "Generating Mesh", 200]
    assert [data["status"], job["status"], job["call"], job["job_priority"]] == [
        "unprocessed",
        "unprocessed",
        "dreamfusion",
        "2",
    ]
    assert data["scenario"] == job["scenario"] == code
    assert job["id"] == f"job:dreamfusion:{code}_{data['unique_trial_key']}"
    assert json.loads(job["task_data"])["image_url"] == IMAGE_URL


def test_from_spins_to_a_refined_mesh(csm: Others) -> None:
    csm.sim.configure(matting_seconds=1000, job_seconds=1000)
    code = csm.session(image_url=data_uri())
    assert csm.look(code)["spins"] == []
    assert csm.preview(code).status_code == 400
    csm.sim.finish_jobs()
    spins = csm.look(code)["spins"]
    pictures = [requests.get(url, timeout=60).content for url in spins]
    assert len(set(pictures)) == 4
    assert {Image.open(io.BytesIO(data)).format for data in pictures} == {"JPEG"}
    assert csm.preview(code, selected_spin=spins[2]).json()["message"] == "Generating Preview Mesh"
    assert csm.look(code)["status"] == "preview_mesh_processing"
    assert [csm.preview(code).status_code, csm.refine(code).status_code] == [400, 400]
    csm.sim.finish_jobs()
    done = csm.look(code)
    assert [done["status"], done["selected_spin_index"], done["percentage"]] == ["preview_mesh_completed", 2, 100]
    assert requests.get(done["preview_mesh_url_glb"], timeout=60).content[:4] == b"glTF"
    assert done["mesh_url_glb"] == ""
    csm.refine(code)
    assert csm.look(code)["status"] == "refine_mesh_processing"
    csm.sim.finish_jobs()
    assert csm.look(code)["status"] == "refine_mesh_completed"
    size(csm.look(code)["mesh_url_glb"])
    assert requests.get(csm.look(code)["image_url"], timeout=30).content == picture(kind="PNG")
    assert [(row["service"], row["operation"], row["points"], row["uuids"]) for row in csm.sim.ledger()] == [
        ("csm", "csm.session", 5, [code]),
        ("csm", "csm.preview", 7, [code]),
        ("csm", "csm.refine", 20, [code]),
    ]
    assert csm.sim.balances() == {"neural4d": 1000, "csm": 968, "goneural": 1000, "modelslab": 1000}


def test_another_spin_is_another_model(csm: Others) -> None:
    code = csm.session()
    shapes = []
    for index in (0, 3):
        csm.preview(code, selected_spin_index=index)
        shapes.append(requests.get(csm.look(code)["preview_mesh_url_glb"], timeout=60).content)
    assert shapes[0] != shapes[1]


def test_scaled_bbox_and_pivot_point(csm: Others) -> None:
    done = csm.refined(csm.session(image_url=data_uri()), scaled_bbox=[0.3, 0.12, 0.05], pivot_point=[0, -0.5, 0.5])
    low, high = size(done["mesh_url_glb"])
    assert np.allclose(high - low, [0.3, 0.12, 0.05], rtol=1e-4)
    assert np.allclose([low, high], [[-0.15, 0, -0.05], [0.15, 0.12, 0]], atol=1e-5)


def test_default_pivot_and_a_box_that_is_fitted(csm: Others) -> None:
    code = csm.session()
    low, high = size(csm.refined(code)["mesh_url_glb"])
    assert np.allclose(low, -high, atol=1e-5)
    own = high - low
    csm.sim.configure(csm_bbox="fit")
    low, high = size(csm.refined(code, scaled_bbox=[9, 0.5, 9])["mesh_url_glb"])
    assert np.allclose((high - low) / own, 0.5 / own[1], rtol=1e-4)


def test_auto_gen_3d(csm: Others) -> None:
    csm.sim.configure(matting_seconds=1000, job_seconds=1000)
    code = csm.session(auto_gen_3d=True)
    assert [csm.look(code)["status"], csm.look(code)["percentage"]] == ["spin_generate_processing", 0]
    csm.sim.finish_jobs()
    done = csm.look(code)
    assert [bool(done["mesh_url_glb"]), bool(done["preview_mesh_url_glb"]), len(done["spins"])] == [True, True, 4]
    assert csm.sim.spent_at("csm") == 32
    csm.sim.configure(credits={"csm": 31})
    assert csm.create(auto_gen_3d=True).status_code == 402
    assert csm.sim.balances()["csm"] == 31


def test_newer_servers(csm: Others) -> None:
    csm.sim.configure(csm_generation="session", job_seconds=1000)
    created = csm.create(image_url=data_uri(), geometry_model="turbo", texture_model="none").json()["data"]
    assert {"status", "percentage"}.isdisjoint(created)
    assert [created["session_status"], created["percent_done"], created["spins"]] == ["incomplete", 0, []]
    code = created["session_code"]
    csm.sim.finish_jobs()
    done = csm.look(code)
    assert [done["session_status"], done["percent_done"], done["geometry_model"]] == ["complete", 100, "turbo"]
    glb = requests.get(done["mesh_url_glb"], timeout=60).content
    assert "images" not in json.loads(glb[20 : 20 + int.from_bytes(glb[12:16], "little")])
    assert csm.create(texture_model="shiny").status_code == 400
    csm.refine(code, scaled_bbox=[1, 2, 3])
    again = csm.look(code)
    assert [again["session_status"], again["mesh_url_glb"]] == ["incomplete", ""]
    csm.sim.finish_jobs()
    low, high = size(csm.look(code)["mesh_url_glb"])
    assert np.allclose(high - low, [1, 2, 3], rtol=1e-4)
    csm.sim.set_fault("csm/create", "generation_failed")
    failed = csm.session()
    csm.sim.finish_jobs()
    assert csm.look(failed)["session_status"] == "failed"
