"""Today's CSM on the stand-in: sessions of every type, their options and results, what is refused."""

from __future__ import annotations

import io
import sys
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image

from tests.support.other_services import data_uri
from tests.support.others_today import IMAGE, Today, download, fits
from tests.support.simulator_client import Caller

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


def test_results_in_every_format(csm: Today) -> None:
    # Nothing is converted before somebody fetches it: any program will do as Blender here.
    csm.sim.configure(csm_output="both", csm_formats=["glb", "obj", "fbx", "usdz", "zip"], blender=sys.executable)
    output = csm.look(csm.session())["output"]
    assert set(output["meshes"][0]["data"]) == {"glb_url", "obj_url", "fbx_url", "usdz_url"}
    assert {f"mesh_url_{kind}" for kind in ("glb", "obj", "fbx", "usdz", "zip")} < set(output)
    parts = csm.look(csm.session("image_to_kit", image=IMAGE))["output"]["parts"]
    assert {"id", "name", "mesh_url_glb", "mesh_url_obj", "mesh_url_fbx"} == set(parts[0])


def test_a_picture_of_a_prompt(csm: Today) -> None:
    url = csm.look(csm.session("text_to_image", prompt="a red chair"))["output"]["image_url"]
    assert Image.open(io.BytesIO(download(url))).format == "JPEG"
    made = csm.session(image_url=url)
    assert scene(glb_of(csm.look(made))).bounds is not None


def test_a_kit_assembles_in_place(csm: Today) -> None:
    parts = csm.look(csm.session("image_to_kit", image=IMAGE))["output"]["parts"]
    assert [part["name"] for part in parts] == ["legs", "seat", "back"]
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
    few = glb_of(csm.look(csm.session("retopology", mesh_url=url, resolution=900)))
    assert faces(few) <= 900 < faces(url)
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


@pytest.mark.parametrize("kind", INPUTS)
def test_the_requests_fit_the_schema(kind: str) -> None:
    assert fits("csm", "csm/v3/create", "request", {"type": kind, "input": INPUTS[kind]})
    assert not fits("csm", "csm/v3/create", "request", {"type": kind, "input": {}})
    assert not fits("csm", "csm/v3/create", "request", {"type": kind, "input": {**INPUTS[kind], "geometry_model": "x"}})
    body = {"type": kind, "input": {**INPUTS[kind], "else": 1}}
    assert fits("csm", "csm/v3/create", "request", body)
    assert not fits("csm", "csm/v3/create", "request", {**body, "else": 1})
