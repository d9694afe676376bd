"""The states of jobs and their variants. Standard library only."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """The states of a job. Each change of state is in the journal before its effect leaves the process."""

    QUEUED = "queued"
    PREPARING_INPUT = "preparing_input"
    CHOOSING_CUTOUT = "choosing_cutout"
    SUBMITTING = "submitting"
    UNKNOWN = "unknown"
    GENERATING = "generating"
    CONVERTING = "converting"
    DOWNLOADING = "downloading"
    PREPARING_MODEL = "preparing_model"
    READY = "ready"
    PLACED = "placed"
    FAILED = "failed"
    CANCELLED = "cancelled"


#: The journal's file in the data folder.
JOURNAL = "journal.sqlite3"
#: A file of this name stands beside it while a job is under way, so that Blender's start
#: need not open the database.
UNFINISHED = "unfinished"
#: Nothing more happens to the job's first model without somebody asking for it.
SETTLED = frozenset({State.PLACED, State.FAILED, State.CANCELLED})
#: No work of anybody: the job waits for its turn, or for a user.
IDLE = frozenset({State.QUEUED, State.CHOOSING_CUTOUT, State.READY, State.PLACED, State.FAILED, State.CANCELLED})
#: Cancelling in these costs nothing: the service has not accepted anything yet.
FREE_TO_CANCEL = frozenset({State.QUEUED, State.PREPARING_INPUT, State.CHOOSING_CUTOUT})


class VariantState(StrEnum):
    """How far one of the models of a job is."""

    GENERATING = "generating"
    DONE = "done"  # at the service, paid for
    DOWNLOADED = "downloaded"
    PREPARED = "prepared"
    FAILED = "failed"
