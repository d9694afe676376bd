"""Today's CSM on the stand-in: sessions of every type, the list, cancelling, credits, settings, faults, ledger."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import requests
import trimesh
from PIL import Image

from tests.unit.other_services import data_uri
from tests.unit.others_today import IMAGE, Today, download, fits
from tests.unit.simulator_client import Caller

INPUTS: dict[str, dict[str, Any]] = {
    "image_to_3d": {"image_url": IMAGE},
    "multiview_to_3d": {"image_urls": [IMAGE, IMAGE]},
    "text_to_image": {"prompt": "a red chair"},
    "image_to_kit": {"image_url": IMAGE},
    "retopology": {"mesh_url": "https://example.com/red-chair.glb"},
}
PRICES = {"image_to_3d": 20, "multiview_to_3d": 25, "text_to_image": 4, "image_to_kit": 40, "retopology": 10}


@pytest.fixture
def csm(service: Caller) -> Today:
    """Only GLB, so that a Blender on the machine changes nothing."""
    service.sim.configure(csm_formats=["glb"], generations={"csm": "today"})
    return Today(service.sim)


def glb_of(done: dict[str, Any]) -> str:
    return str(done["output"]["meshes"][0]["data"]["glb_url"])


def scene(url: str) -> Any:
    return trimesh.load(io.BytesIO(download(url)), file_type="glb")


def faces(url: str) -> int:
    return sum(len(mesh.faces) for mesh in scene(url).geometry.values())


@pytest.mark.parametrize("kind", INPUTS)
def test_every_type_from_order_to_result(csm: Today, kind: str) -> None:
    csm.sim.configure(job_seconds=1000)
    answer = csm.create(kind, **INPUTS[kind])
    assert answer.status_code == 201
    created = answer.json()
    assert [created["type"], created["status"], created["output"]] == [kind, "incomplete", {}]
    assert created["input"] == INPUTS[kind]
    csm.sim.finish_jobs()
    done = csm.look(created["_id"])
    assert [done["status"], done["percent_done"]] == ["complete", 100]
    assert {"status_message", "credits_used"}.isdisjoint(done)
    rows = [(row["service"], row["operation"], row["points"], row["uuids"]) for row in csm.sim.ledger()]
    assert rows == [("csm", f"csm.{kind}", PRICES[kind], [done["_id"]])]
    assert csm.csm("csm/credits", "GET", "/user/credits").json()["credits"] == 1000 - PRICES[kind]
    assert [(job["uuid"], job["type"], job["state"]) for job in csm.sim.jobs()] == [(done["_id"], kind, "done")]


def test_where_results_stand(csm: Today) -> None:
    done = csm.session()
    assert list(csm.look(done)["output"]) == ["meshes"]
    csm.sim.configure(csm_output="flat")
    assert list(csm.look(done)["output"]) == ["mesh_url_glb"]
    csm.sim.configure(csm_output="both")
    output = csm.look(done)["output"]
    assert list(output) == ["meshes", "mesh_url_glb"]
    assert download(output["mesh_url_glb"]) == download(output["meshes"][0]["data"]["glb_url"])


def test_a_picture_of_a_prompt(csm: Today) -> None:
    url = csm.look(csm.session("text_to_image", prompt="a red chair"))["output"]["image_url"]
    assert Image.open(io.BytesIO(download(url))).format == "JPEG"
    made = csm.session(image_url=url)
    assert scene(glb_of(csm.look(made))).bounds is not None


def test_a_kit_assembles_in_place(csm: Today) -> None:
    parts = csm.look(csm.session("image_to_kit", image=IMAGE))["output"]["parts"]
    assert len({part["name"] for part in parts}) == len(parts) >= 2
    whole = scene(glb_of(csm.look(csm.session(image=IMAGE))))
    bounds = np.array([scene(part["mesh_url_glb"]).bounds for part in parts])
    assert np.allclose([bounds[:, 0].min(axis=0), bounds[:, 1].max(axis=0)], whole.bounds, atol=1e-5)
    assert sum(faces(part["mesh_url_glb"]) for part in parts) == sum(len(m.faces) for m in whole.geometry.values())


def test_a_kit_of_an_uploaded_picture(csm: Today) -> None:
    parts = csm.look(csm.session("image_to_kit", image=data_uri()))["output"]["parts"]
    assert len(parts) >= 2
    assert all(faces(part["mesh_url_glb"]) > 0 for part in parts)


def test_retopology_of_a_result(csm: Today) -> None:
    url = glb_of(csm.look(csm.session(image=IMAGE, seed=7)))
    few = glb_of(csm.look(csm.session("retopology", mesh_url=url, resolution=600)))
    assert faces(few) <= 600 < faces(url)
    assert np.allclose(scene(few).bounds, scene(url).bounds, atol=0.1)
    for wrong in ("http://example.com/a.glb", url.replace("mesh.glb", "none.glb"), "chair.glb"):
        assert csm.create("retopology", mesh_url=wrong).status_code == 400


def test_pictures_under_both_names(csm: Today) -> None:
    uploaded = csm.look(csm.session(image=data_uri()))
    assert download(uploaded["input"]["image"])[:4] == b"\x89PNG"
    views = csm.look(csm.session("multiview_to_3d", images=[data_uri(), IMAGE]))["input"]["images"]
    assert [views[0].startswith(csm.sim.files_url), views[1]] == [True, IMAGE]
    assert download(glb_of(uploaded)) != download(glb_of(csm.look(csm.session(image_url=IMAGE))))


@pytest.mark.parametrize("nested", [True, False])
def test_options_in_settings_and_flat(csm: Today, nested: bool) -> None:
    def made(**options: Any) -> str:
        more = {"settings": options} if nested else options
        return glb_of(csm.look(csm.session(image_url=IMAGE, **more)))

    assert faces(made(resolution=900)) <= 900 < faces(made())
    low, high = scene(made(scaled_bbox=[1, 2, 3])).bounds
    assert np.allclose(high - low, [1, 2, 3], rtol=1e-4)
    assert download(made(seed=3)) != download(made(seed=4))
    sizes = [len(download(made(texture_model=kind))) for kind in ("none", "baked", "pbr")]
    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize(
    ("kind", "input"),
    [
        ("image_to_3d", {}),
        ("image_to_3d", {"image_url": None}),
        ("image_to_3d", {"image_url": "/home/me/chair.png"}),
        ("image_to_3d", {"image_url": "data:image/png;base64,AAAA"}),
        ("image_to_3d", {"prompt": "a chair"}),
        ("image_to_kit", {"image_urls": [IMAGE]}),
        ("multiview_to_3d", {"image_urls": []}),
        ("multiview_to_3d", {"images": [IMAGE] * 5}),
        ("multiview_to_3d", {"image": IMAGE}),
        ("text_to_image", {"prompt": " "}),
        ("retopology", {}),
        ("scene", {"prompt": "a room"}),
        ("dance", {"image_url": IMAGE}),
        *[
            ("image_to_3d", {"image_url": IMAGE, **options})
            for options in (
                {"geometry_model": "best"},
                {"settings": {"texture_model": "shiny"}},
                {"resolution": "high"},
                {"resolution": 0},
                {"symmetry": 3},
                {"scaled_bbox": [1, 2]},
                {"settings": []},
                {"settings": {"auto_refine": "yes"}},
                {"seed": 1.5},
            )
        ],
    ],
)
def test_orders_that_are_refused(csm: Today, kind: str, input: dict[str, Any]) -> None:
    answer = csm.create(kind, **input)
    assert [answer.status_code, list(answer.json())] == [400, ["error", "message", "statusCode"]]
    assert [csm.sim.spent, csm.sim.jobs()] == [0, []]


@pytest.mark.parametrize("body", [{}, {"type": "image_to_3d"}, {"input": {"image": IMAGE}}, [], None])
def test_bodies_that_are_refused(csm: Today, body: Any) -> None:
    assert csm.csm("csm/v3/create", "POST", "/v3/sessions/", body).status_code == 400
    assert not fits("csm", "csm/v3/create", "request", body)


def test_a_lost_order_is_found_in_the_list(csm: Today) -> None:
    first = csm.session()
    csm.sim.set_fault("csm/v3/create", "reset_after")
    with pytest.raises(requests.ConnectionError):
        csm.create("text_to_image", prompt="a lost chair")
    listed = csm.listed("?limit=5").json()
    assert [listed["total"], listed["page"], listed["limit"]] == [2, 0, 5]
    newest, oldest = listed["results"]
    assert [newest["type"], newest["input"]] == ["text_to_image", {"prompt": "a lost chair"}]
    assert [oldest["_id"], newest["created_at"] >= oldest["created_at"]] == [first, True]
    assert csm.look(newest["_id"]) == {**newest, "output": csm.look(newest["_id"])["output"]}


def test_pages_and_filters(csm: Today) -> None:
    ids = [csm.session() for _ in range(3)]
    other = csm.session("text_to_image", prompt="a bird")

    def found(query: str) -> list[str]:
        return [row["_id"] for row in csm.listed(query).json()["results"]]

    assert found("") == [other, *reversed(ids)]
    assert [found("?limit=2&page=1"), found("?limit=2&page=2")] == [[ids[1], ids[0]], []]
    assert [found("?type=text_to_image"), found("?status=incomplete")] == [[other], []]
    for query in ("?limit=0", "?limit=101", "?limit=x", "?page=-1", "?type=dance", "?status=odd"):
        assert csm.listed(query).status_code == 400


def test_cancelling(csm: Today) -> None:
    csm.sim.configure(job_seconds=1000)
    id = csm.session()
    assert csm.cancel(id).json()["statusCode"] == 200
    csm.sim.finish_jobs()
    gone = csm.look(id)
    assert [gone["status"], gone["output"]] == ["cancelled", {}]
    assert [row["_id"] for row in csm.listed("?status=cancelled").json()["results"]] == [id]
    assert csm.sim.spent == 20
    assert csm.cancel(id).status_code == 200
    assert [csm.cancel(id).status_code, csm.listed().json()["total"]] == [404, 0]
    assert csm.csm("csm/v3/session", "GET", f"/v3/sessions/{id}").status_code == 404


@pytest.mark.parametrize("refunds", [True, False])
def test_failures_say_why(csm: Today, refunds: bool) -> None:
    csm.sim.configure(refund_failed=refunds)
    csm.sim.set_fault("csm/v3/create", "generation_failed", error="No object was found.")
    first = csm.look(csm.session())
    assert [first["status"], first["status_message"], first["output"]] == ["failed", "No object was found.", {}]
    second = csm.session()
    csm.sim.set_fault("csm/v3/session", "generation_failed")
    assert csm.look(second)["status"] == "failed"
    assert csm.look(second)["status_message"]
    assert csm.sim.spent == (0 if refunds else 40)


def test_what_it_cost_may_be_told(csm: Today) -> None:
    csm.sim.configure(csm_price_told=True, job_seconds=1000)
    id = csm.session()
    assert "credits_used" not in csm.look(id)
    csm.sim.finish_jobs()
    assert csm.look(id)["credits_used"] == 20


def test_key_method_and_credits(csm: Today) -> None:
    url = f"{csm.sim.api_url}/v3/sessions/"
    for method, path in (("POST", ""), ("GET", ""), ("GET", "x"), ("DELETE", "x"), ("GET", "../../user/credits")):
        assert requests.request(method, url + path, timeout=30, headers={"x-api-key": "wrong"}).status_code == 401
    assert requests.put(url, timeout=30).status_code == 405
    assert requests.post(url + "x", timeout=30).headers["Allow"] == "DELETE, GET"
    csm.sim.configure(credits={"csm": 19})
    assert csm.create(image_url=IMAGE).status_code == 402
    assert csm.sim.spent == 0
    assert csm.csm("csm/v3/create", "POST", "/v3/sessions", {"type": "text_to_image", "input": {"prompt": "x"}}).ok


def test_faults_of_single_fields(csm: Today) -> None:
    csm.sim.set_fault("csm/v3/create", "missing_field")
    headers = {"x-api-key": csm.sim.keys["csm"]}
    body = {"type": "image_to_3d", "input": {"image": IMAGE}}
    url = f"{csm.sim.api_url}/v3/sessions/"
    assert "_id" not in requests.post(url, json=body, headers=headers, timeout=30).json()
    id = csm.session()
    csm.sim.set_fault("csm/v3/session", "unknown_code", code="thinking")
    assert requests.get(url + id, headers=headers, timeout=30).json()["status"] == "thinking"
    csm.sim.set_fault("csm/v3/session", "progress_stall")
    assert csm.look(id)["percent_done"] == 37
    csm.sim.set_fault("csm/v3/session", "expired_url")
    assert requests.get(glb_of(csm.look(id)), timeout=30).status_code == 403
    for endpoint, path in (("csm/credits", "/user/credits"), ("csm/v3/list", "/v3/sessions/")):
        csm.sim.set_fault(endpoint, "http_500")
        assert csm.csm(endpoint, "GET", path).status_code == 500


def test_the_older_sessions_are_gone_unless_they_are_kept(csm: Today) -> None:
    body = {"image_url": IMAGE, "preview_mesh": "fast_sculpt"}
    for method in ("GET", "POST"):
        gone = requests.request(method, f"{csm.sim.api_url}/image-to-3d-sessions", timeout=30, json=body)
        assert [gone.status_code, list(gone.json())] == [404, ["message"]]
    csm.sim.configure(csm_legacy=True)
    assert fits("csm", "csm/create", "request", body)
    created = csm.csm("csm/create", "POST", "/image-to-3d-sessions", body).json()["data"]
    assert csm.csm("csm/create", "POST", "/image-to-3d-sessions", {**body, "preview_mesh": "hd"}).status_code == 400
    listed = csm.csm("csm/list", "GET", "/image-to-3d-sessions?limit=3").json()["data"]
    assert [row["session_code"] for row in listed["results"]] == [created["session_code"]]
    done = csm.csm("csm/session", "GET", f"/image-to-3d-sessions/{created['session_code']}").json()["data"]
    assert [done["session_status"], done["percent_done"]] == ["complete", 100]
    assert download(done["mesh_url_glb"])[:4] == b"glTF"


def test_2024_has_no_v3(csm: Today) -> None:
    csm.sim.configure(generations={"csm": "2024"})
    for path in ("/v3/sessions/", "/v3/sessions/x", "/user/credits"):
        assert requests.get(csm.sim.api_url + path, timeout=30).status_code == 404
    body = {"image_url": IMAGE, "preview_mesh": "turbo", "pixel_alignment": "lowest", "model_resolution": "low"}
    headers = {"x-api-key": csm.sim.keys["csm"]}
    url = f"{csm.sim.api_url}/image-to-3d-sessions"
    created = requests.post(url, json=body, headers=headers, timeout=30).json()
    assert fits("csm", "csm/create", "request", body, "2024")
    assert fits("csm", "csm/create", "201", created, "2024")
    assert requests.get(url, headers=headers, timeout=30).status_code == 405
    csm.sim.configure(csm_legacy_list=True)
    listed = requests.get(url, headers=headers, timeout=30).json()
    assert fits("csm", "csm/list", "200", listed, "2024")
    assert listed["data"]["results"][0]["session_code"] == created["data"]["session_code"]


@pytest.mark.parametrize("kind", INPUTS)
def test_the_requests_fit_the_schema(kind: str) -> None:
    assert fits("csm", "csm/v3/create", "request", {"type": kind, "input": INPUTS[kind]})
    assert not fits("csm", "csm/v3/create", "request", {"type": kind, "input": {}})
    assert not fits("csm", "csm/v3/create", "request", {"type": kind, "input": {**INPUTS[kind], "geometry_model": "x"}})
