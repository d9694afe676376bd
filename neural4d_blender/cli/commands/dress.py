"""The command dress: a whole blockout of the open file becomes models, and another file is written.

Standard library, client, batching and the engine's ``protocol`` only; what needs Blender is the session's.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

from ...batching.batch import Batch
from ...batching.preflight import Estimate
from ...batching.reports import report_files as reports
from ...batching.table.generate_arguments import Arguments
from ...client.jobs import ranking
from ...client.paths import check_writable, expanded
from ...engine import protocol
from ...engine.protocol import InvalidInput, JobFailed, Neural4DError, State
from ..argument_types import NO_LIMIT
from ..console import Console
from ..exit_codes import Exit, code_of_many
from ..output import event_facts
from ..output.price_text import in_words
from ..output.wait_and_write import told
from ..session import Session, failure_of
from ..settings import settings_of


def dress(session: Session, asked: argparse.Namespace, console: Console) -> int:
    """Fill the boxes of a collection with models and write the file."""
    output = expanded(asked.output).resolve()
    if output.suffix.lower() != ".blend":
        raise InvalidInput(f"{output.name} has to end in .blend.")
    check_writable(output)
    if asked.report:
        check_writable(expanded(asked.report).resolve())
    made = session.dress(_settings(asked), asked, lambda _batch, job: _tell(session, console, job))
    if isinstance(made, Estimate):
        text = f"{made.items} jobs: {in_words(made.points, documented=made.documented > 0)}"
        console.result(text, "price", **asdict(made))
        return Exit.DONE
    try:
        made.wait(asked.timeout)
    finally:
        session.save(output)
        if asked.report:
            reports.write(made.lines(), asked.report)
    return _finish(session, made, output, asked, console)


def _settings(asked: argparse.Namespace) -> Arguments:
    own = settings_of(protocol.declaration(asked.provider), asked)
    for name in ("size_mm", "axis"):
        if name in own:
            raise InvalidInput("The boxes give the sizes.", f"Leave --{name.replace('_', '-')} out.")
    how = {"seat": asked.seat, "stretch": asked.stretch, "quarter_turns": asked.quarter_turns}
    return cast("Arguments", {"provider": asked.provider, **own, **how})


def _tell(session: Session, console: Console, job: Any) -> None:
    now = session.bridge.jobs[job.id]
    if now.state == State.PLACED:
        own, servers = ranking.own(now), session.bridge.servers
        facts = event_facts.of_files(now, own, servers, [])
        sides = own.facts.get("dimensions_mm") if own else None
        points = {"points": now.cost, "points_estimated": now.cost_estimated}
        text = f"{job.title}: {now.state}"
        console.result(text, "done", **facts, provider=now.provider, files=[], size_mm=sides, **points)
    elif now.state in (State.FAILED, State.CANCELLED):
        console.note(f"{job.title}: {now.state}")
    console.watch([now] if console.as_json else [], {})


def _finish(session: Session, made: Batch, output: Path, asked: argparse.Namespace, console: Console) -> int:
    lines, progress = made.lines(), made.progress
    failures: list[Neural4DError] = []
    for line, job in zip(lines, made.results, strict=True):
        if job.state != State.PLACED:
            now = session.bridge.jobs[line.job]
            failures.append(failure_of(now) or job.error or JobFailed(f"It is {job.state}."))
            words = told(failures[-1])
            text = " ".join(filter(None, (words["what"], words["kept"], words["cost"], words["remedy"])))
            console.result(f"{line.name or line.input}: {text}", "failed", **event_facts.which(now), **words)
    text = f"{output}: {progress.done} of {progress.total} placed, {len(failures)} failed, {made.cost} points"
    counts = asdict(progress) | {"done": len(lines) - len(failures), "failed": len(failures)}
    console.result(text, "batch", batch=made.id, output=str(output), report=asked.report, **counts)
    return code_of_many(len(lines) - len(failures), failures, allow_failed=asked.allow_failed)


def budget(asked: argparse.Namespace) -> int | None:
    """The points that all of it may cost; None for no limit."""
    return None if asked.budget == NO_LIMIT else asked.budget
