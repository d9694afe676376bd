"""The audit: each payment, refusal, approval and file is a line of the studio's file, once, whatever comes between."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.audit import chain
from neural4d_blender.engine.store import audit_lines
from neural4d_blender.engine.store.journal import Journal
from scripts.simulator.launcher import Simulator
from tests.support.engine_process import EngineProcess
from tests.unit.whole_engine.test_allowances import PATIENT, Engines, engines, waiting, write
from tests.unit.whole_engine.test_engine_jobs import paid, sim

__all__ = ["engines", "sim", "write"]


@pytest.fixture
def file(tmp_path: Path, write: Callable[[str], Path]) -> Path:
    folder = tmp_path / "audit"
    folder.mkdir()
    write(f'[folders]\naudit = "{folder.as_posix()}"\n[points]\nday = 100')
    return folder / chain.NAME


def told(engine: EngineProcess) -> dict[str, Any]:
    """What the engine says of the file, and that it is whole."""
    answer = engine.ask("audit", limit=1000)
    assert answer["error"] is None
    audit: dict[str, Any] = answer["audit"]
    assert audit["broken"] == ""
    return audit


def test_each_payment_refusal_answer_and_file_is_a_line_with_who_when_and_what(
    sim: Simulator, tmp_path: Path, engines: Engines, file: Path
) -> None:
    first, second = engines
    keep = {"keep_in": str(tmp_path / "kept"), "project": "birds"}
    first.wait(first.submit(**keep), "ready")
    job = first.submit(project="birds")
    waiting(first, job)
    second.ask("decline", job=job)
    first.wait(job, "failed")
    job = second.submit(project="bears")
    waiting(second, job)
    first.ask("approve", job=job)
    second.wait(job, "ready")
    asked = {"provider": "neural4d", "request": {"prompt": "a bird", "agent": "claude"}}
    assert second.ask("submit", job="no quote", **asked)["error"]["code"] == "QuoteMissing"
    audit = told(first)
    kinds = [line["kind"] for line in audit["lines"]]
    assert sorted(kinds) == ["approval", "decline", "file", "payment", "payment", "refusal", "refusal"]
    payments = [line for line in audit["lines"] if line["kind"] == "payment"]
    assert [line["paid"] for line in payments] == paid(sim) == [60, 60]
    assert [(line["told"], line["project"], line["service"]) for line in payments] == [
        (30, "birds", "neural4d"),  # as the service documents it
        (60, "bears", "neural4d"),
    ]
    assert len({line["request"] for line in payments}) == 1, "both were the same request"
    assert all(line["user"] and line["computer"] and line["at"][10] == "T" for line in audit["lines"])
    assert [line["agent"] for line in audit["lines"] if line.get("code") == "QuoteMissing"] == ["claude"]
    assert {row["project"]: row["points"] for row in audit["totals"]} == {"birds": 60, "bears": 60, "": 0}
    assert sim.token not in file.read_text("utf-8")


def test_what_an_engine_that_was_killed_has_paid_is_written_by_the_next_one_once(
    sim: Simulator, tmp_path: Path, file: Path
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    file.parent.rename(file.parent.with_name("away"))  # so the line waits
    with EngineProcess(folder, sim.api_url, sim.token, timing=PATIENT) as engine:
        engine.wait(engine.submit(), "ready")
        engine.kill()
    file.parent.with_name("away").rename(file.parent)
    journal = Journal(folder)
    with journal.transaction() as db:  # killed again, between the file and the note of it
        lines, begins = audit_lines.take(db, 0, lambda *_: True)
    with chain.alone(file.parent, journal.clock):
        chain.add(file, lines)
    journal.close()
    assert (begins, [line["paid"] for line in lines]) == (0, [60])
    with EngineProcess(folder, sim.api_url, sim.token, timing=PATIENT) as engine:
        assert [line["kind"] for line in told(engine)["lines"]] == ["payment"]
        assert told(engine)["waiting"] == 0


def test_two_processes_write_a_chain_and_a_line_that_is_wrong_shows(engines: Engines, file: Path) -> None:
    first, second = engines
    for engine in engines:
        for _ in range(20):
            engine.send("submit", job="", provider="neural4d", request={"prompt": "a bird", "agent": "claude"})
    for engine in engines:
        engine.ask("audit", limit=0)
    assert told(first)["count"] == 40
    whole = file.read_bytes().splitlines(keepends=True)
    changed = whole[6].replace(b"claude", b"nobody")
    garbage = [b"x" * len(whole[6][:-1]) + b"\n"]
    wrong = {
        "changed": ([*whole[:6], changed, *whole[7:]], 7),
        "missing": ([*whole[:6], *whole[7:]], 7),
        "no line": ([*whole[:6], *garbage, *whole[7:]], 7),
        "last one changed": ([*whole[:-1], whole[-1].replace(b"claude", b"nobody")], 40),
        "the end missing": (whole[:30], 0),
    }
    for what, (lines, place) in wrong.items():
        file.write_bytes(b"".join(lines))
        audit = second.ask("audit", limit=0)["audit"]
        assert (audit["broken"] != "", audit["line"]) == (True, place), what
    file.write_bytes(b"".join(whole) + whole[3][:50])  # as a power cut leaves it
    second.ask("submit", job="", provider="neural4d", request={"prompt": "a bird", "agent": "claude"})
    assert told(second)["count"] == 41
    assert json.loads(file.read_bytes().splitlines()[-1])["number"] == 41
