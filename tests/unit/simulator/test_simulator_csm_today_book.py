"""Today's CSM on the stand-in: its list, cancelling, failures, credits, faults, and what became of the older ones."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from scripts.simulator.launcher import SimulatorError
from tests.support.other_services import Others
from tests.support.others_today import IMAGE, Today, download, fits
from tests.support.simulator_client import Caller


@pytest.fixture
def csm(service: Caller) -> Today:
    """Only GLB, so that a Blender on the machine changes nothing."""
    service.sim.configure(csm_formats=["glb"], generations={"csm": "today"})
    return Today(service.sim)


def glb_of(done: dict[str, Any]) -> str:
    return str(done["output"]["meshes"][0]["data"]["glb_url"])


def test_a_lost_order_is_found_in_the_list(csm: Today) -> None:
    first = csm.session()
    csm.sim.set_fault("csm/v3/create", "reset_after")
    with pytest.raises(requests.ConnectionError):
        csm.create("text_to_image", prompt="a lost chair")
    csm.sim.finish_jobs()
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


@pytest.mark.parametrize(
    ("order", "pages"),
    [("newest", ["321", "0"]), ("unordered", ["203", "1"]), ("moving", ["321", "10"])],
)
def test_what_no_document_says_of_a_list(csm: Today, order: str, pages: list[str]) -> None:
    ids = [csm.session() for _ in range(4)]
    csm.sim.configure(csm_list_order=order, csm_list_output=False)
    for number, expected in enumerate(pages):
        rows = csm.listed(f"?limit=3&page={number}").json()["results"]
        assert [str(ids.index(row["_id"])) for row in rows] == [*expected]
        assert all("output" not in row for row in rows)


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


def test_2024_from_spins_to_a_mesh_fits_the_schemas(csm: Today) -> None:
    csm.sim.configure(generations={"csm": "2024"})
    older = Others(csm.sim)
    code = older.session()
    for answer in (older.preview(code, selected_spin_index=1), older.refine(code, pivot_point=[0, -0.5, 0])):
        assert fits("csm", "csm/refine", str(answer.status_code), answer.json(), "2024")
    assert fits("csm", "csm/session", "200", older.csm("GET", f"/{code}").json(), "2024")
    assert fits("csm", "csm/preview", "request", {"selected_spin_index": 3}, "2024")
    for wrong in ({}, {"selected_spin_index": 4}, {"selected_spin_index": 1, "selected_spin": IMAGE}):
        assert not fits("csm", "csm/preview", "request", wrong, "2024")
    assert not fits("csm", "csm/refine", "request", {"pivot_point": [0, 0.6, 0]}, "2024")


def test_a_generation_that_there_is_not(csm: Today) -> None:
    for wrong in ({"csm": "2023"}, {"meshy": "today"}, "today"):
        with pytest.raises(SimulatorError, match="generations"):
            csm.sim.configure(generations=wrong)
