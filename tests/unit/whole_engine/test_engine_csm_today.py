"""Today's CSM through the engine: images, views, prompts, kits, retopology, credits; servers of both generations."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from scripts.simulator.launcher import Simulator
from tests.support.engine_process import EngineProcess
from tests.support.one_engine import engine
from tests.unit.whole_engine.test_engine_images import picture
from tests.unit.whole_engine.test_engine_jobs import sim as any_sim

__all__ = ["any_sim", "engine", "picture"]

CREATE, LIST, SESSION, CREDITS = "csm/v3/create", "csm/v3/list", "csm/v3/session", "csm/credits"
URL = "https://via.placeholder.com/300/09f/red-chair.png"
SIDES = {side: f"https://via.placeholder.com/300/09f/{side}.png" for side in ("right", "left", "back")}


@pytest.fixture
def sim(any_sim: Simulator) -> Simulator:
    """Other formats than GLB need a Blender, here nothing does."""
    any_sim.configure(csm_formats=["glb"], generations={"csm": "today"})
    return any_sim


def start(engine: EngineProcess, image: str = URL, **request: Any) -> str:
    return engine.submit("", provider="csm", images=[image], **request)


def paid(sim: Simulator) -> list[str]:
    return [row["operation"] for row in sim.ledger("csm") if row["points"] > 0]


def sent(sim: Simulator, number: int = 0) -> dict[str, Any]:
    """What the request for a session brought along."""
    found: dict[str, Any] = sim.requests(CREATE)[number]["body"]
    return found


def test_a_picture_becomes_a_model_and_the_credits_tell_its_price(
    sim: Simulator, engine: EngineProcess, picture: str
) -> None:
    job = start(engine, picture)
    done = engine.wait(job, "ready")
    assert engine.states(job) == ["queued", "submitting", "generating", "downloading", "preparing_model", "ready"]
    assert paid(sim) == ["csm.image_to_3d"]
    assert [entry["operation"] for entry in done["spent"]] == ["session"]
    assert (done["cost"], done["cost_estimated"]) == (20, False)
    assert Path(done["variants"][0]["model"]).read_bytes().startswith(b"glTF")
    body = sent(sim)
    assert body["type"] == "image_to_3d"
    assert set(body["input"]) == {"image", "image_url"}
    assert all(uri.startswith("data:image/png;base64,") for uri in body["input"].values())


def test_the_generation_is_asked_once_and_noted(sim: Simulator, tmp_path: Path) -> None:
    for number in range(2):
        with EngineProcess(tmp_path, sim.api_url, sim.keys) as engine:
            engine.wait(start(engine, f"{URL}?{number}"), "ready")
            engine.wait(start(engine, f"{URL}?again-{number}"), "ready")
    assert len(sim.requests(LIST)) == 1, "for all jobs, and the next day's too"
    assert sim.requests("csm/create") == []


@pytest.mark.parametrize("at", ["meshes", "flat", "both"])
def test_every_place_of_a_result(sim: Simulator, engine: EngineProcess, at: str) -> None:
    sim.configure(csm_output=at)
    engine.wait(start(engine), "ready")


def test_options_stand_where_each_document_has_them(sim: Simulator, engine: EngineProcess) -> None:
    options = {"geometry_model": "turbo", "texture_model": "pbr", "faces": 2000, "symmetry": "auto", "seed": 7}
    done = engine.wait(start(engine, options=options, size_mm=55.0), "ready")
    settings = {"geometry_model": "turbo", "texture_model": "pbr", "symmetry": "auto", "seed": 7}
    pictures = {"image": URL, "image_url": URL}
    assert sent(sim)["input"] == {**pictures, **settings, "resolution": 2000, "settings": settings}
    assert [entry["operation"] for entry in done["spent"]] == ["session turbo pbr"]
    made = sim.jobs()[-1]
    assert (made["resolution"], made["texture_model"]) == (2000, "pbr")


def test_views_go_with_the_front_first(sim: Simulator, engine: EngineProcess) -> None:
    engine.wait(start(engine, views=SIDES), "ready")
    assert paid(sim) == ["csm.multiview_to_3d"]
    in_order = [URL, SIDES["left"], SIDES["back"], SIDES["right"]]
    assert sent(sim) == {"type": "multiview_to_3d", "input": {"images": in_order, "image_urls": in_order}}


def test_a_prompt_makes_a_picture_which_becomes_the_model(sim: Simulator, engine: EngineProcess) -> None:
    job = engine.submit("a red chair", provider="csm")
    done = engine.wait(job, "ready")
    assert paid(sim) == ["csm.text_to_image", "csm.image_to_3d"]
    assert sent(sim) == {"type": "text_to_image", "input": {"prompt": "a red chair"}}
    assert sent(sim, 1)["input"]["image_url"].startswith("data:image/jpeg;base64,")
    assert [entry["operation"] for entry in done["spent"]] == ["picture", "session"]
    assert (done["cost"], done["cost_estimated"]) == (24, False)
    assert Path(done["cutouts"][0]["path"]).read_bytes()[:2] == b"\xff\xd8"


def test_the_picture_of_a_prompt_is_looked_at_first_where_it_is_wanted(sim: Simulator, tmp_path: Path) -> None:
    first = EngineProcess(tmp_path, sim.api_url, sim.keys)
    job = first.submit("a red chair", provider="csm", picture_first=True, choose_cutout=True)
    first.wait(job, "choosing_cutout")
    first.kill()
    assert paid(sim) == ["csm.text_to_image"]
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as second:
        second.ask("choose", job=job, cutout=0)
        second.wait(job, "ready")
    assert paid(sim) == ["csm.text_to_image", "csm.image_to_3d"]


def test_a_picture_that_fails_costs_no_model(sim: Simulator, engine: EngineProcess) -> None:
    sim.set_fault(CREATE, "generation_failed", error="Nothing can be drawn of that.")
    error = engine.wait(engine.submit("a red chair", provider="csm"), "failed")["error"]
    assert (error["code"], "Nothing can be drawn of that." in error["what"]) == ("GenerationFailed", True)
    assert paid(sim) == ["csm.text_to_image"]


def test_a_kit_comes_in_named_parts(sim: Simulator, engine: EngineProcess, tmp_path: Path) -> None:
    job = start(engine, options={"kit": True})
    done = engine.wait(job, "ready")
    assert paid(sim) == ["csm.image_to_kit"]
    assert [entry["operation"] for entry in done["spent"]] == ["kit"]
    listed = Path(done["variants"][0]["model"])
    parts = json.loads(listed.read_text())
    assert [part["name"] for part in parts] == ["legs", "seat", "back"]
    assert all((listed.parent / part["file"]).read_bytes().startswith(b"glTF") for part in parts)
    asked = json.loads((engine.folder / "jobs" / job / "v0.prepare.json").read_text())
    assert (asked["format"], asked["source"]) == ("KIT", str(listed))
    engine.ask("save", job=job, variant=0, format="GLB", folder=str(tmp_path / "kept"), size_mm=None)
    save = engine.until(lambda: next((s for s in engine.jobs[job]["saves"] if s["state"] == "saved"), None), "files")
    assert sorted(path.name for path in Path(save["path"]).iterdir()) == ["01 legs.glb", "02 seat.glb", "03 back.glb"]


def test_a_kit_whose_addresses_expired_is_fetched_again(sim: Simulator, engine: EngineProcess) -> None:
    sim.set_fault("file", "expired_url", times=2, after=1)
    engine.wait(start(engine, options={"kit": True}), "ready")
    sim.set_fault("file", "broken_glb", where="header", after=2)
    engine.wait(start(engine, options={"kit": True}), "ready")
    assert paid(sim) == ["csm.image_to_kit"] * 2


def test_a_kit_can_be_delivered_as_files(sim: Simulator, engine: EngineProcess, tmp_path: Path) -> None:
    job = start(engine, options={"kit": True}, keep_in=str(tmp_path / "out"))
    save = engine.until(
        lambda: next((s for s in engine.jobs.get(job, {}).get("saves", ()) if s["state"] == "saved"), None), "the files"
    )
    assert len(list(Path(save["path"]).glob("*.glb"))) == 3
    assert zipfile.is_zipfile(engine.folder / "jobs" / job / "v0.glb")


def test_a_retopology_follows_and_its_session_is_the_model(sim: Simulator, engine: EngineProcess) -> None:
    job = start(engine, options={"retopology": "swift", "faces": 300})
    done = engine.wait(job, "ready")
    assert paid(sim) == ["csm.image_to_3d", "csm.retopology"]
    assert "resolution" not in sent(sim)["input"]
    body = sent(sim, 1)
    assert (body["type"], body["input"]["model"], body["input"]["resolution"]) == ("retopology", "swift", 300)
    assert body["input"]["mesh"] == body["input"]["mesh_url"]
    first, second = (made["uuid"] for made in sim.jobs())
    variant = done["variants"][0]
    assert (variant["before"], variant["uuid"]) == (first, second)
    assert [entry["operation"] for entry in done["spent"]] == ["session", "retopology swift"]
    assert (done["cost"], done["cost_estimated"]) == (30, False)


def test_where_a_retopology_fails_the_model_comes_as_it_was(sim: Simulator, engine: EngineProcess) -> None:
    sim.set_fault(CREATE, "generation_failed", match="retopology", error="Too many holes.")
    done = engine.wait(start(engine, options={"retopology": "swift"}), "ready")
    assert paid(sim) == ["csm.image_to_3d", "csm.retopology"]
    assert done["variants"][0]["uuid"] == sim.jobs()[0]["uuid"]
    assert done["service"]["retopology swift"] == "failed: Too many holes."


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "hang"])
def test_a_retopology_whose_answer_is_lost_is_paid_once(sim: Simulator, tmp_path: Path, fault: str) -> None:
    sim.set_fault(CREATE, fault, match="retopology")
    first = EngineProcess(tmp_path, sim.api_url, sim.keys)
    job = start(first, options={"retopology": "swift"})
    first.until(lambda: True if len(sim.requests(CREATE)) == 2 else None, "the order")
    first.kill()
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as second:
        done = second.wait(job, "ready")
    assert paid(sim) == ["csm.image_to_3d", "csm.retopology"]
    assert done["variants"][0]["uuid"] == sim.jobs()[-1]["uuid"]


def test_a_retopology_that_cannot_be_looked_for_is_left_to_the_user(sim: Simulator, engine: EngineProcess) -> None:
    sim.set_fault(CREATE, "reset_after", match="retopology")
    sim.set_fault(LIST, "http_400", times=None, after=1)
    job = start(engine, options={"retopology": "swift"})
    failed = engine.wait(job, "failed")
    assert (failed["error"]["code"], failed["retry_pays"]) == ("PaymentUnknown", True)
    assert paid(sim) == ["csm.image_to_3d", "csm.retopology"]
    engine.send("retry", job=job)  # the user asks for it
    engine.wait(job, "ready")
    assert paid(sim) == ["csm.image_to_3d", "csm.retopology", "csm.retopology"]


def test_a_retopology_that_is_refused_costs_nothing(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(credits={"csm": 25})
    job = start(engine, options={"retopology": "swift"})
    assert engine.wait(job, "failed")["error"]["code"] == "NotEnoughPoints"
    sim.configure(credits={"csm": 30})
    engine.send("retry", job=job)
    engine.wait(job, "ready")
    assert paid(sim) == ["csm.image_to_3d", "csm.retopology"]


@pytest.mark.parametrize(
    ("status", "word"), [("cancelled", "cancelled"), ("canceled", "cancelled"), ("failed", "failed")]
)
def test_what_is_over_is_over(sim: Simulator, engine: EngineProcess, status: str, word: str) -> None:
    sim.set_fault(SESSION, "set_field", field="status", value=status, times=None)
    error = engine.wait(start(engine), "failed")["error"]
    assert (error["code"], word in error["what"]) == ("GenerationFailed", True)


def test_the_message_of_a_status_is_shown(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(job_seconds=600.0)
    sim.set_fault(SESSION, "set_field", field="status_message", value="Three jobs are before yours.", times=None)
    job = start(engine)
    engine.until(lambda: "Three jobs" in engine.jobs.get(job, {}).get("note", "") or None, "its words")
    sim.clear_faults()
    sim.finish_jobs()
    engine.wait(job, "ready")
    sim.configure(job_seconds=0.0)
    sim.set_fault(CREATE, "generation_failed", error="No object was found.")
    assert "No object was found." in engine.wait(start(engine), "failed")["error"]["what"]


@pytest.mark.parametrize("status", ["queued", "processing", "in_progress", "incomplete", "a new word"])
def test_what_is_under_way_is_waited_for(sim: Simulator, engine: EngineProcess, status: str) -> None:
    sim.set_fault(SESSION, "set_field", field="status", value=status, times=3)
    engine.wait(start(engine), "ready")
    assert len(sim.requests(SESSION)) >= 4


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"choose_cutout": True}, "no spins"),
        ({"options": {"auto_gen_3d": True}}, "auto_gen_3d"),
        ({"options": {"model_resolution": "low", "topology": "quads"}}, "model_resolution and topology"),
    ],
)
def test_what_only_older_servers_know_is_refused_before_it_is_paid(
    sim: Simulator, engine: EngineProcess, asked: dict[str, Any], words: str
) -> None:
    error = engine.wait(start(engine, **asked), "failed")["error"]
    assert (error["code"], words in error["what"]) == ("UnsupportedFeature", True)
    assert (error["cost"], sim.requests(CREATE)) == ("Nothing was paid.", [])


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"views": SIDES}, "one view"),
        ({"images": [], "prompt": "a chair"}, "no models from a prompt"),
        ({"options": {"kit": True, "faces": 10}}, "faces and kit"),
        ({"options": {"retopology": "swift"}}, "retopology"),
    ],
)
def test_what_only_todays_csm_knows_is_refused_by_older_servers(
    sim: Simulator, engine: EngineProcess, asked: dict[str, Any], words: str
) -> None:
    sim.configure(generations={"csm": "2024"})
    job = engine.submit(**{"prompt": "", "provider": "csm", "images": [URL], **asked})
    error = engine.wait(job, "failed")["error"]
    assert (error["code"], words in error["what"]) == ("UnsupportedFeature", True)
    assert (error["cost"], sim.requests("csm/create")) == ("Nothing was paid.", [])


@pytest.mark.parametrize("before", ["today", "2024"])
def test_a_server_that_changes_its_generation(sim: Simulator, engine: EngineProcess, before: str) -> None:
    generations = {"today": ["csm.image_to_3d"], "2024": ["csm.session", "csm.preview", "csm.refine"]}
    after = next(name for name in generations if name != before)
    sim.configure(generations={"csm": before})
    engine.wait(start(engine), "ready")
    sim.configure(generations={"csm": after})
    engine.wait(start(engine), "ready")
    assert paid(sim) == generations[before] + generations[after]
    facts = [event["facts"] for event in engine.events if event["event"] == "server"]
    assert [one["generation"] for one in facts if "generation" in one][-1] == {"today": "v3", "2024": "sessions"}[after]


def test_a_session_that_is_gone_is_no_other_generation(sim: Simulator, engine: EngineProcess) -> None:
    sim.set_fault(SESSION, "http_404", times=None)
    assert engine.wait(start(engine), "failed")["error"]["code"] == "JobNotFound"
    assert len(sim.requests(LIST)) == 1


def test_the_key_and_the_credits_are_asked_for_nothing(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(credits={"csm": 77})
    for command in ("test_key", "balance"):
        answer = engine.ask(command, provider="csm")
        assert (answer["error"], answer["balance"]["total"]) == (None, 77)
    engine.configure(sim.api_url, {**sim.keys, "csm": "not-the-key"})
    assert engine.ask("test_key", provider="csm")["error"]["code"] == "KeyRejected"
    assert paid(sim) == []


def test_a_cap_can_be_kept_once_the_price_was_measured(sim: Simulator, engine: EngineProcess) -> None:
    engine.wait(start(engine), "ready")
    error = engine.wait(start(engine, max_points=19), "failed")["error"]
    assert error["code"] == "CapReached"
    engine.wait(start(engine, max_points=20), "ready")
    assert paid(sim) == ["csm.image_to_3d"] * 2
