"""The journal by itself: whose a job is, what is counted, what is kept of servers, and what cannot be written."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from neural4d_blender.engine.errors import JournalDamaged, JournalUnusable, WorkedOnElsewhere
from neural4d_blender.engine.model.batch import BatchRecord
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.model.states import JOURNAL, UNFINISHED, State
from neural4d_blender.engine.model.variant import Variant
from neural4d_blender.engine.store import damaged_rows, database, lock_file
from neural4d_blender.engine.store.journal import Journal
from tests.support.one_thread import Alone, StoppedClock


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def journal(folder: Path) -> Iterator[Journal]:
    made = Journal(folder)
    yield made
    made.close()


@pytest.fixture
def other(folder: Path, journal: Journal) -> Iterator[Journal]:
    """Another engine on the same journal, which lives."""
    made = Journal(folder)
    yield made
    made.close()


def job(number: int = 1, state: State = State.GENERATING, **more: object) -> Job:
    made = Job(str(number), "neural4d", {"prompt": "a bird"}, state=state, created=float(number), **more)  # type: ignore[arg-type]
    if state is State.GENERATING:
        made.variants = [Variant(0, "u")]
    return made


def spent(points: int, *, reserved: int = 0, **more: object) -> Job:
    made = job(**more)  # type: ignore[arg-type]
    made.costs.spent = [{"operation": "text", "points": points, "estimated": False}]
    made.costs.reserved = reserved
    return made


# Whose a job is


def test_a_job_of_a_living_engine_is_nobody_elses(journal: Journal, other: Journal) -> None:
    mine = job()
    journal.save(mine)
    read = other.get("1")
    assert read is not None
    assert (other.may_touch(read), other.is_elsewhere(read), journal.may_touch(read)) == (False, True, True)
    assert other.take_over() == []
    with pytest.raises(WorkedOnElsewhere, match="another Blender"):
        other.save(read)
    assert journal.get("1").revision == 1  # type: ignore[union-attr]


def test_what_is_at_rest_may_be_taken_up_by_anybody_once(journal: Journal, other: Journal) -> None:
    journal.save(job(state=State.FAILED))
    mine, theirs = journal.get("1"), other.get("1")
    assert mine is not None
    assert theirs is not None
    assert other.may_touch(theirs)
    theirs.enter(State.QUEUED, 5.0)
    other.save(theirs)
    mine.enter(State.QUEUED, 6.0)
    with pytest.raises(WorkedOnElsewhere):
        journal.save(mine)
    assert journal.get("1").entered == 5.0  # type: ignore[union-attr]


def test_what_a_dead_engine_left_is_the_next_ones(folder: Path) -> None:
    first = Journal(folder)
    first.save(job(2), job(1), job(3, State.PLACED), job(4, State.FAILED), job(5, State.QUEUED))
    first.close()
    second = Journal(folder)
    taken = second.take_over(lambda one: one.id != "5")
    assert [(one.id, one.owner) for one in taken] == [("1", second.owner), ("2", second.owner)]
    assert [one.id for one in second.take_over()] == ["5"]
    assert second.take_over() == []
    second.save(*taken)
    second.close()


def test_taking_over_is_no_transition(folder: Path) -> None:
    first = Journal(folder)
    first.save(job())
    first.close()
    second = Journal(folder)
    (left,) = second.take_over()
    second.save(left)
    assert len(second.transitions("1")) == 1
    left.enter(State.DOWNLOADING, 9.0)
    second.save(left)
    assert [state for state, _ in second.transitions("1")] == [State.GENERATING, State.DOWNLOADING]
    second.close()


def test_a_lock_is_held_while_its_process_lives_and_no_longer(tmp_path: Path) -> None:
    path = tmp_path / "engine.lock"
    assert not lock_file.is_held(path)
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parents[3])!r})\n"
        "from pathlib import Path\nfrom neural4d_blender.engine.store import lock_file\n"
        f"held = lock_file.hold(Path({str(path)!r})); print('held', flush=True); input()"
    )
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    assert lock_file.is_held(path)
    with pytest.raises(OSError, match=r".*"):
        lock_file.hold(path)
    holder.communicate("\n")
    assert not lock_file.is_held(path)
    assert not path.exists(), "the lock of the dead is removed"


# The mark that something is left to do


@pytest.mark.parametrize(
    ("state", "marked"), [(State.GENERATING, True), (State.QUEUED, True), (State.READY, True), (State.PLACED, False)]
)
def test_the_mark_is_there_while_something_is(folder: Path, state: State, marked: bool) -> None:
    made = Journal(folder)
    assert not (folder / UNFINISHED).exists()
    made.save(job(state=state))
    assert (folder / UNFINISHED).exists() is marked
    made.save(job(2))
    made.save(job(2, State.CANCELLED))
    assert (folder / UNFINISHED).exists() is marked
    made.close()
    assert (folder / UNFINISHED).exists() is marked


def test_the_mark_goes_with_the_last_one(folder: Path, journal: Journal) -> None:
    journal.save(job(1), job(2))
    journal.save(job(1, State.CANCELLED))
    assert (folder / UNFINISHED).exists()
    journal.save(job(2, State.CANCELLED))
    assert not (folder / UNFINISHED).exists()
    (folder / UNFINISHED).touch()
    journal.mark()
    assert not (folder / UNFINISHED).exists()


def test_the_mark_is_not_touched_by_what_changes_nothing(folder: Path, journal: Journal) -> None:
    one = job()
    journal.save(one)
    (folder / UNFINISHED).unlink()
    journal.save(one)
    assert not (folder / UNFINISHED).exists(), "a write of a job that is under way as before is no reason"


# What is counted


def test_points_of_a_group_and_of_a_batch(journal: Journal) -> None:
    for number, (points, reserved, batch) in enumerate([(10, 5, "b"), (20, 0, "b"), (40, 0, "c"), (80, 0, "")], 1):
        one = spent(points, reserved=reserved, number=number, batch=batch)
        one.request["group"] = "team" if number != 2 else "others"
        journal.save(one)
    assert journal.batch_committed("b", "9") == 35
    assert journal.batch_committed("b", "1") == 20
    assert journal.batch_committed("c", "1") == 40, "a job of another batch is not taken off"
    assert journal.group_committed("team", "9") == 135
    assert journal.group_committed("team", "3") == 95
    assert (journal.batch_committed("", "9"), journal.group_committed("", "9")) == (0, 0)
    assert journal.spent() == {"neural4d": 150}


def test_purchases_of_others_since_then(folder: Path) -> None:
    clock = StoppedClock()
    made = Journal(folder, Alone(clock))
    made.note_purchase(job(1))
    at = clock.now()
    assert not made.paid_since("neural4d", at, "1")
    assert made.paid_since("neural4d", at, "2"), "at that very moment counts"
    assert not made.paid_since("csm", at, "2")
    assert not made.paid_since("neural4d", at + 1, "2")
    clock.sleep(5)
    made.note_purchase(job(1))
    assert made.paid_since("neural4d", at + 1, "2"), "the newest of a job counts"
    made.close()


def test_prices_and_facts(journal: Journal, other: Journal) -> None:
    assert journal.price("neural4d", "text") is None
    journal.learn_price("neural4d", "text", 60)
    journal.learn_price("neural4d", "text", 55)
    journal.learn_price("csm", "text", 1)
    assert (other.price("neural4d", "text"), other.prices()) == (55, {"neural4d:text": 55, "csm:text": 1})
    journal.note_server("csm", "https://a", "books", "late")
    journal.note_server("csm", "https://b", "books", "at once")
    assert other.server_facts("csm", "https://a") == {"books": "late"}
    journal.note_server("csm", "https://a", "books", "")
    assert (other.server_facts("csm", "https://a"), other.server_facts("goneural", "https://b")) == ({}, {})


def test_a_model_is_known_by_its_whole_id(journal: Journal) -> None:
    one = job()
    one.variants = [Variant(0, "abc-def")]
    journal.save(one)
    assert journal.knows_model("neural4d", "abc-def")
    assert not journal.knows_model("neural4d", "abc")
    assert not journal.knows_model("csm", "abc-def")


def test_the_newest_first_and_only_so_many(journal: Journal) -> None:
    journal.save(job(1), job(2), job(3))
    assert [one.id for one in journal.newest()] == ["3", "2", "1"]
    assert [one.id for one in journal.newest(2)] == ["3", "2"]


def test_batches(journal: Journal) -> None:
    assert journal.batch("a") is None
    for number in (2, 1):
        journal.save(job(number, batch="a", item=number), batch=BatchRecord("a", budget=5, created=1.0))
    journal.save(batch=BatchRecord("b", created=2.0))
    journal.save(job(3, batch=""))
    assert [one.id for one in journal.jobs_of("a")] == ["1", "2"]
    assert journal.jobs_of("") == []
    assert [one.id for one in journal.batches()] == ["b", "a"]
    assert [one.id for one in journal.batches(1)] == ["b"]
    found = journal.batch("a")
    assert found is not None
    assert found.budget == 5


# All or nothing


def test_of_several_jobs_all_are_written_or_none(journal: Journal, other: Journal) -> None:
    other.save(job(2))
    theirs = journal.get("2")
    assert theirs is not None
    with pytest.raises(WorkedOnElsewhere):
        journal.save(job(1), theirs, batch=BatchRecord("b"))
    assert (journal.get("1"), journal.batch("b")) == (None, None)


def test_a_transaction_that_breaks_off_has_changed_nothing(journal: Journal) -> None:
    def break_off() -> None:
        with journal.transaction():
            journal.learn_price("neural4d", "text", 60)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()
    assert journal.prices() == {}
    journal.learn_price("neural4d", "text", 60)
    assert journal.price("neural4d", "text") == 60


def test_each_write_counts_the_revision_up(journal: Journal) -> None:
    one = job()
    for number in (1, 2, 3):
        journal.save(one)
        assert one.revision == number
    read = journal.get("1")
    assert read is not None
    assert (read.revision, read.owner) == (3, journal.owner)


# What cannot be used


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        *((sqlite3.DatabaseError(said), "made whole") for said in database._DAMAGED),
        (sqlite3.OperationalError("database is locked"), "program"),
        (sqlite3.OperationalError("no such module: fts5"), "FTS5"),
        (OSError("No space left on device"), ""),
    ],
)
def test_what_helps(error: Exception, remedy: str, tmp_path: Path) -> None:
    told = database.unusable(tmp_path, error)
    assert str(tmp_path / JOURNAL) in told.what
    assert str(error) in told.what
    assert remedy in told.remedy
    assert isinstance(told, JournalDamaged) is (remedy == "made whole")


def test_the_signs_of_damage() -> None:
    assert set(database._DAMAGED) == {
        *("not a database", "malformed", "no such table", "no such column", "corrupt", "vtable constructor failed")
    }


def test_what_cannot_be_read_is_told_as_the_journals_trouble(journal: Journal) -> None:
    with pytest.raises(JournalUnusable):
        journal.rows("SELECT * FROM nothing")
    journal._db.close()
    with pytest.raises(JournalUnusable):
        journal.get("1")
    journal._db = sqlite3.connect(journal.folder / JOURNAL, isolation_level=None)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalUnusable):
        Journal(tmp_path / "file" / "data")


def test_a_paid_job_survives_a_power_cut(journal: Journal) -> None:
    assert journal.rows("PRAGMA synchronous") == [(2,)]
    assert journal.rows("PRAGMA journal_mode") == [("wal",)]


# Rows that cannot be read


@pytest.mark.parametrize("data", ["", "{", "[]", "null", "[" * 100_000, b"\xff"])
def test_a_row_that_is_no_job_is_a_failed_one_and_kept(data: str | bytes, tmp_path: Path) -> None:
    read = damaged_rows.job_of(tmp_path, data, "owner", "a/b", "csm", 7)
    assert (read.id, read.provider, read.owner, read.state) == ("a/b", "csm", "owner", State.FAILED)
    assert (read.costs.total, read.costs.estimated) == (7, True)
    assert read.submission.in_doubt, "Retry asks the service before anything is sent"
    kept = tmp_path / damaged_rows.FOLDER / "a_b.json"
    assert kept.read_text(encoding="utf-8", errors="surrogatepass") == str(data)
    damaged_rows.job_of(tmp_path, "{again", "owner", "a/b", "csm", 7)
    assert kept.read_text(encoding="utf-8") == str(data), "as it was first"


def test_what_can_be_read_of_a_row_is(tmp_path: Path) -> None:
    one = spent(60)
    one.variants = [Variant(0, "u"), Variant(1, "v")]
    one.target = {"scene": "A"}
    values = one.to_dict()
    values["progress"], values["variants"][1]["index"] = "half", "second"
    read = damaged_rows.job_of(tmp_path, json.dumps(values), "me", "1", "neural4d", 60)
    assert (read.state, read.costs.total, read.target) == (State.FAILED, 60, {"scene": "A"})
    assert [variant.uuid for variant in read.variants] == ["u"]
    assert not read.submission.in_doubt
    assert "progress" in (read.error or {})["what"]
    assert str(tmp_path) in (read.error or {})["kept"]


@pytest.mark.parametrize("cost", [0, 7])
def test_what_a_row_had_cost_is_told(cost: int, tmp_path: Path) -> None:
    read = damaged_rows.job_of(tmp_path, "{", "me", "1", "neural4d", cost)
    assert (read.costs.total or 0) == cost
    assert str(cost or "not known") in (read.error or {})["cost"]


def test_a_row_that_is_sound_is_read_as_it_is(tmp_path: Path) -> None:
    one = spent(60)
    read = damaged_rows.job_of(tmp_path, json.dumps(one.to_dict()), "me", "1", "neural4d", 60)
    one.owner = "me"
    assert read == one
    assert list(tmp_path.iterdir()) == []
