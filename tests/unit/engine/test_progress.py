"""Progress as users are told it: it does not fall when another engine takes over, and what is sent anew begins at 0."""

from __future__ import annotations

import threading
from pathlib import Path

from neural4d_blender.engine.errors import GenerationFailed
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.model.request import Request
from neural4d_blender.engine.model.states import State, VariantState
from neural4d_blender.engine.model.variant import Variant
from neural4d_blender.engine.process.new_jobs import typical_seconds
from neural4d_blender.engine.services.results import Outcome, Poll
from neural4d_blender.engine.spending.spending import Spending
from neural4d_blender.engine.steps import polling, retry_and_choose
from neural4d_blender.engine.steps.active_job import ActiveJob
from neural4d_blender.engine.steps.context import Context
from neural4d_blender.engine.store.journal import Journal
from tests.support.one_thread import Alone
from tests.unit.engine.test_other_clock import MadeUp


class Silent(MadeUp):
    """Tells its progress when it is asked for the first time alone."""

    def poll(self, uuid: str, expect_done: bool) -> Poll:
        self.polls += 1
        return Poll(Outcome.GENERATING, progress=0.8 if self.polls == 1 else None)


def test_it_does_not_fall_when_another_engine_takes_over(tmp_path: Path) -> None:
    system = Alone()
    journal = Journal(tmp_path, system)
    provider = Silent(system.clock, there=True)
    spending = Spending(journal, lambda *_: None, lambda: None, system.clock)
    context = Context(
        *(journal, lambda _: provider, lambda _: None, spending, lambda *_: None, threading.Event(), tmp_path, system)
    )
    job = Job(
        "1", "made-up", Request(prompt="a bird").to_dict(), created=system.clock.now(), entered=system.clock.now()
    )
    job.state, job.variants = State.GENERATING, [Variant(0, "one")]
    system.clock.sleep(10.0)
    for active in (ActiveJob(job), ActiveJob(job)):  # the second one knows what stands in the journal
        polling.poll(context, active, job.variants)
        assert job.progress == 0.8
    journal.close()


def test_a_job_that_is_sent_anew_begins_at_nothing() -> None:
    failed = Variant(0, "one", VariantState.FAILED, error=GenerationFailed("It did not work.").to_dict())
    job = Job("1", "made-up", {}, state=State.FAILED, progress=0.98, progress_estimated=True, variants=[failed])
    retry_and_choose.revive(ActiveJob(job), 0.0)
    assert (job.state, job.progress, job.progress_estimated) == (State.QUEUED, 0.0, False)


def test_a_job_whose_clock_was_set_back_says_nothing_of_how_long_the_next_one_takes(tmp_path: Path) -> None:
    journal = Journal(tmp_path, Alone())
    journal.save(Job("1", "made-up", {}, state=State.PLACED, seconds={"generating": 0.0}))
    assert typical_seconds(journal, "made-up") == Job.typical
    journal.save(Job("2", "made-up", {}, state=State.PLACED, seconds={"generating": 40.0}))
    assert typical_seconds(journal, "made-up") == 40.0
    journal.close()
