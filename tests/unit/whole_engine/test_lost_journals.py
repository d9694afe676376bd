"""A journal that is missing, damaged or an older one is noticed, told and made whole; nothing is paid twice by it."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.errors import JournalDamaged, JournalUnusable
from neural4d_blender.engine.model.batch import BatchRecord
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.model.states import JOURNAL, UNFINISHED, State
from neural4d_blender.engine.model.variant import Variant
from neural4d_blender.engine.store import backup_files, journal_stamp, recovery, schema_migrations
from neural4d_blender.engine.store.damaged_rows import FOLDER
from neural4d_blender.engine.store.database import DAMAGED
from neural4d_blender.engine.store.history import History
from neural4d_blender.engine.store.journal import Journal
from neural4d_blender.engine.system import System
from scripts.simulator.launcher import Simulator
from tests.support.engine_process import EngineProcess
from tests.support.today import QUICK, points, sim, simulator

__all__ = ["sim", "simulator"]

FILES = [f"{JOURNAL}{ending}" for ending in ("", "-wal", "-shm")]


def remove(folder: Path) -> None:
    for name in FILES:
        (folder / name).unlink(missing_ok=True)


def empty(folder: Path) -> None:
    (folder / JOURNAL).write_bytes(b"")


def cut_in_half(folder: Path) -> None:
    whole = (folder / JOURNAL).read_bytes()
    (folder / JOURNAL).write_bytes(whole[: len(whole) // 2])


def cut_by_a_byte(folder: Path) -> None:
    (folder / JOURNAL).write_bytes((folder / JOURNAL).read_bytes()[:-1])


def a_letter(folder: Path) -> None:
    (folder / JOURNAL).write_bytes(b"This is a letter to my landlord. " * 300)


def flipped_bits(folder: Path) -> None:
    whole = bytearray((folder / JOURNAL).read_bytes())
    for at in range(4096, len(whole), 1009):
        whole[at] ^= 0x55
    (folder / JOURNAL).write_bytes(whole)


def page_of(table: str) -> Callable[[Path], None]:
    def damaged(folder: Path) -> None:
        with closing(sqlite3.connect(folder / JOURNAL)) as db:
            (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
            (size,) = db.execute("PRAGMA page_size").fetchone()
        whole = bytearray((folder / JOURNAL).read_bytes())
        whole[(page - 1) * size : page * size] = b"x" * size
        (folder / JOURNAL).write_bytes(whole)

    damaged.__name__ = f"page_of_{table}"
    return damaged


def no_search(folder: Path) -> None:
    """What SQLite's own look at the file may not find, and the next search does."""
    with closing(sqlite3.connect(folder / JOURNAL)) as db, db:
        db.execute("DELETE FROM texts_data WHERE id = 10")
    (folder / DAMAGED).write_text("database disk image is malformed")


SPOILT = [
    *(remove, empty, cut_in_half, cut_by_a_byte, a_letter, flipped_bits, no_search),
    *map(page_of, ("jobs", "prices", "stamp", "jobs_under_way", "sqlite_autoindex_jobs_1", "texts_data")),
]


def named(value: Any) -> str:
    return str(getattr(value, "__name__", value))


def job(name: str, state: State = State.QUEUED, prompt: str = "", **values: Any) -> Job:
    made = Job(name, "neural4d", {"prompt": prompt or f"a {name}"}, created=1.0, **values)
    made.state = state
    if state not in (State.QUEUED, State.UNKNOWN):
        made.variants = [Variant(0, f"uuid-{name}")]
        made.costs.book("text", 30)
    return made


def filled(folder: Path) -> None:
    """A journal of an engine that was killed, all of it in its file; with a batch, a price and a deleted job."""
    journal = Journal(folder)
    lost = job("lost", State.UNKNOWN)
    lost.submission.in_doubt, lost.submission.tickets, lost.submission.number = True, ["t"], 1
    lost.submission.sent_at = 77.0
    queued = [job(f"item {number}", batch="b", item=number) for number in range(3)]
    journal.save(*queued, batch=BatchRecord("b", "birds", 1, 500, size=3))
    journal.save(job("bird", State.PLACED), job("chair", State.GENERATING), lost, job("gone", State.PLACED))
    journal.learn_price("neural4d", "text", 30)
    History(journal).delete(journal.get("gone"))  # type: ignore[arg-type]
    journal.close()


def notices(folder: Path) -> list[dict[str, str]]:
    journal = Journal(folder)
    told = journal.notices()
    journal.close()
    return told


def states(journal: Journal) -> dict[str, State]:
    return {job.id: job.state for job in journal.newest()}


