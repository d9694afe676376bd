"""When to ask the service about a model again: rarely in the middle of a job, quickly at its end.

Standard library only; no I/O, no clock of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Never more than one request a second for one job. All other times here are in times of this one, so that a
#: test, whose clock runs faster, sees the same questions.
QUICKEST = 1.0
SLOWEST = 15.0
#: Ask for the result itself at least this often, in case the progress stands still or lies.
RESULT_EVERY = 30.0
#: Progress that has not moved for so long stands still, unless such a job usually takes longer than twice that.
STALLED = 20.0
#: Progress from which on the result itself may be there, or may turn out never to come.
NEARLY_DONE = 0.95
#: A job that the service neither finishes nor fails is given up after this (Retry goes on with it).
GIVE_UP_AFTER = 3600.0


@dataclass
class Pace:
    """What is known of one model's progress; ``started``, ``due`` and the like are monotonic seconds.

    Args:
        typical: seconds such a model usually takes, used while the service reports no progress.
        first: when this engine first asked (``started`` may lie before the engine did).
        spoken: what the service said when less was done than the user had been told, and what that was.
    """

    started: float
    typical: float
    due: float = 0.0
    first: float = 0.0
    quickest: float = QUICKEST
    reported: float | None = None
    moved: float = 0.0
    asked_for_result: float = 0.0
    asked_result_last: bool = False
    doubtful: bool = False
    ends: float = 0.0
    spoken: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        self.typical = max(self.typical, self.quickest)
        self.due = self.due or self.started + self.quickest
        self.moved = self.asked_for_result = self.started

    def expect_done(self, now: float) -> bool:
        """Whether the next question should be for the result instead of the progress."""
        if self.doubtful or (self.reported is not None and self.reported >= 1.0):
            return True
        if self.reported is not None and self.reported >= NEARLY_DONE:
            return not self.asked_result_last  # a job that fails at its end stays at 99 % for ever
        if self.reported is None or self.stalled(now):
            # No progress to go by: half of the questions go for the result.
            return now - self.asked_for_result >= max(
                self.quickest * 2, min(self.typical / 8, self._times(RESULT_EVERY))
            )
        return now - self.asked_for_result >= self._times(RESULT_EVERY)

    def stalled(self, now: float) -> bool:
        """The reported progress has stood still for longer than such a job has any reason to."""
        return now - self.moved > max(self._times(STALLED), self.typical / 2)

    def promised(self, now: float, seconds: float) -> None:
        """Take in the service's word on how much longer it takes."""
        self.typical = max(now - self.started + seconds, self.quickest)

    def heard(self, now: float, progress: float | None, asked_for_result: bool) -> None:
        """Take in an answer and set the time of the next question."""
        self.asked_result_last = asked_for_result
        if asked_for_result:
            self.asked_for_result = now
            if self.reported is not None and self.reported >= 1.0:
                self.due = now + self.quickest  # announced as finished, not there yet: any moment now
                return
        if progress is not None and progress != self.reported:
            self.moved = now
            self.reported = max(progress, self.reported or 0.0)
            if self.reported > 0:
                self.ends = now + max(now - self.started, self.quickest) * (1 - self.reported) / self.reported
        steady = bool(self.reported) and not self.stalled(now)
        remaining = (self.ends if steady else self.started + self.typical) - now
        # Come back a little before the expected end; nearly there, when the result itself is there.
        nearly = self.reported is not None and self.reported >= NEARLY_DONE
        wait = remaining + self._times(0.3) if nearly else remaining * 0.8
        self.due = now + min(max(wait, self.quickest), self._times(SLOWEST if steady else SLOWEST / 2))

    def _times(self, seconds: float) -> float:
        return seconds * self.quickest / QUICKEST

    def shown(self, now: float, before: float = 0.0) -> tuple[float, bool]:
        """Progress 0..1 for the user, and whether it is an estimate by time instead of the service's word.

        Args:
            before: what the user was told last. It is never less after that; where the service says less, what it says
                from then on moves on from there.
        """
        if self.reported is None or self.stalled(now):
            by_time = 0.95 * min((now - self.started) / self.typical, 1.0)
            return max(by_time, self.reported or 0.0, before), True
        if self._by_its_word() < before:
            self.spoken = (self.reported, before)
        return self._by_its_word(), False

    def _by_its_word(self) -> float:
        """The service's word; after an estimate that was too high, in the part that was left of it."""
        said, told = self.spoken
        reported = self.reported or 0.0
        return max(told + (1 - told) * (reported - said) / (1 - said) if said < 1 else told, reported)
