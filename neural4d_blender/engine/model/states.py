"""The states of jobs and their variants, and the life of a job as a table of them. Standard library only."""

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
#: One of this name is touched whenever something is new of a job of an agent's, for the open Blenders to look at.
AGENTS = "agents"
_OVER = {State.FAILED, State.CANCELLED}
#: The life of a job. Of each state: what the journal has before anything of it leaves the process; whether cancelling
#: the job in it costs nothing, because no model is ordered yet; the states that may follow. One that follows itself is
#: entered anew. A job that is over goes on when the user asks for it alone: Retry, or another of its models. A ready
#: one whose rule orders the same once more is queued, and ready again where nothing comes of that.
LIFE: dict[State, tuple[str, bool, set[State]]] = {
    State.QUEUED: (
        "the request",
        True,
        {State.PREPARING_INPUT, State.SUBMITTING, State.GENERATING, State.READY} | _OVER,
    ),
    State.PREPARING_INPUT: (
        "the points held against caps, and the service's ids of pictures that were ordered",
        True,
        {State.CHOOSING_CUTOUT, State.SUBMITTING, State.GENERATING, State.READY} | _OVER,
    ),
    State.CHOOSING_CUTOUT: (
        "the pictures to choose from",
        True,
        {State.QUEUED, State.GENERATING} | _OVER,
    ),
    State.SUBMITTING: (
        "that a request goes out which may be paid, when, under which ids, and the balance before it",
        False,
        {State.QUEUED, State.PREPARING_INPUT, State.UNKNOWN, State.GENERATING, State.READY} | _OVER,
    ),
    State.UNKNOWN: (
        "that the request went out and no usable answer came",
        False,
        {State.QUEUED, State.PREPARING_INPUT, State.GENERATING, State.READY} | _OVER,
    ),
    State.GENERATING: (
        "the service's ids of the models, and what they cost",
        False,
        {State.CHOOSING_CUTOUT, State.GENERATING, State.DOWNLOADING, State.PREPARING_MODEL}
        | {State.READY, State.PLACED}
        | _OVER,
    ),
    State.CONVERTING: (
        "that the model is done, and wanted in another format",
        False,
        {State.GENERATING, State.DOWNLOADING, State.PREPARING_MODEL, State.READY} | _OVER,
    ),
    State.DOWNLOADING: (
        "that the model is done, and its address",
        False,
        {State.GENERATING, State.CONVERTING, State.PREPARING_MODEL, State.READY, State.PLACED} | _OVER,
    ),
    State.PREPARING_MODEL: (
        "where the downloaded file is",
        False,
        {State.GENERATING, State.PREPARING_MODEL, State.READY, State.PLACED} | _OVER,
    ),
    State.READY: (
        "where the finished file is",
        False,
        {State.QUEUED, State.GENERATING, State.READY, State.PLACED},
    ),
    State.PLACED: (
        "which models stand in a scene",
        False,
        {State.GENERATING, State.READY},
    ),
    State.FAILED: (
        "what happened, what was kept, what it cost and what to do",
        False,
        {State.QUEUED, State.UNKNOWN, State.GENERATING, State.READY} | _OVER,
    ),
    State.CANCELLED: (
        "what was paid, and what Retry does",
        False,
        {State.QUEUED, State.UNKNOWN, State.GENERATING, State.READY} | _OVER,
    ),
}
#: Nothing more happens to the job's first model without somebody asking for it.
SETTLED = frozenset({State.PLACED, State.FAILED, State.CANCELLED})
#: No work of anybody: the job waits for its turn, or for a user.
IDLE = SETTLED | {State.QUEUED, State.CHOOSING_CUTOUT, State.READY}
#: Cancelling in these costs nothing.
FREE_TO_CANCEL = frozenset(state for state, (_, free, _) in LIFE.items() if free)


class WaitsFor(StrEnum):
    """Why a job stands still that goes on by itself."""

    NOTHING = ""
    PACE = "pace"  # the service asked to slow down
    OUTAGE = "outage"  # the service is down, or the network between it and here
    APPROVAL = "approval"  # it would go over an allowance: the user's word
    OTHER_JOB = "other_job"  # another one has to be over first, or what it cost has to be known


class VariantState(StrEnum):
    """How far one of the models of a job is."""

    GENERATING = "generating"
    DONE = "done"  # at the service, paid for
    DOWNLOADED = "downloaded"
    PREPARED = "prepared"
    FAILED = "failed"
