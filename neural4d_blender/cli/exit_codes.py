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
    UNSENT = 8
    BUSY = 9
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
    Exit.UNSENT: "the budget did not cover all of a batch; the rest was not sent and goes on with a larger one",
    Exit.BUSY: "another process works on it; try again when it has ended",
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
    own = {errors.BudgetUsedUp: Exit.UNSENT, errors.WorkedOnElsewhere: Exit.BUSY, errors.NotFit: Exit.NOT_FIT}
    if code := next((code for cause, code in own.items() if issubclass(kind, cause)), None):
        return code
    return Exit.NO_POINTS if issubclass(kind, errors.NotEnoughPoints) else Exit.FAILED


def code_of_many(done: int, failures: list[Neural4DError], *, allow_failed: bool = False) -> Exit:
    """The exit code for several jobs: how many are done, and what the others failed of.

    Args:
        allow_failed: jobs that failed are no reason to stop what comes next; what was never sent, for want of points
            or of a key, is.
    """
    if not failures:
        return Exit.DONE
    codes = {code_of(failure) for failure in failures}
    if Exit.UNSENT in codes:
        return Exit.UNSENT
    may_go_on = not codes & {Exit.NOT_READY, Exit.NO_POINTS}
    if allow_failed and may_go_on and (done or {Exit.FAILED, Exit.NOT_FIT} & codes):
        return Exit.DONE
    if done:
        return Exit.SOME_FAILED
    return codes.pop() if len(codes) == 1 else Exit.FAILED
