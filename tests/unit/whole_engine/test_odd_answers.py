"""Odd answers of today's services, read as what they mean: nothing is paid twice, and nothing is lost by them."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.errors import ServiceBusy
from neural4d_blender.engine.http.refusals import of_content
from neural4d_blender.engine.http.transport import Transport
from neural4d_blender.engine.model.server_facts import Server
from neural4d_blender.engine.services.csm.find_lost_session import look
from neural4d_blender.engine.services.neural4d import responses as read
from neural4d_blender.engine.services.neural4d.provider import Neural4D
from neural4d_blender.engine.services.results import Poll, Trace
from scripts.simulator.launcher import Simulator
from tests.support.engine_process import EngineProcess
from tests.support.every_service import picture
from tests.support.today import QUICK, engine, points, sim, simulator

__all__ = ["engine", "sim", "simulator"]

HURRY = "Too many requests from this user, please try again after a minute."
Answer = tuple[int, Any]


class Desk:
    """A server that answers each path with whatever stands in ``says``, a function of its own or a fixed answer."""

    def __init__(self) -> None:
        self.says: dict[str, Answer | Callable[[], Answer]] = {}
        self.asked: queue.SimpleQueue[str] = queue.SimpleQueue()
        desk = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                desk.asked.put(self.path)
                answer = desk.says.get(self.path, (404, "<html>Cannot POST</html>"))
                status, body = answer() if callable(answer) else answer
                content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def count(self, path: str) -> int:
        """How often that was asked since the last time."""
        return [self.asked.get() for _ in range(self.asked.qsize())].count(path)


TEXT, BALANCE, RETRIEVE = "/api/generateModelWithText", "/api/queryPointsInfo", "/api/retrieveModel"


def left(total: int) -> Answer:
    return 200, {"statusType": 0, "data": {"total_points": total}, "message": "ok"}


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    made.says[BALANCE] = left(1000)
    made.says[RETRIEVE] = (200, {"codeStatus": -2, "message": "This UUID does not exist."})
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def odd(desk: Desk, tmp_path: Path) -> Iterator[EngineProcess]:
    with EngineProcess(tmp_path, desk.url, "a key") as process:
        process.configure(desk.url, "a key", timing=QUICK)
        yield process


def provider(desk: Desk) -> Neural4D:
    return Neural4D(Transport("Neural4D", desk.url, "a key"), Server())


# Money


def test_pictures_that_failed_are_paid_again_only_by_the_users_word(sim: Simulator, engine: EngineProcess) -> None:
    sim.set_fault("createNormalPicture", "generation_failed")
    failed = engine.wait(engine.submit(picture_first=True), "failed")
    assert (failed["retry_pays"], "is paid again" in failed["error"]["cost"]) == (True, True)


def test_cancelled_with_its_pictures_paid(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(picture_seconds=30.0)
    job = engine.submit(picture_first=True)
    engine.until(lambda: engine.jobs[job]["picture_ids"] or None, "the pictures to be ordered")
    engine.send("cancel", job=job)
    assert "is paid for" in engine.wait(job, "cancelled")["note"]


def test_a_price_of_nothing_is_only_believed_with_the_balance(desk: Desk, odd: EngineProcess) -> None:
    def sold() -> Answer:
        desk.says[BALANCE] = left(970)
        return 200, {"message": "Generating", "uuids": ["one"], "pointsDeducted": 0}

    desk.says[TEXT] = sold
    job = odd.submit()
    told = odd.until(lambda: odd.jobs[job] if odd.jobs[job]["spent"] else None, "the purchase")
    told = odd.until(lambda: odd.jobs[job] if not odd.jobs[job]["cost_estimated"] else None, "its price")
    assert told["cost"] == 30


def test_ids_that_are_numbers_or_lie_deeper() -> None:
    assert read.submission({"uuids": [12345]}, "Neural4D").uuids == ["12345"]
    assert read.submission({"success": True, "data": {"uuids": ["one"]}}, "Neural4D").uuids == ["one"]


@pytest.mark.parametrize("code", ["0", 0.0])
def test_a_status_that_is_a_text(desk: Desk, code: object) -> None:
    desk.says[RETRIEVE] = (200, {"codeStatus": code, "modelUrl": "https://models.test/a.glb"})
    assert provider(desk).poll("one", True).model_url == "https://models.test/a.glb"


def test_an_object_that_comes_as_a_list_of_one(desk: Desk) -> None:
    desk.says[RETRIEVE] = (200, [{"codeStatus": 0, "modelUrl": "https://models.test/a.glb"}])
    assert provider(desk).poll("one", True).model_url == "https://models.test/a.glb"


@pytest.mark.parametrize("answer", [(500, "<html>"), (404, {"message": "Not Found"}), (200, [])])
def test_no_progress_fails_no_paid_job(desk: Desk, answer: Answer) -> None:
    desk.says["/api/queryJobProgress"] = answer
    found: Poll = provider(desk).poll("one", False)
    assert (found.outcome.value, found.doubtful) == ("generating", True)


def test_a_picture_that_could_not_be_fetched_is_fetched_by_retry(sim: Simulator, engine: EngineProcess) -> None:
    sim.set_fault("file", "http_500", times=None)
    job = engine.submit(picture_first=True)
    engine.wait(job, "failed")
    sim.clear_faults()
    engine.ask("retry", job=job)
    engine.wait(job, "ready")
    assert points(sim) == [13, 30]


def test_a_balance_below_nothing_stops_nothing_by_itself(desk: Desk, odd: EngineProcess) -> None:
    desk.says[BALANCE] = left(-5)
    desk.says[TEXT] = (402, {"message": "Insufficient points or account restricted"})
    assert odd.wait(odd.submit(), "failed")["error"]["what"].startswith("Insufficient points or account restricted.")


# Refusals


@pytest.mark.parametrize("endpoint", [TEXT, BALANCE, RETRIEVE, "/api/queryGenerationResult"])
def test_a_limit_in_an_answer_of_200(desk: Desk, endpoint: str) -> None:
    desk.says[endpoint] = (200, {"success": False, "message": HURRY, "uuids": None})
    calls: dict[str, Callable[[], object]] = {
        BALANCE: provider(desk).balance,
        RETRIEVE: lambda: provider(desk).poll("one", True),
        TEXT: lambda: provider(desk)._submit_text("a bird", [], {}),
    }
    with pytest.raises(ServiceBusy, match="Too many requests"):
        calls.get(endpoint, lambda: provider(desk).pictures(["one"]))()


def test_a_model_that_takes_a_minute_is_no_limit() -> None:
    read.check_pace({"codeStatus": 1, "message": "Too many requests before yours."}, "Neural4D")


def test_out_of_points_in_an_answer_of_200_stops_the_batch(desk: Desk, odd: EngineProcess) -> None:
    desk.says[TEXT] = (200, {"success": False, "message": "Insufficient points"})
    error = odd.wait(odd.submit(), "failed")["error"]
    assert (error["code"], error["what"]) == ("NotEnoughPoints", "Insufficient points. Neural4D took no job.")
    assert desk.count(TEXT) == 1


def test_what_was_said_goes_before_a_fallen_balance(desk: Desk, odd: EngineProcess) -> None:
    def sold() -> Answer:
        desk.says[BALANCE] = left(970)
        return 200, {"success": False, "message": "The queue is closed"}

    desk.says[TEXT] = sold
    error = odd.wait(odd.submit(), "failed")["error"]
    assert (error["code"], error["what"][:20]) == ("PaymentUnknown", "The queue is closed.")


def test_waiting_for_anothers_payment_slows_nothing_down(desk: Desk, odd: EngineProcess) -> None:
    """While the first one's answer is looked for, the second one waits, and what is asked is asked all the same."""
    desk.says[TEXT] = (500, "<html>")
    odd.configure(desk.url, "a key", timing={**QUICK, "minute": 600.0})
    first, second = odd.submit("one bird"), odd.submit("another bird")
    for job in (first, second):
        assert odd.wait(job, "failed", seconds=60)["error"]["code"] == "SubmissionLost"


