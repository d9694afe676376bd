"""How GoNeural's answers are read, in either of their shapes, and what its refusals say.

Standard library only; no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ...errors import Neural4DError, UnexpectedAnswer
from ...http.refusals import sentence
from .. import results
from ..results import Outcome

#: The kinds of task, as in their paths: an account may have one of each at a time.
IMAGE, TEXT = "image-to-3d", "text-to-3d"
#: Seconds after which the service itself fails a task that is not done are 300: a little less, for clocks.
_NEARLY = 290.0
_STATUSES = {
    "queued": Outcome.GENERATING,
    "in_progress": Outcome.GENERATING,
    "succeeded": Outcome.DONE,
    "failed": Outcome.FAILED,
}
#: No code is documented for a second task at a time: it is known by its words.
_OF_A_TASK = re.compile(r"(?i)\b(tasks?|jobs?|generations?)\b")
_ONE_ONLY = re.compile(
    r"(?i)\balready (have|has|running|in progress|queued|exists)\b|\bin progress\b|\b(still|currently) running\b"
    r"|\b(one|1) (\w+ )?(task|job|generation)\b|\blimit of (one|1)\b|\bat (a|one|the same) time\b|\bconcurrent\b"
    r"|\b(wait for|until) .*(previous|other|current|running)\b|\btask limit\b"
)
BACK = "GoNeural has given the credits back."


def refuses_a_second(error: Neural4DError) -> bool:
    """Whether a task was refused because the account has another one under way."""
    if error.http not in (400, 403, 409, 429):
        return False
    said = sentence(error.answer)
    return bool(_OF_A_TASK.search(said) and _ONE_ONLY.search(said))


def task_in(answer: dict[str, Any]) -> dict[str, Any]:
    """The task itself, which may come in an envelope."""
    if answer.get("id"):
        return answer
    return results.inner(answer, "task") or results.inner(answer, "data") or answer


def poll(task: Mapping[str, Any]) -> results.Poll:
    """What a task says of itself."""
    outcome = _STATUSES.get(str(task.get("status")).strip().lower())
    if outcome is None:
        raise UnexpectedAnswer(f"GoNeural answered with the unknown status {task.get('status')!r}.")
    return results.Poll(
        outcome,
        model_url=_model_url(task) if outcome is Outcome.DONE else "",
        message=_why(task) if outcome is Outcome.FAILED else sentence(task),
        points=points(task, over=outcome is not Outcome.GENERATING),
        details=details(task),
        title=results.text(results.inner(task, "input").get("prompt")),
    )


def kind_of(task: Mapping[str, Any]) -> str:
    """Which kind of task it is."""
    return TEXT if "text-to" in str(task.get("type")) else IMAGE


def points(task: Mapping[str, Any], *, over: bool) -> int | None:
    """What the task says it has cost. A 0 may be a price that is not known yet, or not at all."""
    if results.flag(task.get("refunded")):
        return 0 if over else None
    told = results.whole(task.get("creditUsed"))
    used = results.whole(task.get("creditsUsed")) if told is None else told
    return used if used and used > 0 else None


def details(task: Mapping[str, Any]) -> dict[str, str]:
    """What else it says, by its own names."""
    return results.details(task, "type", "seed", "assetId", "createdAt", "finishedAt")


def _model_url(task: Mapping[str, Any]) -> str:
    """``output.glb``, or ``urls.glb`` in older answers; what stands there under another name is better than nothing."""
    urls = _urls(task)
    if not urls:
        said = str(task.get("output", task.get("urls")))[:100]
        raise UnexpectedAnswer(f"GoNeural says the task has succeeded and names no model: {said}")
    return urls[0]


def _urls(task: Mapping[str, Any]) -> list[str]:
    places = [place for name in ("output", "urls") for place in results.items(task.get(name))]
    named = [place for place in places if isinstance(place, dict)]
    found = [place.get("glb") for place in named] + [url for place in named for url in place.values()]
    texts = [results.text(one) for one in (*found, *(place for place in places if isinstance(place, str)))]
    return [url for url in texts if url]


def _why(task: Mapping[str, Any]) -> str:
    """Why it has failed. No field is documented for a reason: take one where there is one."""
    meta = task.get("meta")
    said = sentence(task) or (sentence(meta) if isinstance(meta, dict) else "")
    if not said:
        said = "It gives no reason, and fails tasks that are not done after five minutes."
        if (_seconds(task) or 0.0) >= _NEARLY:
            said = "The task was not done after five minutes, and GoNeural fails such tasks."
    back = f" {BACK}" if results.flag(task.get("refunded")) else ""
    return f"{said.rstrip('.')}.{back}"


def _seconds(task: Mapping[str, Any]) -> float | None:
    """How long the task was under way, by the service's own clock."""
    try:
        begun, ended = (datetime.fromisoformat(str(task.get(name))) for name in ("createdAt", "finishedAt"))
        return (ended - begun).total_seconds()
    except (ValueError, TypeError):
        return None
