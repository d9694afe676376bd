"""What a report says of an item beside what came of it, for a program to read.

Standard library, client and the engine's ``protocol`` only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ...client.jobs.snapshots import Job, Variant
from ...client.version import blender_version, version
from ...engine.protocol import SETTLED, BatchRecord, State, moment, options_of, who

#: Counted up when what a column means changes, or one goes; a new one is none.
SCHEMA = 1


def facts_of(
    job: Job, batch: BatchRecord | None, own: Variant | None, servers: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """By the names of a report's columns; see ``report.Line``."""
    request = job.request
    over = job.state in (*SETTLED, State.READY) and not job.under_way
    command = batch.settings.get("command") if batch else None
    seed = request.options.get("seed")
    return {
        "schema": SCHEMA,
        "key": request.key,
        "code": job.error["code"] if job.error else "",
        "size_mm": request.size_mm,
        "axis": request.axis,
        "seed": seed if isinstance(seed, int) else None,
        "started": moment(job.created),
        "ended": moment(job.entered) if over else "",
        "table": command.get("digest", "") if isinstance(command, dict) else "",
        "version": version(),
        **who(job.user),
        "project": job.project,
        "agent": job.agent,
        "options": options_of(request),
        "variant": own.index if own else None,
        "service_id": own.uuid if own else "",
        "request_id": job.tickets[-1] if job.tickets else "",
        "blender": blender_version(),
        "generation": servers.get(job.provider, {}).get("generation", ""),
        "metadata": request.metadata,
    }


def sums_of(record: dict[str, Any]) -> dict[str, Any]:
    """The sha256 and the bytes of a record's files; those that it has where they are not here."""
    sums, sizes = [], []
    for file in record["files"]:
        with suppress(OSError), Path(file).open("rb") as stream:
            sums.append(hashlib.file_digest(stream, "sha256").hexdigest())
            sizes.append(stream.tell())
    whole = len(sums) == len(record["files"])
    return {"sha256": sums, "bytes": sizes} if whole else {name: record[name] for name in ("sha256", "bytes")}
