"""No job of an agent is sent without a quote of its own, whatever host asks for it: the journal is the witness."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.model.states import JOURNAL
from tests.support.engine_process import EngineProcess
from tests.support.simulator_client import Caller, picture

BIRD = {"prompt": "a cute bird", "agent": "claude"}


@pytest.fixture
def engine(service: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineProcess]:
    monkeypatch.setenv("NEURAL4D_ALLOWANCE_DAY", "100000")  # an agent has none by itself
    with EngineProcess(tmp_path, service.sim.api_url, service.sim.keys) as process:
        yield process


def quoted(engine: EngineProcess, *requests: dict[str, Any]) -> dict[str, Any]:
    answer = engine.ask("quote", jobs=[{"provider": "neural4d", "request": one} for one in requests])
    assert answer["error"] is None, answer["error"]
    return dict(answer["quote"])


def submitted(engine: EngineProcess, request: dict[str, Any], quote: str = "") -> tuple[str, str]:
    """The job's id, and the code of the error that it was refused with; empty where it was not."""
    job = str(uuid.uuid4())
    answer = engine.ask("submit", job=job, provider="neural4d", request=request, quote=quote)
    return job, answer["error"]["code"] if answer["error"] else ""


def test_a_quote_is_paid_once_and_not_more_than_it_says(engine: EngineProcess, service: Caller) -> None:
    told = quoted(engine, BIRD)
    assert told["points"] == 60, "a limit reckons with the highest documented price"
    job, refused = submitted(engine, BIRD, told["id"])
    assert not refused
    done = engine.wait(job, "ready")
    assert (done["agent"], done["request"]["max_points"]) == ("claude", 60)
    assert submitted(engine, BIRD, told["id"])[1] == "QuoteMissing"
    assert engine.ask("submit", job=job, provider="neural4d", request=BIRD, quote="")["error"] is None, "it is known"
    assert len(service.sim.ledger()) == 1


@pytest.mark.parametrize("other", [{"prompt": "a cute cat"}, {"variants": 2}, {"agent": "codex"}, {"project": "zoo"}])
def test_a_quote_is_good_for_its_own_request_alone(
    engine: EngineProcess, service: Caller, other: dict[str, Any]
) -> None:
    told = quoted(engine, BIRD)
    assert submitted(engine, {**BIRD, **other}, told["id"])[1] == "QuoteMissing"
    assert submitted(engine, BIRD)[1] == "QuoteMissing"
    assert submitted(engine, {"prompt": "a cute bird"})[1] == "", "the user needs none"


def test_a_picture_is_known_by_what_is_in_it(engine: EngineProcess, service: Caller, tmp_path: Path) -> None:
    file = tmp_path / "mug.png"
    file.write_bytes(picture(kind="PNG"))
    asked = {"images": [str(file)], "agent": "claude", "options": {}}
    told = quoted(engine, asked)
    file.write_bytes(picture(kind="PNG", size=(300, 300)))
    assert submitted(engine, asked, told["id"])[1] == "QuoteMissing"


def test_a_quote_ends_after_ten_minutes_and_with_a_higher_price(engine: EngineProcess, service: Caller) -> None:
    old, dear = quoted(engine, BIRD), quoted(engine, BIRD)
    with sqlite3.connect(engine.folder / JOURNAL) as db:
        db.execute("UPDATE quotes SET made = made - 601, until = until - 601 WHERE id = ?", (old["id"],))
        db.execute("INSERT INTO prices VALUES ('neural4d', 'text x1', 70, 0)")
    db.close()
    assert submitted(engine, BIRD, old["id"])[1] == "QuoteExpired"
    assert submitted(engine, BIRD, dear["id"])[1] == "QuoteExpired"
    assert service.sim.ledger() == []


def test_a_batch_of_an_agent_has_one_quote(engine: EngineProcess, service: Caller) -> None:
    requests = [BIRD, {**BIRD, "prompt": "a cute cat"}]
    told = quoted(engine, *requests)
    assert (told["points"], told["each"]) == (120, [60, 60])

    def batch(quote: str, count: int = 2) -> Any:
        jobs = [
            {"job": str(uuid.uuid4()), "provider": "neural4d", "request": request, "target": {}, "item": item}
            for item, request in enumerate(requests[:count])
        ]
        return engine.ask("submit_many", batch={"id": str(uuid.uuid4())}, jobs=jobs, quote=quote)["error"]

    assert batch("")["code"] == "QuoteMissing"
    assert batch(told["id"], count=1)["code"] == "QuoteMissing", "it is one for both of them"
    assert batch(told["id"]) is None
    assert batch(told["id"])["code"] == "QuoteMissing"


def test_a_quote_is_not_used_up_by_what_could_not_be_written(engine: EngineProcess, service: Caller) -> None:
    told = [quoted(engine, BIRD)["id"] for _ in range(2)]
    job = {"job": str(uuid.uuid4()), "provider": "neural4d", "request": BIRD, "target": {}, "item": 0}
    batch = {"batch": {"id": str(uuid.uuid4())}, "jobs": [job]}

    def codes() -> list[str]:
        single = submitted(engine, BIRD, told[0])[1]
        error = engine.ask("submit_many", quote=told[1], **batch)["error"]
        return [single, error["code"] if error else ""]

    with sqlite3.connect(engine.folder / JOURNAL) as db:
        db.execute("CREATE TRIGGER no_room BEFORE INSERT ON jobs BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
    assert codes() == ["JournalUnusable"] * 2
    with db:
        db.execute("DROP TRIGGER no_room")
    db.close()
    assert codes() == ["", ""]


def test_rows_that_an_agents_batch_gets_later_need_a_quote_too(engine: EngineProcess, service: Caller) -> None:
    told = quoted(engine, BIRD)
    record = {"id": str(uuid.uuid4())}
    job = {"job": str(uuid.uuid4()), "provider": "neural4d", "request": BIRD, "target": {}, "item": 0}
    assert engine.ask("submit_many", batch=record, jobs=[job], quote=told["id"])["error"] is None
    engine.wait(job["job"], "ready")
    more = {**job, "job": str(uuid.uuid4()), "item": 1}

    def refused() -> str | None:
        """As soon as the step of the first one is put away."""
        code = engine.ask("correct_batch", batch=record["id"], changes={}, items={}, jobs=[more])["error"]["code"]
        return None if code == "InvalidInput" else str(code)

    assert engine.until(refused, "the batch to be corrected") == "QuoteMissing"


def test_nothing_is_quoted_whose_price_nobody_knows(engine: EngineProcess, service: Caller) -> None:
    user = engine.ask("quote", jobs=[{"provider": "neural4d", "request": {"prompt": "a bird"}}])
    assert user["error"]["code"] == "InvalidInput", "the user has no need of one"
    wrong = engine.ask("quote", jobs=[{"provider": "neural4d", "request": {**BIRD, "variants": 99}}])
    assert wrong["error"]["code"] == "InvalidInput"
