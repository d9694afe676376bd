"""Errors of the engine itself, its journal, and of who works on what; errors.py has them too.

Standard library only.
"""

from __future__ import annotations

from .error_base import Neural4DError


class JournalUnusable(Neural4DError):
    """The job history cannot be opened, read or written: a full disk, missing rights, another program that holds it."""

    default_remedy = "Check that the folder for files can be written and has free space, then try again."


class JournalDamaged(JournalUnusable):
    """The job history was found damaged, or gone, while it was in use; the next engine makes it whole."""

    default_remedy = "It is made whole by the next action, of itself and of the jobs' folders."


class JournalMended(Neural4DError):
    """The job history was missing, damaged or an older one, and was made whole; told as a notice, not raised."""

    default_remedy = "Look at the list of jobs before you generate anything again."


class EngineStopped(Neural4DError):
    """The engine process ended on its own."""

    default_remedy = "It is started again by the next action; running jobs go on from the history."


class EngineUnusable(Neural4DError):
    """The engine cannot start: a Python package or a file of its own is missing, or damaged (see __main__.py)."""

    default_remedy = "Install the extension again, and have the virus scanner leave its folder alone."


class JobInterrupted(Neural4DError):
    """What worked on the job is no more, and nothing goes on with it unasked: that may be paid."""

    default_remedy = "Go on with resume(): of the job, of its batch, or jobs(adopt=True) for all of them."


class WorkedOnElsewhere(Neural4DError):
    """Another process works on the job or the batch; that passes when it is done or ends."""

    default_remedy = "Use that one, or try again when it has ended."


class WrongThread(Neural4DError):
    """What touches Blender was called on another thread than its main one; nothing has happened."""

    default_remedy = "Call it on the main thread (bpy.app.timers); on others, wait(place=False) and what a job is."
