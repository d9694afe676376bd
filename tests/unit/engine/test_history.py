"""The journal's memory: searched, paged, summed up, deleted from; its start and its migration."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.errors import JournalUnusable
from neural4d_blender.engine.model.job import RECORDS, Job, Save, Variant
from neural4d_blender.engine.model.job_records.costs import Costs
from neural4d_blender.engine.model.states import State, VariantState
from neural4d_blender.engine.store.history import History, snapshot
from neural4d_blender.engine.store.journal import Journal
from tests.support import old_journal

MARCH, APRIL = (time.mktime((2031, month, 10, 12, 0, 0, 0, 0, -1)) for month in (3, 4))


def made(job_id: str, prompt: str, created: float = MARCH, **fields: Any) -> Job:
    """A job that is over, and cost 60 points."""
    request = {"prompt": prompt, "images": [], **fields.pop("request", {})}
    job = Job(job_id, fields.pop("provider", "neural4d"), request, created=created, state=State.PLACED)
    job.costs.spent = [{"operation": "text", "points": 60, "estimated": False}]
    record = {
        "in_doubt": job.submission,
        "balance_before": job.submission,
        "saves": job.delivery,
        "placed": job.delivery,
    }
    for name in fields.keys() & record:
        setattr(record[name], name, fields.pop(name))
    return replace(job, **fields)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def history(journal: Journal) -> History:
    jobs = [
        made("a", "a cute Bird", MARCH),
        made("b", "a wooden chair", MARCH + 60, provider="csm"),
        made("c", "ÄRGERLICHER bird", APRIL, state=State.FAILED, costs=Costs()),
        made("d", "", APRIL + 60, request={"name": "my bird", "images": ["/x/input-1.png"], "group": "Zoo 50%"}),
    ]
    for job in jobs:
        journal.save(job)
    return History(journal)


def ids(history: History, **asked: Any) -> str:
    """The ids of a page, newest first, in one word."""
    jobs, total = history.search(**asked)
    assert total == len(jobs) or "limit" in asked
    return "".join(job["id"] for job in jobs)


def test_everything_newest_first_a_page_at_a_time(history: History) -> None:
    assert ids(history) == "dcba"
    assert ids(history, limit=3) == "dcb"
    assert ids(history, limit=3, offset=3) == "a"
    assert history.search(limit=3, offset=9) == ([], 4)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("bird", "dca"),
        ("BIRD my", "d"),
        ("cute bird", "a"),
        ("bird cute", "a"),
        ("ärgerlich", "c"),
        ("zoo 50%", "d"),
        ("ir", "dcba"),
        ("ir ooden", "b"),
        ("i", "dcba"),
        ("air hai", "b"),
        ("ä", "c"),
        ("birdie", ""),
        ("bird in", ""),
    ],
)
def test_words_in_any_order_and_case_and_their_parts(history: History, text: str, found: str) -> None:
    assert ids(history, text=text) == found


@pytest.mark.parametrize(
    "text", ["木", "木椅", "木椅子", "木椅子古", "caf", "CAFÉ", 'the "old', '"', "not", "o'cl", "a*"]
)
def test_words_of_any_language_and_with_any_sign(history: History, journal: Journal, text: str) -> None:
    journal.save(made("e", 'Une 木椅子古い for the "Old Café" NOT near(o\'clock) a*b', APRIL + 120))
    assert ids(history, text=text) == "e"


def test_what_a_search_does_not_take_for_a_pattern(history: History) -> None:
    assert ids(history, text="%") == "d"
    assert ids(history, text="_") == ids(history, text="'") == ""
    for pattern in (
        "bird*",
        "bird OR chair",
        "b_rd",
        "words:bird",
        "^bird",
        '"cute',
        "(bird)",
        "bir?",
        "-bird",
        "\ud800",
    ):
        assert ids(history, text=pattern) == "", pattern


def test_a_job_comes_out_as_it_went_in(journal: Journal) -> None:
    variant = Variant(0, "u", VariantState.PREPARED, mirrors=["https://x"], facts={"dimensions_mm": [1.0, 2.0, 3.0]})
    job = made("a", "a bird", variants=[variant], saves=[Save("s", 0, "STL", "/models")], placed=[0])
    told = job.to_dict()
    fields = asdict(job)
    for record in RECORDS:
        fields |= fields.pop(record)
    fields["submission"] = fields.pop("number")
    assert {name: told[name] for name in fields} == fields
    journal.save(job)
    assert journal.get("a") == job
    job.costs.spent.append({})
    variant.facts["dimensions_mm"].append(4.0)
    assert (len(told["spent"]), told["variants"][0]["facts"]) == (1, {"dimensions_mm": [1.0, 2.0, 3.0]}), "of then"
    assert Job.from_dict({**told, "of a later version": 1}).to_dict() == told
    assert snapshot(told) == told
    old = {name: told[name] for name in ("id", "provider", "request", "state", "created", "entered")}
    old["variants"], old["saves"] = (
        [{"index": 0, "uuid": "u"}],
        [{"id": "s", "variant": 0, "format": "STL", "folder": ""}],
    )
    derived = ("under_way", "retry_pays", "cost", "cost_estimated", "committed")  # in each journal from the start
    assert Job.from_dict(old).to_dict() == snapshot(
        {**old, **{name: Job.from_dict(old).to_dict()[name] for name in derived}}
    )


def test_a_page_of_a_search_and_how_many_there_are(history: History) -> None:
    for asked in ({"text": "bird"}, {"text": "bi"}, {"text": "bird", "provider": "neural4d"}, {"until": APRIL + 1}):
        assert [history.search(**asked, limit=2, offset=offset)[1] for offset in (0, 2, 9)] == [3, 3, 3], asked
    assert ids(history, text="bird", limit=2) == "dc"
    assert ids(history, text="bird", limit=2, offset=2) == "a"


def test_service_state_and_date(history: History) -> None:
    assert ids(history, provider="csm") == "b"
    assert ids(history, states=["failed", "cancelled"]) == "c"
    assert ids(history, since=APRIL) == "dc"
    assert ids(history, until=APRIL) == "ba"
    assert ids(history, text="bird", states=["placed"], since=MARCH, until=APRIL) == "a"


def test_dates_where_the_clock_was_set_back(history: History, journal: Journal) -> None:
    journal.save(made("e", "a bird of yesterday", MARCH + 30))
    assert ids(history) == "edcba", "in the order they were made"
    assert ids(history, until=APRIL) == "eba"
    assert ids(history, since=MARCH + 30, until=APRIL) == "eb"
    assert ids(history, text="bird", since=MARCH + 30, until=APRIL + 30) == "ec"
    assert ids(history, since=APRIL + 3600) == ids(history, text="bird", until=MARCH) == ""


def test_long_words(history: History, journal: Journal) -> None:
    word = "".join(chr(0x4E00 + at) for at in range(60))
    journal.save(made("e", word))
    for part in (word, word[7:31], word[7:32], word[1:], word[:59], word[30:]):
        assert ids(history, text=part) == "e", part
    assert ids(history, text=word + "a") == ids(history, text="a" + word) == ""


def test_a_search_knows_of_each_change_of_state(history: History, journal: Journal) -> None:
    job = made("e", "a bird", state=State.GENERATING)
    journal.save(job)
    assert ids(history, text="bird", states=["generating"]) == "e"
    job.state = State.FAILED
    journal.save(job)
    assert ids(history, states=["generating"]) == ""
    assert ids(history, text="bird", states=["failed"]) == "ec"
    for other in ("words", "bird", "neural4d failed", "FAIL"):
        assert ids(history, states=[other]) == "", other
    job.state = State.PREPARING_INPUT
    journal.save(job)
    assert (ids(history, states=["preparing input"]), ids(history, states=["preparing_input"])) == ("", "e")


@pytest.mark.parametrize("length", range(1, 15))
def test_each_part_of_a_word(history: History, journal: Journal, length: int) -> None:
    word = "abcdefghijklmn"
    journal.save(made("e", f"an {word}o"))
    for at in range(len(word) - length + 1):
        part = word[at : at + length]
        assert "e" in ids(history, text=part)
        assert ids(history, text=f"{part}z") == ""


def test_a_damaged_index_is_told_as_damage(history: History, journal: Journal) -> None:
    with journal.reading() as db:
        db.execute("DELETE FROM texts_data WHERE id = 10")
    other = Journal(journal.folder)
    with pytest.raises(JournalUnusable) as told:
        History(other).search(text="bird")
    other.close()
    journal.close()
    assert (told.value.code, "made whole" in told.value.remedy) == ("JournalDamaged", True)
    again = Journal(journal.folder)
    assert "was damaged" in again.notices()[0]["what"]
    assert ids(History(again), text="bird") == "dca"
    again.close()


def test_no_question_walks_through_the_jobs_themselves(history: History, journal: Journal) -> None:
    """A row is thousands of bytes: what is asked is answered from an index, whatever SQLite's planner thinks."""
    asked: list[str] = []
    with journal.reading() as db:
        db.set_trace_callback(asked.append)
        history.search(text="bird", provider="csm", states=["placed"], since=0.0)
        history.search(since=0.0, until=MARCH + 30)
        history.search()
        journal.save(made("e", "a bird of yesterday", MARCH + 30))
        history.search(text="bird", until=APRIL)
        journal.take_over()
        journal.mark()
        journal.spent()
        journal.group_committed("g", "")
        journal.batch_committed("b", "a")
        history.totals()
        history.usage()
        db.set_trace_callback(None)
        plans = [
            (step[3], statement)
            for statement in asked
            if statement.startswith("SELECT")
            for step in db.execute(f"EXPLAIN QUERY PLAN {statement}")
            if " jobs" in step[3] or " texts" in step[3]
        ]
    assert len(plans) >= 12
    for step, statement in plans:
        assert any(
            good in step
            for good in (
                "COVERING INDEX",
                "INDEX jobs_under_way",
                "INDEX jobs_by_number (number=?)",
                "autoindex_jobs",
                "texts VIRTUAL TABLE",
            )
        ), (step, statement)
        assert "=M" not in step, "the text is searched once, not for each number"


