"""Journals as each earlier version of the tables has written them become one of today's, with all they knew.

``journals/version_N.sql`` is what the engine of that version wrote: a job that is placed, one at the service, one whose
submission is in doubt, and (from version 1 on, which can delete) a deleted one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from neural4d_blender.engine.model.states import JOURNAL, State, VariantState, WaitsFor
from neural4d_blender.engine.store import schema_migrations
from neural4d_blender.engine.store.history import History
from neural4d_blender.engine.store.journal import Journal

WRITTEN = Path(__file__).with_name("journals")
VERSIONS = range(schema_migrations.VERSION)


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def journal(version: int, tmp_path: Path) -> Iterator[Journal]:
    db = sqlite3.connect(tmp_path / JOURNAL)
    db.executescript((WRITTEN / f"version_{version}.sql").read_text("utf-8"))
    assert db.execute("PRAGMA user_version").fetchone() == (version,)
    db.close()
    opened = Journal(tmp_path)
    yield opened
    opened.close()


def test_each_version_has_left_a_journal() -> None:
    assert sorted(path.name for path in WRITTEN.iterdir()) == [f"version_{version}.sql" for version in VERSIONS]


def test_a_placed_job_is_read_whole(journal: Journal) -> None:
    job = journal.get("bird")
    assert job
    told = job.to_dict()
    expected = {
        "state": State.PLACED,
        "target": {"scene": "Scene"},
        "spent": [
            {"operation": "matting", "points": 0, "estimated": False},
            {"operation": "image", "points": 80, "estimated": True},
        ],
        "cost": 80,
        "cost_estimated": True,
        "committed": 80,
        "balance_before": 500,
        "reserved": 0,
        "matting": "cut-1",
        "picture_ids": [],
        "cutouts": [
            {"key": "k0", "url": "https://files.example/0.png", "path": "/files/0.png"},
            {"key": "k1", "url": "https://files.example/1.png", "path": ""},
        ],
        "cutout": 1,
        "tickets": ["t-bird"],
        "submission": 1,
        "waits_for": WaitsFor.NOTHING,
        "until": 0.0,
        "placed": [0],
        "seconds": {"queued": 1.0, "generating": 80.0},
    }
    assert {name: told[name] for name in expected} == expected
    (variant,) = job.variants
    assert (variant.state, variant.blend, variant.facts) == (VariantState.PREPARED, "/files/v0.blend", {"triangles": 5})
    assert (job.delivery.saves[0].state, job.delivery.saves[0].format) == ("saved", "STL")


def test_what_was_under_way_goes_on_and_is_asked_for_before_it_is_sent_again(journal: Journal) -> None:
    chair, lost = journal.take_over()
    assert (chair.id, chair.state, chair.variants[0].uuid) == ("chair", State.GENERATING, "t-chair")
    assert (lost.state, lost.submission.in_doubt, lost.submission.tickets, lost.submission.number) == (
        State.UNKNOWN,
        True,
        ["t-lost"],
        2,
    )
    assert (lost.submission.paying_for, lost.submission.sent_at, lost.submission.refusal) == ("", 0.0, ""), (
        "what was not known then"
    )
    journal.save(chair, lost)
    assert journal.get("lost") == lost


def test_history_sums_and_prices_are_as_they_were(journal: Journal, version: int) -> None:
    history = History(journal)
    for text, found in {"": ["lost", "chair", "bird"], "BIRD": ["bird"], "zoo": ["lost", "chair"], "mug": []}.items():
        assert [job["id"] for job in history.search(text=text)[0]] == found
    deleted = {"csm": 7} if version else {}
    assert journal.spent() == {"neural4d": 140, **deleted}
    assert journal.group_committed("zoo", "") == 60
    assert journal.price("neural4d", "text x1") == 60
    assert [state for state, _ in journal.transitions("chair")] == [State.GENERATING]


def test_what_was_committed_stands_on_the_day_it_was_bought(journal: Journal, version: int) -> None:
    days = journal.rows("SELECT job, points FROM points_by_day JOIN jobs ON id = job WHERE deleted = 0 ORDER BY job")
    assert days == [("bird", 80), ("chair", 60)]
    who = journal.rows("SELECT DISTINCT user, project, agent FROM jobs")
    assert who == [("", "", "")]