@pytest.mark.parametrize("spoil", SPOILT, ids=named)
def test_it_is_made_whole_of_itself_and_of_the_folders(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    filled(tmp_path)
    spoil(tmp_path)
    before = (tmp_path / JOURNAL).read_bytes() if (tmp_path / JOURNAL).exists() else b""
    journal = Journal(tmp_path)
    (notice,) = journal.notices()
    assert "was made whole: 6 jobs are known" in notice["what"], "all but the deleted one"
    assert (notice["code"], bool(notice["remedy"])) == ("JournalMended", True)
    assert set(states(journal)) == {"bird", "chair", "lost", "item 0", "item 1", "item 2"}
    assert states(journal)["item 0"] is State.QUEUED, "its folder says that it was never sent"
    assert journal.batch("b") == BatchRecord("b", "birds", 1, 500, size=3)
    assert [one.id for one in journal.jobs_of("b")] == ["item 0", "item 1", "item 2"]
    left = {one.id: one for one in journal.take_over()}
    chair, lost = left["chair"], left["lost"]
    assert chair.variants[0].uuid == "uuid-chair"
    assert (lost.submission.tickets, lost.submission.in_doubt, lost.submission.sent_at) == (["t"], True, 77.0)
    assert journal.paid_since("neural4d", 77.0, "another")
    assert [found["id"] for found in History(journal).search(text="bird")[0]] == ["bird"]
    assert (tmp_path / UNFINISHED).exists()
    kept = [path.read_bytes() for path in (tmp_path / FOLDER).glob("journal *.sqlite3") if path.stat().st_size]
    assert kept == ([before] if before else []), "the user may want it back"
    journal.forget_notices()
    journal.close()
    assert not (tmp_path / DAMAGED).exists()
    assert notices(tmp_path) == [], "it is whole now"


@pytest.mark.parametrize("spoil", [page_of("prices"), no_search], ids=named)
def test_what_can_be_read_of_it_is_kept(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    filled(tmp_path)
    shutil.rmtree(tmp_path / "jobs")
    spoil(tmp_path)
    journal = Journal(tmp_path)
    assert set(states(journal)) == {"bird", "chair", "lost", "item 0", "item 1", "item 2"}
    assert states(journal)["item 0"] is State.QUEUED, "the rows are the last that were written"
    assert journal.spent() == {"neural4d": 90}, "that of the deleted one too"
    assert journal.price("neural4d", "text") == (30 if spoil is no_search else None)
    journal.close()


def yesterdays(folder: Path) -> Callable[[], None]:
    """Takes a copy; what is returned puts it back."""
    copy = (folder / JOURNAL).read_bytes()

    def put_back() -> None:
        remove(folder)
        (folder / JOURNAL).write_bytes(copy)

    return put_back


def test_a_copy_from_yesterday(tmp_path: Path) -> None:
    filled(tmp_path)
    put_back = yesterdays(tmp_path)
    journal = Journal(tmp_path)
    sent, *_ = journal.jobs_of("b")
    sent.enter(State.SUBMITTING, 5.0)
    sent.submission.in_doubt = True
    journal.save(sent, batch=BatchRecord("b", "birds", 1, 700, size=3))
    journal.save(job("new", State.PLACED))
    journal.close()
    put_back()
    journal = Journal(tmp_path)
    (notice,) = journal.notices()
    assert "older one" in notice["what"]
    assert (states(journal)["item 0"], states(journal)["new"]) == (State.SUBMITTING, State.PLACED)
    assert states(journal)["item 1"] is State.QUEUED
    record = journal.batch("b")
    assert record
    assert record.budget == 700
    assert journal.price("neural4d", "text") == 30
    journal.save(job("more"))
    journal.close()
    assert len(notices(tmp_path)) == 1


def test_what_may_have_been_sent_since_is_not_sent_again(tmp_path: Path) -> None:
    filled(tmp_path)
    put_back = yesterdays(tmp_path)
    journal = Journal(tmp_path)
    journal.learn_price("neural4d", "text", 31)
    journal.close()
    put_back()
    shutil.rmtree(tmp_path / "jobs" / "item 1")  # to make room on the disk, say
    journal = Journal(tmp_path)
    assert states(journal) == {
        "bird": State.PLACED,
        "chair": State.GENERATING,
        "lost": State.UNKNOWN,
        "item 0": State.QUEUED,
        "item 1": State.FAILED,
        "item 2": State.QUEUED,
    }
    doubtful = journal.get("item 1")
    assert doubtful
    assert doubtful.error
    assert (doubtful.error["code"], doubtful.retry_pays) == ("PaymentUnknown", True)
    assert "1 jobs may have been sent" in journal.notices()[0]["cost"]
    journal.close()


def test_a_wal_that_is_gone(tmp_path: Path) -> None:
    """All that was written since the file itself was: the newest copy of the job counts."""
    filled(tmp_path)
    put_back = yesterdays(tmp_path)  # the file alone, with nothing of the WAL in it
    journal = Journal(tmp_path)
    journal.save(job("new", State.GENERATING))
    put_back()
    again = Journal(tmp_path)
    assert "older one" in again.notices()[0]["what"]
    assert states(again)["new"] is State.GENERATING
    with pytest.raises(JournalDamaged):
        journal.save(job("newer", State.GENERATING))  # what it writes into is nobody's any more
    again.close()


def test_a_journal_of_another_folder(tmp_path: Path) -> None:
    filled(tmp_path)
    other = Journal(tmp_path / "other")
    for number in range(50):
        other.learn_price("neural4d", "text", number)
    other.close()
    remove(tmp_path)
    shutil.copyfile(tmp_path / "other" / JOURNAL, tmp_path / JOURNAL)
    assert "older one" in notices(tmp_path)[0]["what"]


def test_a_new_folder_and_a_sound_journal_tell_nothing(tmp_path: Path) -> None:
    assert notices(tmp_path) == []
    filled(tmp_path / "used")
    assert notices(tmp_path / "used") == []


def test_a_kill_between_the_journal_and_its_stamp(tmp_path: Path) -> None:
    """Whatever the file was at any earlier moment, or if it is not there at all: the journal is no older one."""
    journal = Journal(tmp_path)
    seen = {b""}
    for number in range(5):
        journal.save(job(f"{number}"))
        seen.add((tmp_path / journal_stamp.FILE).read_bytes())
    journal.close()
    assert len(seen) == 6
    for content in seen:
        (tmp_path / journal_stamp.FILE).write_bytes(content)
        assert notices(tmp_path) == []
    (tmp_path / journal_stamp.FILE).unlink()
    assert notices(tmp_path) == []


def test_several_engines_count_together(tmp_path: Path) -> None:
    several = [Journal(tmp_path) for _ in range(3)]
    for number in range(30):
        several[number % 3].learn_price("neural4d", "text", number)
    there = journal_stamp.kept(tmp_path)
    assert there
    assert there[1] == 30
    for journal in several:
        journal.close()
    assert notices(tmp_path) == []


class Killed(BaseException):
    pass


class Dying(System):
    """Ends with the file that it is to rename then, before or after that."""

    def __init__(self, at: int, *, after: bool) -> None:
        super().__init__()
        self.left, self.after = at, after

    def replace(self, source: Path, target: Path) -> None:
        self.left -= 1
        if self.left == 0 and not self.after:
            raise Killed
        super().replace(source, target)
        if self.left == 0:
            raise Killed


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("spoil", [remove, cut_in_half, page_of("prices")], ids=named)
def test_killed_while_it_is_made_whole(tmp_path: Path, spoil: Callable[[Path], None], *, after: bool) -> None:
    filled(tmp_path / "sample")
    spoil(tmp_path / "sample")
    (tmp_path / "sample" / f"{JOURNAL}-wal").write_bytes(b"what was left of it")
    for at in range(1, 30):
        folder = tmp_path / f"{at}"
        shutil.copytree(tmp_path / "sample", folder)
        try:
            Journal(folder, Dying(at, after=after)).close()
        except Killed:
            journal = Journal(folder)
            assert len(states(journal)) == 6, at
            assert [notice["code"] for notice in journal.notices()] == ["JournalMended"], at
            journal.close()
        else:
            break
    else:
        pytest.fail("it is never through")
    assert at > 8


def test_a_damaged_journal_that_another_engine_has_open(tmp_path: Path) -> None:
    filled(tmp_path)
    other = Journal(tmp_path)
    (tmp_path / DAMAGED).write_text("database disk image is malformed")
    with pytest.raises(JournalUnusable, match="another Blender has it open"):
        Journal(tmp_path)
    with pytest.raises(JournalDamaged):
        other.learn_price("neural4d", "text", 5)
    other.close()
    assert "was damaged (database disk image is malformed)" in notices(tmp_path)[0]["what"]


def test_a_journal_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    filled(tmp_path)
    with closing(sqlite3.connect(tmp_path / JOURNAL)) as db:
        db.execute("PRAGMA user_version = 99")
    (tmp_path / DAMAGED).write_text("malformed")
    with pytest.raises(JournalUnusable, match="newer version"):
        Journal(tmp_path)
    assert not (tmp_path / FOLDER).exists()


def test_jobs_of_which_no_copy_is_left_are_counted(tmp_path: Path) -> None:
    """As an earlier version has left them: what they were is lost, and said to be."""
    for name in ("bird", "chair"):
        (tmp_path / "jobs" / name).mkdir(parents=True)
        (tmp_path / "jobs" / name / "exchanges.jsonl").write_text("{}")
    (tmp_path / "jobs" / "not sent yet").mkdir()
    (notice,) = notices(tmp_path)
    assert "0 jobs are known" in notice["what"]
    assert "What 2 other jobs were is lost" in notice["what"]


def test_a_batch_that_is_lost_is_stopped_without_a_budget(tmp_path: Path) -> None:
    filled(tmp_path)
    remove(tmp_path)
    shutil.rmtree(tmp_path / "batches")
    journal = Journal(tmp_path)
    record = journal.batch("b")
    assert record
    assert (record.stopped, record.budget, "budget" in record.damaged) == (True, 0, True)
    journal.close()


def test_a_damaged_copy_is_one_failed_job(tmp_path: Path) -> None:
    filled(tmp_path)
    remove(tmp_path)
    (tmp_path / "jobs" / "chair" / backup_files.JOB).write_text('{"id": "chair", "provider": "neural4d", "varia')
    journal = Journal(tmp_path)
    chair = journal.get("chair")
    assert chair
    assert (chair.state, chair.provider, chair.submission.in_doubt) == (State.FAILED, "neural4d", True)
    assert len(states(journal)) == 6
    journal.close()


def test_the_wal_is_kept_short(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    longest = 0
    for number in range(300):
        journal.save(job(f"{number % 7}", prompt="a bird " * 500))
        longest = max(longest, (tmp_path / f"{JOURNAL}-wal").stat().st_size)
    assert longest < 2_000_000
    journal.close()


def test_a_full_disk_costs_no_row_while_it_is_made_whole(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / JOURNAL, isolation_level=None)) as db:
        schema_migrations.bring_up_to_date(db)
        db.execute(f"PRAGMA max_page_count={db.execute('PRAGMA page_count').fetchone()[0]}")
        price = {"provider": "x" * 50_000, "operation": "text", "points": 30, "at": 0.0}
        with pytest.raises(sqlite3.OperationalError, match="full"):
            recovery._put_back(db, "prices", price)
        recovery._put_back(db, "prices", {**price, "provider": None})  # which costs its row
        recovery._put_back(db, "prices", {"from another table": 1})


def test_a_full_disk_is_told_where_the_tables_are_made(tmp_path: Path) -> None:
    class Full(sqlite3.Connection):
        """As SQLite does when its cache has to go to a disk that is full."""

        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            if sql.startswith("PRAGMA user_version ="):
                super().execute("ROLLBACK")
                raise sqlite3.OperationalError("database or disk is full")
            return super().execute(sql, *values)

    with (
        closing(sqlite3.connect(tmp_path / JOURNAL, isolation_level=None, factory=Full)) as db,
        pytest.raises(sqlite3.OperationalError, match="disk is full"),
    ):
        schema_migrations.bring_up_to_date(db)


# With the engine itself


@pytest.mark.parametrize("spoil", [remove, cut_in_half], ids=named)
def test_what_was_paid_goes_on_and_is_not_paid_again(
    sim: Simulator, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    sim.configure(job_seconds=600)
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as first:
        first.configure(sim.api_url, sim.keys, timing=QUICK)
        paid = first.submit("a bird")
        first.wait(paid, "generating")
        first.until(lambda: first.jobs[paid]["cost"], "its cost")
        first.kill()
    with closing(sqlite3.connect(tmp_path / JOURNAL)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    spoil(tmp_path)
    sim.configure(job_seconds=0)
    sim.finish_jobs()
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as second:
        second.configure(sim.api_url, sim.keys, timing=QUICK)
        second.wait(paid, "ready")
        kinds = [event["event"] for event in second.events]
        assert kinds.index("notice") < kinds.index("job"), "told before anything is done"
        assert second.ask("noticed")["error"] is None
    assert points(sim) == [30]
    assert notices(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows removes no file that is open")
@pytest.mark.parametrize("spoil", [remove, no_search], ids=named)
def test_damage_under_a_running_engine(sim: Simulator, tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    """It ends without a word, and the host has the next one go on."""
    sim.configure(job_seconds=600)
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as first:
        first.configure(sim.api_url, sim.keys, timing=QUICK)
        paid = first.submit("a bird")
        first.wait(paid, "generating")
        first.until(lambda: first.jobs[paid]["cost"], "its cost")
        spoil(tmp_path)
        sim.configure(job_seconds=0)
        sim.finish_jobs()
        first.send("dismiss", job=paid)
        assert first.process.wait(30) == 1
    assert not any(event["event"] == "ended" for event in first.events), "the host is to start another one"
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as second:
        second.configure(sim.api_url, sim.keys, timing=QUICK)
        second.wait(paid, "ready")
    assert points(sim) == [30]
