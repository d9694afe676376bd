"""A row of the journal that is damaged is one failed job with words: the others go on, and nothing is paid again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.model.batch import BatchRecord
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.model.states import JOURNAL, State
from neural4d_blender.engine.model.variant import Save, Variant
from neural4d_blender.engine.store.damaged_rows import FOLDER, is_sound
from neural4d_blender.engine.store.history import History
from neural4d_blender.engine.store.journal import Journal
from scripts.simulator.launcher import Simulator
from tests.support.engine_process import EngineProcess
from tests.support.today import QUICK, points, sim, simulator

__all__ = ["sim", "simulator"]


def field(name: str, value: Any) -> Callable[[str], Any]:
    return lambda data: json.dumps({**json.loads(data), name: value})


def of_variant(name: str, value: Any) -> Callable[[str], Any]:
    def damaged(data: str) -> str:
        values = json.loads(data)
        values["variants"][0][name] = value
        return json.dumps(values)

    return damaged


DAMAGE: dict[str, Callable[[str], Any]] = {
    "cut": lambda data: data[: len(data) // 2],
    "empty": lambda data: "",
    "a blob": lambda data: b"\0\xff\0",
    "a list": lambda data: "[]",
    "deep": lambda data: "[" * 100_000,
    "state": field("state", "dancing"),
    "variants": field("variants", 5),
    "spent": field("spent", "much"),
    "seconds": field("seconds", None),
    "request": field("request", "a bird"),
    "created": field("created", "yesterday"),
    "tickets": field("tickets", [1, None]),
    "variant": of_variant("state", 7),
    "uuid": of_variant("uuid", None),
    "index": of_variant("index", "first"),
    "payments": field("spent", [{"operation": "text", "points": "many", "estimated": True}]),
    "half a payment": field("spent", [{"operation": "text"}]),
    "no number": field("typical", float("nan")),
    "the year 33,658": field("created", 1e12),
    "seconds in words": field("seconds", {"queued": "long"}),
    "cutouts": field("cutouts", [{"key": "k"}]),
    "facts": of_variant("facts", {"dimensions_mm": "wide"}),
}


def damage(folder: Path, job: str, change: Callable[[str], Any]) -> Any:
    with closing(sqlite3.connect(folder / JOURNAL)) as db, db:
        (data,) = db.execute("SELECT data FROM jobs WHERE id = ?", (job,)).fetchone()
        db.execute("UPDATE jobs SET data = ? WHERE id = ?", (changed := change(data), job))
    return changed


@pytest.mark.parametrize("kind", DAMAGE)
def test_one_damaged_row_of_a_running_job(sim: Simulator, tmp_path: Path, kind: str) -> None:
    sim.configure(job_seconds=600)
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as first:
        first.configure(sim.api_url, sim.keys, timing=QUICK)
        hurt, well = first.submit("a bird"), first.submit("a dog")
        for job in (hurt, well):
            first.wait(job, "generating")
            first.until(lambda job=job: first.jobs[job]["cost"], "its cost")
        noted = first.jobs[hurt]["cost"]
        first.kill()
    there = damage(tmp_path, hurt, DAMAGE[kind])
    sim.configure(job_seconds=0)
    sim.finish_jobs()
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as second:
        second.configure(sim.api_url, sim.keys, timing=QUICK)
        second.wait(well, "ready")
        failed = second.wait(hurt, "failed")
        assert "cannot be read whole" in failed["error"]["what"]
        assert f"{noted} points" in failed["error"]["cost"]
        (file,) = (tmp_path / FOLDER).iterdir()
        assert str(file) in failed["error"]["kept"]
        assert file.read_text(encoding="utf-8") == str(there)
        assert second.ask("history")["total"] == 2
        assert {job["id"] for job in second.ask("list", limit=10)["jobs"]} == {hurt, well}
        assert points(sim) == [30, 30]
        assert second.ask("totals")["totals"][0]["points"] == noted + second.jobs[well]["cost"]
        assert failed["under_way"] is False
        second.ask("retry", job=hurt)
        second.until(lambda: second.jobs[hurt]["state"] in ("ready", "failed"), "the end of it")
        assert points(sim) == [30, 30], "paid again unasked"
        second.ask("dismiss", job=hurt)
        second.ask("delete", job=hurt)
    assert file.exists()


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_row_of_a_job_that_is_over_is_listed(tmp_path: Path, kind: str) -> None:
    journal = Journal(tmp_path)
    for name in ("a", "b"):
        job = Job(name, "neural4d", {"prompt": f"a {name}"}, state=State.PLACED, created=1.0)
        job.variants = [Variant(0, "u")]
        job.costs.book("text", 60)
        journal.save(job)
    journal.close()
    damage(tmp_path, "a", DAMAGE[kind])
    with EngineProcess(tmp_path, "http://127.0.0.1:9", "key") as engine:
        page = engine.ask("history")
        assert [job["id"] for job in page["jobs"]] == ["b", "a"]
        assert page["jobs"][1]["error"]
        assert not page["jobs"][0]["error"]
        assert engine.ask("find", job="a")["jobs"][0]["state"] == "failed"


def test_what_is_written_is_sound() -> None:
    job = Job("a", "neural4d", {"prompt": "x", "pbr": 1, "name": None})
    assert is_sound(json.loads(json.dumps(job.to_dict())))
    job.variants = [Variant(0, "u", error={"code": "x"}, parts=[["a", "b"]], scale=2)]
    job.delivery.saves = [Save("s", 0, "GLB", "/tmp")]
    job.choice.cutouts, job.choice.cutout = [{"key": "k", "url": "", "path": ""}], 0
    job.error = {"code": "x"}
    job.costs.book("text", None)
    assert is_sound(json.loads(json.dumps(job.to_dict())))


# Batches

BATCH_DAMAGE: dict[str, Callable[[str], Any]] = {
    "cut": lambda data: data[: len(data) // 2],
    "empty": lambda data: "",
    "a list": lambda data: "[]",
    "a blob": lambda data: b"\0\xff\0",
    "budget": field("budget", "much"),
    "concurrency": field("concurrency", float("nan")),
    "name": field("name", ["birds"]),
    "settings": field("settings", 5),
}


def damage_batch(folder: Path, batch: str, change: Callable[[str], Any]) -> None:
    with closing(sqlite3.connect(folder / JOURNAL)) as db, db:
        (data,) = db.execute("SELECT data FROM batches WHERE id = ?", (batch,)).fetchone()
        db.execute("UPDATE batches SET data = ?, created = 'yesterday' WHERE id = ?", (change(data), batch))


@pytest.mark.parametrize("kind", BATCH_DAMAGE)
def test_a_damaged_batch_is_stopped_and_named(tmp_path: Path, kind: str) -> None:
    journal = Journal(tmp_path)
    journal.save(batch=BatchRecord("well", "dogs", budget=9, created=2.0))
    journal.save(
        Job("a", "neural4d", {"prompt": "a bird"}, batch="hurt"), batch=BatchRecord("hurt", "birds", budget=70)
    )
    journal.close()
    damage_batch(tmp_path, "hurt", BATCH_DAMAGE[kind])
    journal = Journal(tmp_path)
    well, hurt = journal.batches()
    assert (well.name, well.damaged, well.stopped) == ("dogs", "", False)
    assert (hurt.id, hurt.stopped, bool(hurt.name)) == ("hurt", True, True)
    assert hurt.budget == (70 if kind in ("concurrency", "name", "settings") else 0)
    assert "so it was stopped" in hurt.damaged
    assert [job.id for job in journal.jobs_of("hurt")] == ["a"]
    journal.close()
    assert any((tmp_path / FOLDER).glob("batch_hurt*"))


def test_a_damaged_batch_goes_on_when_its_budget_is_told(sim: Simulator, tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    jobs = [
        Job(name, "neural4d", {"prompt": f"a {name}", "keep_in": str(tmp_path / "models")}) for name in ("bird", "dog")
    ]
    for number, one in enumerate(jobs):
        one.batch, one.item = "hurt", number
    journal.save(*jobs, batch=BatchRecord("hurt", "birds", budget=70))
    journal.close()
    damage_batch(tmp_path, "hurt", BATCH_DAMAGE["budget"])
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as engine:
        engine.configure(sim.api_url, sim.keys, timing=QUICK)
        assert engine.ask("batches")["batches"][0]["name"] == "birds"
        for name in ("bird", "dog"):
            engine.wait(name, "cancelled")
        refused = engine.ask("continue_batch", batch="hurt")["error"]
        assert "cannot be read whole (budget)" in refused["what"]
        assert points(sim) == []
        assert engine.ask("continue_batch", batch="hurt", changes={"budget": 500})["error"] is None
        for name in ("bird", "dog"):
            engine.wait(name, "ready")
        assert engine.ask("batches")["batches"][0]["damaged"] == ""
    assert points(sim) == [30, 30]


# Columns


COLUMN_DAMAGE = [
    ("jobs", "number", None),
    ("jobs", "number", "first"),
    ("jobs", "cost", "much"),
    ("jobs", "created", "yesterday"),
    ("jobs", "under_way", "yes"),
    ("jobs", "state", b"\1"),
    ("jobs", "owner", b"\0"),
    ("jobs", "month", b"\1"),
    ("jobs", "data", b"\xff\xfe"),
    ("prices", "points", "many"),
    ("servers", "value", b"\xff"),
    ("purchases", "at", "noon"),
    ("transitions", "at", "noon"),
]


@pytest.mark.parametrize(("table", "column", "value"), COLUMN_DAMAGE)
def test_a_value_of_another_kind(tmp_path: Path, table: str, column: str, value: Any) -> None:
    journal = Journal(tmp_path)
    under_way = Job(
        "a", "neural4d", {"prompt": "a bird"}, state=State.GENERATING, created=1.0, variants=[Variant(0, "u")]
    )
    journal.save(under_way, Job("b", "csm", {"prompt": "a dog"}, created=2.0))
    journal.learn_price("neural4d", "text", 30)
    journal.learn_price("neural4d", "image", 40)
    journal.note_server("neural4d", "https://x.example", "generation", "1.5")
    journal.note_purchase(under_way)
    journal.close()
    with closing(sqlite3.connect(tmp_path / JOURNAL)) as db, db:
        db.execute("PRAGMA writable_schema=ON")
        loose = "SELECT sql FROM sqlite_master WHERE name = 'jobs'"
        ((sql,),) = db.execute(loose).fetchall()
        db.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'jobs'", (sql.replace("NOT NULL", ""),))
    with closing(sqlite3.connect(tmp_path / JOURNAL)) as db, db:
        db.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = (SELECT MIN(rowid) FROM {table})", (value,))
    journal = Journal(tmp_path)
    history = History(journal)
    told = [notice["what"] for notice in journal.notices()]
    assert column == "data" or table in " ".join(told) or "job a" in told[0], told
    assert {job["id"] for job in history.search()[0]} == {"a", "b"}
    assert {job["id"] for job in history.search(provider="neural4d")[0]} == {"a"}
    assert len(history.totals()) == 2
    assert set(journal.spent().values()) == {0}
    assert set(journal.prices().values()) == ({40} if table == "prices" else {30, 40})
    assert [type(value) for value in journal.server_facts("neural4d", "https://x.example").values()] == [str] * (
        table != "servers"
    )
    left = {job.id: job.state for job in journal.take_over()}
    assert left == {"a": State.FAILED if column == "data" else State.GENERATING, "b": State.QUEUED}
    assert history.search()[1] == 2
    journal.save(Job("c", "csm", {"prompt": "a cat"}, created=3.0))
    assert [job.id for job in journal.newest(1)] == ["c"]
    journal.forget_notices()
    journal.close()
    journal = Journal(tmp_path)
    assert journal.notices() == [], "it is right now"
    journal.close()