@pytest.mark.parametrize("answer", [(500, "<html>"), (401, "Unauthorized"), (402, {"message": "No points"})])
def test_no_image_fails_of_the_question_what_server_it_is(
    desk: Desk, odd: EngineProcess, tmp_path: Path, answer: Answer
) -> None:
    desk.says["/api/getMattedResult"] = answer
    desk.says["/api/generateModelWithImage"] = (200, {"message": "Generating", "uuids": ["one"], "pointsDeducted": 30})
    odd.wait(odd.submit("", images=[str(picture(tmp_path))]), "generating", "failed")
    assert odd.events[-1]["job"]["error"] is None


@pytest.mark.parametrize(
    "sent",
    [
        {"json": {"prompt": "a  secret bird"}},
        {"data": {"prompt": "a  secret bird"}, "files": []},
        {"files": [("prompt", (None, "a  secret bird"))]},
        {"json": {"input": {"prompt": "a  secret bird"}}},
    ],
)
@pytest.mark.parametrize(
    "content", ['{"errors": [{"msg": "Not a  secret bird!", "path": "prompt"}]}', "a  secret bird"]
)
def test_a_prompt_in_a_refusal_is_not_shown(sent: object, content: str) -> None:
    assert "secret" not in of_content(content.encode(), sent)[1]


@pytest.mark.parametrize(
    "answer", [(200, {"status": "failed", "message": "No such id"}), (422, {"message": "id: odd"})]
)
def test_modelslab_takes_an_odd_answer_about_nobodys_job_for_a_key_that_is_right(
    desk: Desk, odd: EngineProcess, answer: Answer
) -> None:
    desk.says["/api/v6/3d/fetch/0"] = answer
    assert odd.ask("test_key", provider="modelslab")["error"] is None


# CSM's list of sessions

NOW = 1795734097.0
OLD: list[dict[str, Any]] = [{"_id": f"old {number}", "created_at": NOW - 900000 + number} for number in range(250)]


def lost(rows: list[dict[str, Any]], page: int = 100) -> Trace:
    def pages(number: int) -> list[dict[str, Any]]:
        return rows[number * page : (number + 1) * page]

    return look(pages, "_id", lambda row: row["_id"] == "new", NOW, lambda _: False)


@pytest.mark.parametrize("page", [50, 100])
def test_a_list_with_the_oldest_first_proves_nothing(page: int) -> None:
    assert lost([*OLD, {"_id": "new", "created_at": NOW}], page) == Trace()
    assert lost(OLD[::-1]) == Trace(proof=True)


def test_a_time_without_a_zone_may_be_that_of_another_place() -> None:
    found = lost([{"_id": "new", "created_at": "2026-11-26 18:01:37"}]).found
    assert found
    assert found.uuids == ["new"]
