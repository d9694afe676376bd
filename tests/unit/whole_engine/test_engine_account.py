"""What an account has, through the engine: pages, what is here already, pictures within limits; nothing is paid."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from scripts.simulator.launcher import Simulator
from tests.support.engine_process import PREPARER, EngineProcess
from tests.support.one_engine import engine, facts
from tests.support.other_services import data_uri
from tests.support.others_today import IMAGE, Today
from tests.support.simulator_client import picture
from tests.unit.whole_engine.test_engine_csm_today import LIST, any_sim, sim, start

__all__ = ["any_sim", "engine", "sim"]

PNG = picture(kind="PNG")


def listed(engine: EngineProcess, page: int = 0, provider: str = "csm") -> dict[str, Any]:
    return engine.ask("account", provider=provider, page=page)


@pytest.mark.parametrize("order", ["newest", "unordered", "moving"])
def test_all_there_are_are_found_page_by_page(sim: Simulator, engine: EngineProcess, order: str) -> None:
    csm = Today(sim)
    models = {csm.session() for _ in range(13)}
    csm.session("text_to_image", prompt="a bird")
    sim.configure(csm_list_order=order, csm_list_output=order != "unordered")
    spent, pages = sim.spent, [listed(engine), listed(engine, 1)]
    assert [page["error"] for page in pages] == [None, None]
    assert {one["id"] for page in pages for one in page["models"]} == models
    assert [page["more"] for page in pages] == [True, False]
    assert sim.spent == spent, "a look costs nothing"
    assert all(row["method"] == "GET" for row in sim.requests(LIST))


def test_what_is_here_already_names_its_job(sim: Simulator, engine: EngineProcess) -> None:
    elsewhere = Today(sim).session()
    job = start(engine)
    here = engine.wait(job, "ready")["variants"][0]["uuid"]
    assert {one["id"]: one["job"] for one in listed(engine)["models"]} == {elsewhere: "", here: job}
    engine.ask("delete", job=job)
    assert {one["job"] for one in listed(engine)["models"]} == {""}


def test_what_failed_and_what_is_under_way_says_so(sim: Simulator, engine: EngineProcess) -> None:
    csm = Today(sim)
    sim.set_fault("csm/v3/create", "generation_failed", error="It has no front.")
    failed = csm.session()
    sim.finish_jobs()
    sim.configure(job_seconds=1000)
    under_way = csm.session()
    told = {one["id"]: (one["outcome"], one["obstacle"]) for one in listed(engine)["models"]}
    assert told == {failed: ("failed", "CSM could not make it: It has no front."), under_way: ("generating", "")}


def test_who_has_no_list_and_whose_key_is_wrong(sim: Simulator, engine: EngineProcess) -> None:
    for provider in ("neural4d", "goneural", "modelslab"):
        assert listed(engine, provider=provider)["error"]["code"] == "UnsupportedFeature"
    assert not [row for row in sim.requests() if row["service"] != "csm"]
    engine.configure(sim.api_url, "wrong")
    assert listed(engine)["error"]["code"] == "KeyRejected"
    engine.configure(sim.api_url, sim.keys, online=False)
    assert listed(engine)["error"]["code"] == "OnlineAccessOff"


def test_the_older_sessions_are_listed_where_the_server_does(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(generations={"csm": "2024"})
    job = engine.submit("", provider="csm", images=[IMAGE])
    engine.wait(job, "ready")
    assert "older sessions" in listed(engine)["error"]["what"]
    sim.configure(csm_legacy_list=True)
    found = listed(engine)["models"]
    assert [(one["job"], one["outcome"]) for one in found] == [(job, "done")]


def test_a_server_that_speaks_the_other_generation_by_now(sim: Simulator, engine: EngineProcess) -> None:
    today = Today(sim).session()
    assert [one["id"] for one in listed(engine)["models"]] == [today]
    sim.configure(generations={"csm": "2024"}, csm_legacy_list=True)
    assert (listed(engine)["error"], facts(engine)["generation"]) == (None, "sessions")
    sim.configure(csm_legacy_list=False)
    assert "older sessions" in listed(engine)["error"]["what"]
    sim.configure(generations={"csm": "today"})
    assert [one["id"] for one in listed(engine)["models"]] == [today]


class Pictures(BaseHTTPRequestHandler):
    """Hands out what a path names; counts the requests."""

    asked: list[str] = []
    bodies: dict[str, bytes] = {}

    def do_GET(self) -> None:
        self.asked.append(self.path)
        body = self.bodies.get(self.path)
        self.send_response(200 if body is not None else 404)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def host() -> Iterator[str]:
    Pictures.asked = []
    huge = bytearray(PNG)
    huge[16:24] = (60_000).to_bytes(4, "big") * 2
    Pictures.bodies = {
        "/good.png": PNG,
        "/page.png": b"<html>log in</html>",
        "/short.png": PNG[: len(PNG) // 2],
        "/huge.png": bytes(huge),
        "/long.png": PNG + bytes(11 * 1024 * 1024),
    }
    server = HTTPServer(("127.0.0.1", 0), Pictures)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_only_what_is_a_picture_of_a_sound_size_is_drawn(sim: Simulator, engine: EngineProcess, host: str) -> None:
    names = ("good", "page", "short", "huge", "long", "missing")
    asked = {name: f"{host}/{name}.png" for name in names} | {"file": "file:///etc/passwd", "odd": "http://[", "": "x"}
    found = engine.ask("draw_pictures", provider="csm", pictures=asked)["pictures"]
    assert [*found] == ["good"]
    assert Path(found["good"]).read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in Path(found["good"]).parent.iterdir()] == [Path(found["good"]).name]
    assert engine.ask("draw_pictures", provider="csm", pictures={"good": asked["good"]})["pictures"] == found
    assert Pictures.asked.count("/good.png") == 1, "what was drawn is kept"


def test_a_picture_that_stands_in_the_list_itself_is_drawn_too(sim: Simulator, engine: EngineProcess) -> None:
    id = Today(sim).session(image_url=data_uri())
    sim.configure(csm_input_shown="data")
    (model,) = listed(engine)["models"]
    assert (model["id"], len(model["preview_url"]) < 50) == (id, True), "it is too long for the pipe"
    asked = {id: model["preview_url"], "another": "given:nothing"}
    found = engine.ask("draw_pictures", provider="csm", pictures=asked)["pictures"]
    assert [*found] == [id]
    assert [path.name for path in Path(found[id]).parent.iterdir()] == [Path(found[id]).name]


def test_pictures_of_jobs_are_drawn_too_and_stay(sim: Simulator, engine: EngineProcess, tmp_path: Path) -> None:
    """Those of jobs alone, and once; the job's own file is what is sent on, whatever a background Blender does."""
    folder = tmp_path / "jobs" / "a"
    folder.mkdir(parents=True)
    (folder / "good.png").write_bytes(PNG)
    (folder / "page.png").write_bytes(b"<html>log in</html>")
    (tmp_path / "elsewhere.png").write_bytes(PNG)
    asked = {name: str(folder / name) for name in ("good.png", "page.png", "none.png", "../../elsewhere.png")}
    found = engine.ask("draw_pictures", provider="", pictures=asked)["pictures"]
    assert [*found] == ["good.png"]
    assert Path(found["good.png"]).read_bytes() == PNG  # the stand-in copies it
    assert [path.name for path in Path(found["good.png"]).parent.iterdir()] == [Path(found["good.png"]).name]
    assert (folder / "good.png").read_bytes() == PNG
    assert engine.ask("draw_pictures", provider="", pictures=asked)["pictures"] == found


@pytest.mark.parametrize("preparer", [[], ["crash"], ["unable"]])
def test_without_a_background_blender_there_are_no_pictures(
    sim: Simulator, tmp_path: Path, host: str, preparer: list[str]
) -> None:
    argv = [*PREPARER, *preparer] if preparer else []
    with EngineProcess(tmp_path, sim.api_url, sim.keys, preparer=argv) as engine:
        answer = engine.ask("draw_pictures", provider="csm", pictures={"good": f"{host}/good.png"})
    assert (answer["error"], answer["pictures"]) == (None, {})