def test_totals_by_month_and_service(history: History) -> None:
    told = [(t["month"], t["provider"], t["jobs"], t["points"]) for t in history.totals()]
    assert told == [("2031-04", "neural4d", 2, 60), ("2031-03", "csm", 1, 60), ("2031-03", "neural4d", 1, 60)]


def test_deleting_frees_the_files_and_keeps_the_costs(history: History, journal: Journal) -> None:
    folder = journal.folder / "jobs" / "d"
    (folder / "inner").mkdir()
    (folder / "inner" / "model.glb").write_bytes(b"x" * 1_000_000)
    history.measure("d")
    before, points = history.usage(), journal.spent()
    job = journal.get("d")
    assert job is not None
    files = 1_000_000 + (folder / "job.json").stat().st_size
    assert history.search(text="my bird")[0][0]["bytes"] == files
    assert history.delete(job) == files
    assert not folder.exists()
    assert history.usage() <= before - 500_000
    assert ids(history) == "cba"
    assert (journal.get("d"), journal.transitions("d")) == (None, [])
    assert [job.id for job in journal.newest()] == ["c", "b", "a"]
    assert (journal.spent(), journal.group_committed("Zoo 50%", "")) == (points, 60)
    assert history.totals()[0]["jobs"] == 2, "it existed"
    with journal.reading() as db:
        left = db.execute("SELECT * FROM jobs WHERE id = 'd'").fetchone()
        texts = db.execute("SELECT rowid, words FROM texts").fetchall()
    assert "bird" not in str(left)
    assert [number for number, _ in texts] == [1, 2, 3]
    assert ids(history, text="bird") == "ca"
    journal.save(made("e", "another bird", APRIL + 90))
    assert ids(history, text="bird") == "eca", "a new job has nothing of the one that was deleted"


