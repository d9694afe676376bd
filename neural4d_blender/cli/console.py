"""What a command prints: results on standard output, progress on standard error, or one JSON object a line.

Standard library and client only. On a terminal progress is a bar; elsewhere it is a line for each change, without
control characters, so that a log stays readable. With ``--json`` everything goes to standard output.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from ..client.jobs.snapshots import Job
from .log import LOG

_BAR = 20
#: Between two events that tell nothing but a job's progress: this much of it has to be new.
_STEP = 0.1


class Console:
    """Prints for a person or a program.

    Args:
        as_json: one JSON object a line, on ``out``. quiet: a person wants no progress and no notes.
        out: where results go. err: where progress and errors go.
    """

    def __init__(
        self, *, as_json: bool = False, quiet: bool = False, out: TextIO | None = None, err: TextIO | None = None
    ) -> None:
        self.as_json = as_json
        self._quiet = quiet and not as_json
        self._out, self._err = out or sys.stdout, err or sys.stderr
        self._bar = not as_json and self._err.isatty()
        self._shown: dict[str, tuple[str, float, float]] = {}
        self._line = ""

    def result(self, text: str, event: str, **values: Any) -> None:
        """Something that was asked for: the text for a person, the event with its values for a program."""
        self.clear()
        if self.as_json:
            self._out.write(json.dumps({"event": event, **values}) + "\n")
        else:
            self._out.write(text + "\n")
        self._out.flush()

    def note(self, text: str) -> None:
        """Something that a person may want to know; a program does not."""
        self.clear()
        if not (self.as_json or self._quiet):
            print(text, file=self._err, flush=True)

    def error(self, told: Mapping[str, object], code: int) -> None:
        """What went wrong, in the form of ``Neural4DError.to_dict``; a program is told on ``out``, too."""
        if self.as_json:
            self.result("", "error", **told, exit=code)
        text = " ".join(str(told[part]) for part in ("what", "kept", "cost", "remedy") if told.get(part))
        LOG.debug("exit %d, %s: %s", code, told.get("code", ""), text)
        self.clear()
        print(f"neural4d: {text}", file=self._err, flush=True)

    def notice(self, text: str) -> None:
        """What has to be known before anything else is done; a program is told on ``out``, too."""
        if self.as_json:
            self.result("", "notice", what=text)
        self.clear()
        print(f"neural4d: {text}", file=self._err, flush=True)

    def watch(self, jobs: Sequence[Job], title: dict[str, str]) -> None:
        """Show how far the jobs are, if there is anything new; titles by job id."""
        if self._quiet:
            return
        for job in jobs:
            state, progress, until = str(job.state), job.progress, job.until
            before = self._shown.get(job.id)
            same = before and before[0] == state and (before[2] == until or not (until or self.as_json))
            if before and same and (not self.as_json or progress < before[1] + _STEP):
                continue
            self._shown[job.id] = (state, progress, until)
            if self.as_json:
                told = {"job": job.id, "state": state, "progress": round(progress, 3), "points": job.cost}
                # It goes on by itself at that moment (seconds since the epoch).
                wait = {"waits_for": job.waits_for, "waits_until": round(until, 1), "note": job.note} if until else {}
                self.result("", "progress", **told, **wait)
            elif not self._bar:
                print(f"{title[job.id]}: {_words(job)}", file=self._err, flush=True)
        if self._bar and jobs:
            self._draw(jobs, title)

    def _draw(self, jobs: Sequence[Job], title: dict[str, str]) -> None:
        going = [job for job in jobs if job.under_way]
        shown = going[0] if going else jobs[-1]
        filled = round(_BAR * shown.progress)
        elapsed = int(time.time() - shown.created)
        count = f"{len(jobs) - len(going)} of {len(jobs)}  " if len(jobs) > 1 else ""
        bar = f"[{'#' * filled}{'-' * (_BAR - filled)}] {shown.progress:4.0%}"
        line = f"{count}{title[shown.id][:30]}  {bar}  {elapsed // 60}:{elapsed % 60:02}  {_words(shown)}"
        line = line[: shutil.get_terminal_size().columns - 1]
        if line != self._line:
            self._err.write("\r\x1b[K" + line)
            self._err.flush()
            self._line = line

    def clear(self) -> None:
        """Take the bar away, so that a line can be printed."""
        if self._line:
            self._err.write("\r\x1b[K")
            self._err.flush()
            self._line = ""


def table(rows: Sequence[Sequence[object]]) -> str:
    """Columns as wide as their widest text; the first row is the heading."""
    texts = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in texts) for column in range(len(texts[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in texts)  # noqa: B905


def _words(job: Job) -> str:
    return f"{job.state.replace('_', ' ')}{': ' + job.note if job.note else ''}"
