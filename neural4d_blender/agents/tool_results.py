"""What an agent is told: jobs, errors and pictures, with no key in any of it.

Client and the engine's ``protocol`` only.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mcp.types import CallToolResult, ImageContent, TextContent

from ..client.jobs import ranking
from ..client.jobs.snapshots import Job
from ..engine import protocol
from ..engine.protocol import SETTLED, JobFailed, Neural4DError, State

#: Bytes of a picture, and pictures of an answer, at the most.
MAX_PICTURE, MAX_PICTURES = 1_000_000, 4
_KINDS = {b"\x89PNG\r\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}
#: How far a job is when it comes to a state, and how much of the whole that is.
_PARTS = {
    State.QUEUED: (0.0, 0.0),
    State.PREPARING_INPUT: (0.02, 0.03),
    State.SUBMITTING: (0.05, 0.0),
    State.UNKNOWN: (0.05, 0.0),
    State.GENERATING: (0.1, 0.6),
    State.CONVERTING: (0.7, 0.05),
    State.DOWNLOADING: (0.75, 0.15),
    State.PREPARING_MODEL: (0.9, 0.1),
}


def is_over(job: Job) -> bool:
    """Nothing more happens to it by itself."""
    return not job.under_way and job.state in {*SETTLED, State.READY, State.CHOOSING_CUTOUT}


def part_done(job: Job) -> float:
    """How much of it is done, 0..1."""
    begin, share = _PARTS.get(job.state, (1.0, 0.0))
    return begin + share * min(1.0, max(0.0, job.progress))


def of_job(job: Job) -> dict[str, Any]:
    """A job in short."""
    error = error_of(job)
    return {
        "job": job.id,
        "state": str(job.state),
        "title": job.request.title,
        "provider": job.provider,
        "progress": round(part_done(job), 3),
        "note": job.note,
        "points": job.cost,
        "points_estimated": job.cost_estimated,
        "unit": protocol.unit_of(job.provider),
        "variants": [{"variant": one.index, "state": one.state, "format": one.format} for one in job.variants],
        "pictures": len(job.pictures),
        "files": [save.path for save in job.saves if save.path and save.folder != job.request.keep_in],
        "created": time.strftime("%Y-%m-%dT%H:%M:%S%z", time.localtime(job.created)),
        "error": of_error(error) if error else None,
    }


def error_of(job: Job) -> Neural4DError | None:
    """Why it failed, or one of its files was not kept; None where neither is so."""
    told = [job.error, *(save.error for save in job.saves)]
    return next((JobFailed.from_dict(error) for error in told if error), None)


def of_report(job: Job) -> list[dict[str, Any]]:
    """What was found in its models, the best one first."""
    ranked = ranking.best_first(job)
    return [
        {"variant": one.index, "state": one.state, "report": one.report.to_json() if one.report else None}
        for one in [*ranked, *(one for one in job.variants if one not in ranked)]
    ]


def of_error(error: Neural4DError) -> dict[str, str]:
    """An error with all that it says."""
    code = error.reason if isinstance(error, JobFailed) else error.code
    return {"code": code, "what": error.what, "kept": error.kept, "cost": error.cost, "remedy": error.remedy}


def told(values: dict[str, Any], secrets: Iterable[str], pictures: Iterable[str] = ()) -> CallToolResult:
    """The answer of a tool.

    Args:
        values: JSON-able. secrets: texts that are blanked in it. pictures: paths of those that go with it.
    """
    shown, left_out = _shown(pictures)
    if left_out:
        values["pictures_left_out"] = left_out
    safe = _without(values, secrets)
    text = TextContent(type="text", text=json.dumps(safe, ensure_ascii=False))
    return CallToolResult(content=[text, *shown], structured_content=safe)


def refused(error: Neural4DError, secrets: Iterable[str]) -> CallToolResult:
    """The answer of a tool that could not do it."""
    safe = _without({"error": of_error(error)}, secrets)
    text = TextContent(type="text", text=json.dumps(safe, ensure_ascii=False))
    return CallToolResult(content=[text], structured_content=safe, is_error=True)


def _without(values: dict[str, Any], secrets: Iterable[str]) -> dict[str, Any]:
    for secret in secrets:
        values = protocol.without(values, secret)
    # Half of a surrogate pair, of a path or of a service's, is nothing that can be sent.
    safe: dict[str, Any] = json.loads(json.dumps(values, ensure_ascii=False).encode(errors="replace"))
    return safe


def _shown(pictures: Iterable[str]) -> tuple[list[ImageContent], int]:
    shown: list[ImageContent] = []
    left_out = 0
    for path in filter(None, pictures):
        picture = _picture(Path(path)) if len(shown) < MAX_PICTURES else None
        shown += [picture] if picture else []
        left_out += picture is None
    return shown, left_out


def _picture(path: Path) -> ImageContent | None:
    """None for one that is too large, or no picture that every client shows."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_PICTURE + 1)
    except OSError:
        return None
    kind = next((kind for start, kind in _KINDS.items() if data.startswith(start)), "")
    if not kind or len(data) > MAX_PICTURE:
        return None
    return ImageContent(type="image", data=base64.b64encode(data).decode(), mime_type=kind)