def test_a_file_that_cannot_be_removed_keeps_the_job(
    history: History, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (journal.folder / "jobs" / "a").is_dir()

    def refuse(_folder: Path) -> None:
        raise PermissionError("in use")

    monkeypatch.setattr("shutil.rmtree", refuse)
    job = journal.get("a")
    assert job is not None
    with pytest.raises(Exception, match="could not be deleted: in use"):
        history.delete(job)
    assert ids(history) == "dcba"


def test_folders_that_somebody_removed_count_no_more(history: History, journal: Journal) -> None:
    for job in "ab":
        (journal.folder / "jobs" / job / "model.glb").write_bytes(b"x" * 500_000)
    history.measure_unknown()
    assert history.usage() > 1_000_000
    shutil.rmtree(journal.folder / "jobs" / "a")
    history.measure_unknown()
    assert 500_000 < history.usage() < 1_000_000


@pytest.mark.parametrize("version", [0, 2])
def test_an_old_journal_becomes_one_of_today(tmp_path: Path, version: int) -> None:
    under_way = made("b", "a half made chair", APRIL, state=State.GENERATING, request={"group": "g"})
    old_journal.write(tmp_path, [under_way, made("a", "a Bird")], version)
    for _ in range(2):  # the second time it is up to date already
        journal = Journal(tmp_path)
        history = History(journal)
        assert ids(history) == "ba"
        assert ids(history, text="bird") == "a"
        assert ids(history, text="prompt") == ""
        assert [t["month"] for t in history.totals()][:2] == ["2031-04", "2031-03"]
        assert (journal.spent()["neural4d"], journal.group_committed("g", "")) == (120, 60)
        assert journal.spent().get("csm", 0) == (7 if version == 2 else 0), "what a deleted job cost"
        assert journal.price("neural4d", "text") == 55
        assert journal.transitions("a") == [(State.PLACED, MARCH)]
        assert [job.id for job in journal.take_over()] == ["b"]
        journal.close()


def test_a_journal_of_version_3_learns_of_servers_and_purchases(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    in_doubt = made("b", "a lost chair", APRIL, state=State.UNKNOWN, in_doubt=True, balance_before=100)
    journal.save(in_doubt)
    with journal.transaction() as db:
        newer = ("quotes", "approvals", "agent_allowances", "audit_lines", "audit_heads")
        for table in ("servers", "purchases", "notices", "answers", "points_by_day", *newer):
            db.execute(f"DROP TABLE {table}")
        for column in ("user", "project", "agent"):
            db.execute(f"ALTER TABLE jobs DROP COLUMN {column}")
    with journal.reading() as db:
        db.execute("DROP TABLE stamp")
        db.execute("PRAGMA user_version = 3")
    journal.close()
    (tmp_path / "journal.stamp").unlink()  # there was none then
    journal = Journal(tmp_path)
    assert journal.server_facts("neural4d", "https://x.example") == {}
    journal.note_server("neural4d", "https://x.example", "generation", "1.2")
    assert journal.server_facts("neural4d", "https://x.example") == {"generation": "1.2"}
    (taken,) = journal.take_over()
    assert (taken.submission.sent_at, taken.submission.balance_before, taken.submission.paying_for) == (0.0, 100, "")
    assert not journal.paid_since("neural4d", taken.submission.sent_at, taken.id)
    journal.note_purchase(made("c", "another"))
    assert journal.paid_since("neural4d", taken.submission.sent_at, taken.id)
    assert not journal.paid_since("csm", taken.submission.sent_at, taken.id)
    journal.close()


def test_a_migration_that_is_cut_off_has_changed_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old_journal.write(tmp_path, [made("a", "a bird")])
    with monkeypatch.context() as patch:
        patch.setattr("neural4d_blender.engine.store.schema_migrations.month", lambda _job: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            Journal(tmp_path)
    journal = Journal(tmp_path)
    assert ids(History(journal), text="bird") == "a"
    journal.close()


def test_of_a_deleted_job_the_cost_is_said_to_be_an_estimate_where_it_was(journal: Journal, history: History) -> None:
    for job, estimated in ((made("e", "a cute bird"), True), (made("f", "a cute bird"), False)):
        job.costs.spent[0]["estimated"] = estimated
        journal.save(job)
        assert journal.cost_of_deleted(job.id) is None
        history.delete(job)
        assert journal.cost_of_deleted(job.id) == (60, estimated)
