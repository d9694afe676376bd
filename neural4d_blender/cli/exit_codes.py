"""What a command's exit code says. Standard library and the engine's ``errors`` only."""

from __future__ import annotations

from enum import IntEnum

from ..engine import errors
from ..engine.errors import InvalidInput, JobFailed, Neural4DError


class Exit(IntEnum):
    """The exit codes; the text of ``--help`` and the documentation's table say the same."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_READY = 3
    NO_POINTS = 4
    SOME_FAILED = 5
    TIME_UP = 6
    NOT_FIT = 7
    INTERRUPTED = 130


MEANINGS = {
    Exit.DONE: "done",
    Exit.FAILED: "failed; the message says what was kept and what it cost",
    Exit.USAGE: "wrong usage or input; nothing was sent",
    Exit.NOT_READY: "no key, a key that is refused, or online access is off; nothing was paid",
    Exit.NO_POINTS: "the points, or the spending limit, do not cover it; what they do not cover was not sent",
    Exit.SOME_FAILED: "some jobs are done and some failed",
    Exit.TIME_UP: "--timeout is over; the jobs go on with resume",
    Exit.NOT_FIT: "made, paid and written, and not fit for what --require names",
    Exit.INTERRUPTED: "interrupted; the jobs go on with resume (143: ended by SIGTERM)",
}
_NOT_READY = (errors.OnlineAccessOff, errors.KeyMissing, errors.KeyRejected)


def code_of(error: Neural4DError) -> Exit:
    """The exit code for an error that ended a command."""
    kind = getattr(errors, error.reason, JobFailed) if isinstance(error, JobFailed) else type(error)
    # A job that the engine refuses was not sent; one that this Blender cannot read, UnsupportedFeature, was.
    if isinstance(error, InvalidInput) or kind is InvalidInput:
        return Exit.USAGE
    if issubclass(kind, _NOT_READY):
        return Exit.NOT_READY
    if issubclass(kind, errors.NotFit):
        return Exit.NOT_FIT
    return Exit.NO_POINTS if issubclass(kind, errors.NotEnoughPoints) else Exit.FAILED


def code_of_many(done: int, failures: list[Neural4DError], *, allow_failed: bool = False) -> Exit:
    """The exit code for several jobs: how many are done, and what the others failed of.

    Args:
        allow_failed: jobs that failed are no reason to stop what comes next; what keeps all of them from working is.
    """
    if not failures:
        return Exit.DONE
    codes = {code_of(failure) for failure in failures}
    if allow_failed and Exit.NOT_READY not in codes and (done or {Exit.FAILED, Exit.NOT_FIT} & codes):
        return Exit.DONE
    if done:
        return Exit.SOME_FAILED
    return codes.pop() if len(codes) == 1 else Exit.FAILED
