"""CSM's stand-in: what it refuses, how its stages fail, and its faults."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.support.other_services import Others, data_uri
from tests.support.simulator_client import picture


@pytest.mark.parametrize(
    ("change", "status"),
    [
        *[({name: None}, 400) for name in ("image_url", "model_resolution", "pixel_alignment", "preview_mesh")],
        ({"image_url": "chair.png"}, 400),
        ({"image_url": "file:///etc/passwd"}, 400),
        ({"image_url": "data:image/png;base64,%%%"}, 400),
        ({"image_url": "data:text/plain;base64,aGFsbG8="}, 400),
        ({"image_url": data_uri(picture(), "png")}, 400),  # a JPEG that says it is a PNG
        ({"model_resolution": "medium"}, 400),
        ({"pixel_alignment": "low"}, 400),
        ({"preview_mesh": "ultra"}, 400),
        *[({"diffusion_time_steps": steps}, 400) for steps in (15, 201, 20.5, "20", True)],
        *[({"diffusion_time_steps": steps}, 201) for steps in (16, 200)],
        ({"auto_gen_3d": "true"}, 400),
        ({"topology": "quads", "resolution": "low_poly", "texture_resolution": 128}, 201),
        ({"topology": "", "resolution": "", "texture_resolution": ""}, 201),
        ({"topology": "hexes"}, 400),
        ({"texture_resolution": 300}, 400),
    ],
)
def test_what_a_session_may_be_asked_for(csm: Others, change: dict[str, Any], status: int) -> None:
    answer = csm.create(**change)
    assert [answer.status_code, answer.json()["statusCode"]] == [status, status]
    assert bool(answer.json()["error"]) == (status != 201)
    assert bool(csm.sim.spent) == (status == 201)


@pytest.mark.parametrize("option", [{"topology": "tris"}, {"resolution": "low_poly"}, {"texture_resolution": 512}])
def test_enterprise_only(csm: Others, option: dict[str, Any]) -> None:
    csm.sim.configure(csm_enterprise=False)
    assert csm.create(**option).status_code == 403
    assert csm.create().json()["data"]["tier_at_creation"] != "enterprise"


@pytest.mark.parametrize(
    "body",
    [
        {"selected_spin_index": 4},
        {"selected_spin_index": -1},
        {"selected_spin_index": "1"},
        {"selected_spin": "https://elsewhere.example/spin_0.jpg"},
        {"selected_spin_index": 0, "selected_spin": "https://elsewhere.example/spin_0.jpg"},
        {"spin": 0},
    ],
)
def test_spins_that_are_refused(csm: Others, body: dict[str, Any]) -> None:
    assert csm.preview(csm.session(), **body).status_code == 400
    assert csm.sim.spent == 5


@pytest.mark.parametrize(
    "body",
    [
        {"pivot_point": [0, -0.51, 0]},
        {"pivot_point": [0, 0]},
        {"pivot_point": "centre"},
        {"scaled_bbox": [1, 0, 1]},
        {"scaled_bbox": [1, "1", 1]},
        {"scaled_bbox": [1, 1, True]},
        {"scaled_bbox": None},
    ],
)
def test_sizes_that_are_refused(csm: Others, body: dict[str, Any]) -> None:
    code = csm.session()
    csm.preview(code)
    assert csm.refine(code, **body).status_code == 400
    assert csm.sim.spent == 12


def test_refine_wants_a_preview_and_a_session(csm: Others) -> None:
    assert csm.refine(csm.session()).status_code == 400
    for answer in (csm.refine("SESSION_1_2"), csm.preview("SESSION_1_2"), csm.csm("GET", "/SESSION_1_2")):
        assert [answer.status_code, answer.json()["statusCode"]] == [404, 404]


def test_key_method_and_credits(csm: Others) -> None:
    for headers in ({}, {"x-api-key": "wrong"}, {"Authorization": f"Bearer {csm.sim.keys['csm']}"}):
        answer = csm.csm("POST", "", {}, headers=headers)
        assert [answer.status_code, answer.json()["error"]] == [401, "Unauthorized"]
    assert csm.csm("GET", "").status_code == 405
    csm.sim.configure(credits={"csm": 4})
    assert [csm.create().status_code, csm.sim.spent] == [402, 0]
    assert [entry["has_token"] for entry in csm.sim.requests()] == [False, True, True, True, True]
    assert csm.sim.keys["csm"] not in str(csm.sim.requests())


@pytest.mark.parametrize(("stage", "name"), [("create", "spin_generate"), ("preview", "preview_mesh")])
def test_failed_statuses(csm: Others, stage: str, name: str) -> None:
    csm.sim.configure(refund_failed=True)
    csm.sim.set_fault(f"csm/{stage}", "generation_failed")
    code = csm.session()
    csm.preview(code)
    assert csm.look(code)["status"] == f"{name}_failed"
    assert csm.refine(code).status_code == 400
    assert csm.sim.spent_at("csm") == (0 if stage == "create" else 5)


def test_error_text_without_a_status(csm: Others) -> None:
    code = csm.session()
    csm.sim.configure(job_seconds=1000)
    csm.preview(code)
    csm.sim.set_fault("csm/session", "generation_failed", error="Mesh generation failed")
    for _ in range(2):
        answer = csm.csm("GET", f"/{code}").json()
        assert [answer["error"], answer["data"]["status"]] == ["Mesh generation failed", "preview_mesh_processing"]


def test_faults_of_single_fields(csm: Others) -> None:
    csm.sim.configure(job_seconds=1000)
    code = csm.session()
    csm.preview(code)
    csm.sim.set_fault("csm/create", "missing_field")
    assert "session_code" not in csm.create().json()["data"]
    csm.sim.set_fault("csm/session", "unknown_code", code="thinking")
    assert csm.look(code)["status"] == "thinking"
    csm.sim.set_fault("csm/session", "set_field", field="data.spins", value=None)
    assert csm.look(code)["spins"] is None
    shown = []
    for fault in ("progress_stall", "progress_garbage", "progress_backwards"):
        csm.sim.set_fault("csm/session", fault)
        shown.append(csm.look(code)["percentage"])
    assert shown == [37, "abc%", 0]


def test_an_expired_result(csm: Others) -> None:
    code = csm.session()
    csm.refined(code)
    csm.sim.set_fault("csm/session", "expired_url")
    assert requests.get(csm.look(code)["mesh_url_glb"], timeout=30).status_code == 403
    url = csm.look(code)["mesh_url_glb"]
    assert requests.get(url, timeout=30).status_code == 200
    assert requests.get(url, headers={"x-api-key": csm.sim.keys["csm"]}, timeout=30).status_code == 400


def test_without_a_blender_there_is_glb_only(csm: Others) -> None:
    csm.sim.configure(csm_formats=["glb", "obj", "fbx", "usdz", "zip"], blender="/nowhere/blender")
    done = csm.refined(csm.session())
    assert [name for name, value in done.items() if name.startswith("mesh_url") and value] == ["mesh_url_glb"]
