"""All that a step may use, and the waits that tests make small."""

from __future__ import annotations

import threading
import urllib.parse
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..blenders.blender_pool import Preparers
from ..blenders.job_file_format import PrepareValues
from ..clock import Clock
from ..errors import UnexpectedAnswer
from ..files.download import download
from ..files.local_file import copy
from ..http.rate_limit import MINUTE
from ..model.inputs.web_addresses import host_of, is_inward
from ..model.job import Job
from ..model.states import JOURNAL, State
from ..model.variant import Variant
from ..services import DECLARATIONS
from ..services.base import Provider
from ..spending.spending import Spending
from ..store.journal import Journal
from ..store.private_files import FOLDER
from ..system import SYSTEM, System
from .poll_schedule import QUICKEST


@dataclass
class Timing:
    """Seconds and counts that tests make small."""

    #: Between two requests for one job.
    quickest: float = QUICKEST
    backoff: float = 0.5
    attempts: int = 6
    #: For so long a job that is, or may be, paid goes on asking while the service or the network is down; an item of
    #: a batch that is not sent yet waits for a 24th of it.
    outage: float = 86_400.0
    #: The longest wait between two such questions.
    slowest: float = 300.0
    #: What is not taken yet fails after so many refusals in a row that ask to slow down: an hour, by then.
    refusals: int = 12
    #: Three looks, this far apart, before a lost submission counts as never arrived.
    look_again: float = 4.0
    looks: int = 3
    #: What a service means by "a minute" (see rate_limit.py).
    minute: float = MINUTE
    preparer_limit: float = 600.0
    #: For so long the user is asked to approve of what would go over an allowance; between two looks for the answer.
    approval: float = 600.0
    ask_again: float = 1.0
    #: Pictures that are paid for are given up then.
    picture_limit: float = 1800.0

    @property
    def watch(self) -> float:
        """For how long the balance has to stand still before a lost submission counts as not taken: over a minute."""
        return 20 * self.look_again

    @property
    def on_its_way(self) -> float:
        """For how long a request may be on its way that nobody waits for any more: as an answer is waited for."""
        return 45 * self.look_again


@dataclass
class Context:
    """What steps are taken with.

    Args:
        journal: where each change goes first.
        provider: gives the service of that id, ready to be called; raises Neural4DError without a key.
        publish: told of each change, after the journal.
        spending: measures what is spent.
        ask_host: has the host prepare a variant, by the values of a job file.
        stopping: set when the engine ends.
        folder: the data folder.
        preparers: the background Blenders.
        download: fetches a result, see files/download.py.
        host_imports: the host can do a preparer's work itself, at the price of standing still.
    """

    journal: Journal
    provider: Callable[[str], Provider]
    publish: Callable[[Job], None]
    spending: Spending
    ask_host: Callable[[Job, Variant, PrepareValues], None]
    stopping: threading.Event
    folder: Path
    system: System = SYSTEM
    preparers: Preparers = field(default_factory=Preparers)
    download: Callable[..., int] = download
    timing: Timing = field(default_factory=Timing)
    host_imports: bool = False

    @property
    def clock(self) -> Clock:
        """The time."""
        return self.system.clock

    def folder_of(self, job: Job) -> Path:
        """The job's own folder below the data folder, made if it is not there; OSError where that one is not."""
        folder = self.folder / "jobs" / job.id
        for one in (folder.parent, folder):
            one.mkdir(FOLDER, exist_ok=True)
        job.folder = str(folder)
        return folder

    def kept_answer(self, job: Job) -> str:
        """Where answers are kept that could not be read, in a sentence; empty where none came."""
        if not self.journal.answers(job.id):
            return ""
        return (
            "What the service answered to the paid requests is kept word for word, without the key, in the table "
            f"answers of {self.folder / JOURNAL}, until the job is dismissed."
        )

    def fetch(self, job: Job, url: str, path: Path, **how: Any) -> int:
        """Download a result of the job, see files/download.py; what names no host is on the service's own."""
        return self.fetch_from(job.provider, url, path, **how)

    def fetch_from(self, provider: str, url: str, path: Path, **how: Any) -> int:
        """The same of what is no job's."""
        declared = DECLARATIONS.get(provider)
        if declared and declared.built_in:
            return copy(self.provider(provider).here(url), path, **how)
        if "://" not in url.partition("?")[0]:
            with suppress(ValueError):  # one that cannot be read at all is told of by whoever fetches it
                url = urllib.parse.urljoin(f"{self.provider(provider).http.url}/", url)
        with suppress(ValueError):
            inward = is_inward(host := host_of(url))
            if inward and not is_inward(host_of(self.provider(provider).http.url)):
                raise UnexpectedAnswer(f"The service named a result address in a network that is not its own: {host}.")
        return self.download(url, path, **how)

    def save(self, job: Job) -> None:
        """Journal first, then the host."""
        self.journal.save(job)
        self.publish(job)

    def enter(self, job: Job, state: State) -> None:
        """Change the state, in the journal before anywhere else."""
        job.enter(state, self.clock.now())
        self.save(job)
