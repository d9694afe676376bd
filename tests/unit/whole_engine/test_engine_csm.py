"""CSM's sessions through the engine: stages, spins, options, sizes, statuses of both generations."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.files.gltf.glb_dimensions import size_of
from scripts.simulator.launcher import Simulator
from tests.support.engine_process import EngineProcess
from tests.unit.whole_engine.test_engine_images import picture
from tests.unit.whole_engine.test_engine_jobs import engine
from tests.unit.whole_engine.test_engine_jobs import sim as any_sim

__all__ = ["any_sim", "engine", "picture"]

CREATE, SESSION, PREVIEW, REFINE = "csm/create", "csm/session", "csm/preview", "csm/refine"
STAGES = ["csm.session", "csm.preview", "csm.refine"]
URL = "https://via.placeholder.com/300/09f/fff.png"
ALL_AT_ONCE = {"auto_gen_3d": True}


@pytest.fixture
def sim(any_sim: Simulator) -> Simulator:
    """Other formats than GLB need a Blender, here nothing does."""
    any_sim.configure(csm_formats=["glb"])
    return any_sim


def start(engine: EngineProcess, image: str = URL, **request: Any) -> str:
    return engine.submit("", provider="csm", images=[image], **request)


def paid(sim: Simulator) -> list[str]:
    return [row["operation"] for row in sim.ledger("csm")]


def sent(sim: Simulator, endpoint: str) -> dict[str, Any]:
    """What the only request to the endpoint brought along."""
    (request,) = sim.requests(endpoint)
    found: dict[str, Any] = request["body"]
    return found


def test_a_picture_becomes_a_model_in_three_stages(sim: Simulator, engine: EngineProcess, picture: str) -> None:
    job = start(engine, picture)
    done = engine.wait(job, "ready")
    assert engine.states(job) == ["queued", "submitting", "generating", "downloading", "preparing_model", "ready"]
    assert paid(sim) == STAGES
    assert [entry["operation"] for entry in done["spent"]] == ["session", "preview", "refine"]
    assert done["cost"] is None, "nobody names a price"
    assert Path(done["variants"][0]["model"]).read_bytes().startswith(b"glTF")
    engine.until(lambda: engine.jobs[job]["variants"][0]["preview"] or None, "the chosen spin's picture")
    uri = sent(sim, CREATE)["image_url"]  # the log keeps its beginning
    head, _, data = uri.removesuffix("...").partition(",")
    assert head == "data:image/png;base64"
    assert base64.b64encode(Path(picture).read_bytes()).decode().startswith(data)


def test_what_is_sent_of_the_options(sim: Simulator, engine: EngineProcess) -> None:
    engine.wait(start(engine), "ready")
    assert sent(sim, CREATE) == {
        "image_url": URL,
        "model_resolution": "high",
        "pixel_alignment": "highest",
        "preview_mesh": "turbo",
        "diffusion_time_steps": 20,
        "auto_gen_3d": False,
    }
    assert sent(sim, PREVIEW) == {"selected_spin_index": 0}


def test_every_option_arrives(sim: Simulator, engine: EngineProcess) -> None:
    options = {
        "model_resolution": "low",
        "pixel_alignment": "moderate",
        "preview_mesh": "hd",
        "diffusion_time_steps": 200,
        "auto_gen_3d": True,
        "topology": "quads",
        "resolution": "low_poly",
        "texture_resolution": "512",
        "geometry_model": "turbo",
        "texture_model": "pbr",
    }
    job = start(engine, options=options)
    body = sent(sim, CREATE) if engine.wait(job, "ready") else {}
    assert body == {**options, "image_url": URL, "texture_resolution": 512}


def test_the_choice_among_the_spins_waits_and_survives_a_crash(sim: Simulator, tmp_path: Path, picture: str) -> None:
    first = EngineProcess(tmp_path, sim.api_url, sim.keys)
    job = start(first, picture, choose_cutout=True)
    waiting = first.wait(job, "choosing_cutout")
    assert [Path(spin["path"]).read_bytes()[:2] for spin in waiting["cutouts"]] == [b"\xff\xd8"] * 4
    assert paid(sim) == ["csm.session"]
    assert not waiting["under_way"]
    first.kill()
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as second:
        assert "no spin 4; there are 0 to 3" in second.ask("choose", job=job, cutout=4)["error"]["what"]
        second.ask("choose", job=job, cutout=2)
        second.wait(job, "ready")
    assert sent(sim, PREVIEW) == {"selected_spin_index": 2}
    assert paid(sim) == STAGES
    assert [made["spin"] for made in sim.jobs() if made["service"] == "csm"] == [2]


def test_a_choice_that_is_given_up_can_be_taken_up_again(sim: Simulator, engine: EngineProcess) -> None:
    job = start(engine, choose_cutout=True)
    engine.wait(job, "choosing_cutout")
    engine.send("cancel", job=job)
    engine.wait(job, "cancelled")
    engine.send("retry", job=job)
    engine.wait(job, "choosing_cutout")
    engine.ask("choose", job=job, cutout=3)
    engine.wait(job, "ready")
    assert paid(sim) == STAGES


def test_csm_may_go_through_all_stages_by_itself(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(job_seconds=0.3, matting_seconds=0.2)
    done = engine.wait(start(engine, options=ALL_AT_ONCE), "ready")
    assert paid(sim) == STAGES  # at the creation
    assert [entry["operation"] for entry in done["spent"]] == ["session with all stages"]
    assert sim.requests(PREVIEW) == sim.requests(REFINE) == []


def test_nothing_is_ordered_of_a_session_that_does_not_say_that_it_goes_on_by_itself(
    sim: Simulator, engine: EngineProcess
) -> None:
    waiting = {"status": "spin_generate_done", "spins": [URL]}
    sim.set_fault(endpoint=SESSION, fault="set_field", field="data", value=waiting, times=3)
    engine.wait(start(engine, options=ALL_AT_ONCE), "ready")
    assert sim.requests(PREVIEW) == sim.requests(REFINE) == []


def test_newer_servers_make_the_model_at_once(sim: Simulator, engine: EngineProcess, picture: str) -> None:
    sim.configure(csm_generation="session", job_seconds=0.5)
    job = start(engine, picture, options={"geometry_model": "turbo", "texture_model": "baked"}, choose_cutout=True)
    engine.wait(job, "ready")
    assert paid(sim) == ["csm.session"]
    assert sim.requests(PREVIEW) == sim.requests(REFINE) == []
    assert any(0 < told["job"]["progress"] < 1 for told in engine.events if told["event"] == "job")


def test_progress_never_falls_from_one_stage_to_the_next(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(job_seconds=0.5, matting_seconds=0.3)
    job = start(engine)
    engine.wait(job, "ready")
    told = [event["job"] for event in engine.events if event["event"] == "job"]
    shown = [data["progress"] for data in told if data["state"] == "generating"]
    assert shown == sorted(shown)
    assert any(0.25 < value < 0.5 for value in shown)
    assert any(0.5 < value < 1.0 for value in shown)
    notes = {data["note"] for data in told}
    assert {"Making the spins.", "Making the preview mesh.", "Refining the mesh."} <= notes


@pytest.mark.parametrize(("axis", "side"), [("LONGEST", None), ("Y", 2), ("Z", 1)])
def test_the_size_is_exact_and_the_proportions_are_kept(
    sim: Simulator, engine: EngineProcess, axis: str, side: int | None
) -> None:
    """The stand-in stretches to the box it is given, as the document has it."""
    job = start(engine, size_mm=321.5, axis=axis)
    made = Path(engine.wait(job, "ready")["variants"][0]["model"])
    asked = size_of(made)
    assert (max(asked) if side is None else asked[side]) == pytest.approx(0.3215, rel=1e-4)
    assert sent(sim, REFINE)["scaled_bbox"] == pytest.approx(asked, rel=1e-4)
    plain = start(engine, size_mm=None)
    own = size_of(Path(engine.wait(plain, "ready")["variants"][0]["model"]))
    assert "scaled_bbox" not in sim.requests(REFINE)[-1]["body"]
    factors = [a / b for a, b in zip(asked, own, strict=True)]
    assert factors == pytest.approx([factors[0]] * 3, rel=0.03), "a preview has fewer faces, so nearly"
    assert not (engine.folder / "jobs" / job / "sketch.glb").exists()


def test_a_preview_that_cannot_be_measured_stops_nothing(sim: Simulator, engine: EngineProcess) -> None:
    sim.set_fault(endpoint="file", fault="broken_glb", where="header", match="mesh.glb")
    engine.wait(start(engine), "ready")
    assert "scaled_bbox" not in sent(sim, REFINE)
    assert paid(sim) == STAGES


@pytest.mark.parametrize(("origin", "pivot"), [("BOTTOM", [0, -0.5, 0]), ("CENTER", [0, 0, 0]), ("AUTHORED", None)])
def test_the_origin_is_the_pivot_point(
    sim: Simulator, engine: EngineProcess, origin: str, pivot: list[float] | None
) -> None:
    engine.wait(start(engine, origin=origin), "ready")
    assert sent(sim, REFINE).get("pivot_point") == pivot


def test_a_format_that_csm_did_not_make(sim: Simulator, engine: EngineProcess, tmp_path: Path) -> None:
    error = engine.wait(start(engine, format="FBX"), "failed")["error"]
    assert (error["code"], "There are: GLB." in error["what"]) == ("ConversionFailed", True)
    assert "does not say what it costs" in error["cost"]
    job = start(engine)
    engine.wait(job, "ready")
    engine.ask("save", job=job, variant=0, format="ZIP", folder=str(tmp_path / "kept"), size_mm=None)
    save = engine.until(lambda: next((s for s in engine.jobs[job]["saves"] if s["error"]), None), "the refusal")
    assert "no ZIP of this model" in save["error"]["what"]


def test_a_file_of_another_size_is_refused(sim: Simulator, engine: EngineProcess, tmp_path: Path) -> None:
    job = start(engine, size_mm=100.0)
    engine.wait(job, "ready")
    asked = {"job": job, "variant": 0, "format": "GLB", "folder": str(tmp_path / "kept")}
    assert "size of the job alone" in engine.ask("save", size_mm=50.0, **asked)["error"]["what"]
    engine.ask("save", size_mm=100.0, **asked)
    save = engine.until(lambda: next((s for s in engine.jobs[job]["saves"] if s["state"] == "saved"), None), "the file")
    assert Path(save["path"]).suffix == ".glb"
    assert paid(sim) == STAGES


def test_a_model_without_a_glb(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(csm_formats=[])
    other = {"field": "data.mesh_url_obj", "value": f"{sim.files_url}/mesh.obj"}
    sim.set_fault(endpoint=SESSION, fault="set_field", times=None, **other)
    error = engine.wait(start(engine, options=ALL_AT_ONCE), "failed")["error"]
    assert "There are: OBJ." in error["what"]


def test_a_cap_cannot_be_kept_where_nobody_names_a_price(sim: Simulator, engine: EngineProcess) -> None:
    error = engine.wait(start(engine, max_points=100), "failed")["error"]
    assert "documents no price" in error["what"]
    assert sim.requests() == []
