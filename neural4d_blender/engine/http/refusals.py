"""What a service says when it refuses: its own sentence, found in whatever form it comes, and the error that it is.

Standard library only; no I/O. The service's sentence goes first in each message. What a service echoes of a request
is never shown: it may be the whole prompt.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from ..errors import (
    KeyRejected,
    Neural4DError,
    NotEnoughPoints,
    RequestRefused,
    ServiceBusy,
    ServiceDown,
    UnexpectedAnswer,
)

#: Characters of a service's sentence that are shown.
LONGEST = 240
_SENTENCES = ("message", "messege", "msg", "error", "detail", "errors", "title", "status_message", "reason")
_PLACES = ("path", "loc", "param", "field")
_OF_THE_KEY = re.compile(r"(?i)\b(api.?key|token|bearer|unauthori[sz]ed|credentials?)\b|invalid key|authenticat")
_OF_MONEY = re.compile(
    r"(?i)(insufficient|not enough|no|out of|too few|lacks?) (\w+ )?(points|credits?|balance|funds)"
    r"|quota|payment required"
)
_OF_HURRY = re.compile(r"(?i)rate.?limit|too many requests|slow down|after a minute|try again in a minute")
_OF_PACE = re.compile(r"(?i)rate.?limit|too many requests|slow down")
_A_MINUTE = re.compile(r"(?i)\bminute\b")
#: Refused before it was looked at, or only perhaps: the request may have been acted on.
_IN_DOUBT = (408, 409, 425)


def sentence(answer: object, depth: int = 3) -> str:
    """What the answer says in words; empty where it says nothing. Fields that were wrong are named before it."""
    if isinstance(answer, str):
        return _tidy(answer)
    if isinstance(answer, list) and depth:
        return _tidy("; ".join(filter(None, (sentence(part, depth - 1) for part in answer[:8]))))
    if not isinstance(answer, Mapping) or not depth:
        return ""
    for name in _SENTENCES:
        if said := sentence(answer.get(name), depth - 1):
            where = next((answer[place] for place in _PLACES if answer.get(place)), "")
            if isinstance(where, list):
                where = ".".join(str(part) for part in where if part != "body")
            return _tidy(f"{where}: {said}") if isinstance(where, str) and where else said
    # {"prompt": ["is required"]}: by field, as some frameworks have it
    fields = {name: value for name, value in answer.items() if isinstance(value, list) and value}
    return _tidy("; ".join(f"{name}: {said}" for name, value in fields.items() if (said := sentence(value, depth - 1))))


def of_content(content: bytes, sent: object = None) -> tuple[object, str]:
    """An answer's JSON (None where it is none), and what it says; of a web page nothing is shown.

    Args:
        sent: the request's own content: its prompts are taken out of the sentences.
    """
    own = [" ".join(one.split()) for one in _prompts(sent)]
    text = content.decode("utf-8-sig", "replace").strip()
    try:
        answer = json.loads(text)
        if "\\ud" in text.lower():  # as half an emoji: no file, pipe or Blender takes one
            answer = json.loads(json.dumps(answer, ensure_ascii=False).encode(errors="replace"))
    except (ValueError, RecursionError):
        return None, "" if text.startswith("<") else _tidy(_without(text, own))
    if own:
        answer = _quiet(answer, own)
    return answer, sentence(answer)


def _prompts(sent: object, name: str = "") -> list[str]:
    """The prompts in a request, as JSON or as the (name, (None, text)) parts of a form."""
    if isinstance(sent, str):
        return [sent] if name.lower().endswith("prompt") and len(sent.strip()) > 3 else []
    if isinstance(sent, Mapping):
        return [one for key, value in sent.items() for one in _prompts(value, str(key))]
    if isinstance(sent, tuple) and len(sent) == 2 and isinstance(sent[0], str):
        return _prompts(sent[1], sent[0])
    return [one for part in sent for one in _prompts(part, name)] if isinstance(sent, list | tuple) else []


def _quiet(answer: object, own: Sequence[str], name: str = "") -> object:
    """The answer with a request's own words taken out of its sentences alone."""
    if isinstance(answer, str):
        return _without(answer, own) if name in _SENTENCES else answer
    if isinstance(answer, list):
        return [_quiet(part, own, name) for part in answer]
    if isinstance(answer, dict):
        return {key: _quiet(part, own, key) for key, part in answer.items()}
    return answer


def _without(text: str, own: Sequence[str]) -> str:
    for one in own:
        text = " ".join(text.split()).replace(one, "…")
    return text


def wait_of(answer: object, header: float | None) -> float | None:
    """Seconds that a refusal asks to wait, by its header or its JSON; None where it names no number."""
    if header is not None:
        return header
    if isinstance(answer, Mapping):
        for name in ("retry_after", "retryAfter", "retry-after"):
            told = answer.get(name)
            if isinstance(told, int | float | str) and not isinstance(told, bool):
                try:
                    return min(max(float(told), 0.0), 3600.0)
                except ValueError:
                    continue
    return None


def names_hurry(said: str) -> bool:
    """Whether the words are those of a service that is called too often."""
    return bool(_OF_HURRY.search(said) or (_A_MINUTE.search(said) and "again" in said.lower()))


def asks_to_hurry_less(said: str) -> bool:
    """The same of an answer whose status is no refusal: "again in a minute" may be said of a model there."""
    return bool(_OF_PACE.search(said))


def kind_of(said: str) -> type[Neural4DError]:
    """What a refusal is that has nothing but words: of money, of the key, or of the request."""
    if _OF_MONEY.search(said):
        return NotEnoughPoints
    return KeyRejected if _OF_THE_KEY.search(said) else RequestRefused


def took_nothing(name: str, said: str, what: str) -> Neural4DError:
    """The error of an answer to a paid request that is no refusal by its status and names nothing that was taken.

    Args:
        said: the service's own sentence. That the account does not cover it is a refusal; all else leaves open what
            became of the request. what: says so.
    """
    if kind_of(said) is NotEnoughPoints:
        return NotEnoughPoints(f"{said.rstrip('.')}. {name} took no job.")
    error = UnexpectedAnswer(what)
    error.refusal = said
    return error


def error_of(name: str, status: int, said: str, *, busy_for: float | None, asks_to_wait: bool) -> Neural4DError:
    """The error that an answer with a status of 300 or more is.

    Args:
        name: the service's, for people. said: its own sentence.
        busy_for: seconds that it asked to wait. asks_to_wait: it has a Retry-After.
    """
    own = f"{said.rstrip('.')}. " if said else ""
    if status == 429 or (status == 503 and asks_to_wait) or (400 <= status < 500 and names_hurry(said)):
        return ServiceBusy(f"{own}{name} asks to slow down (HTTP {status}).", retry_after=busy_for)
    if status == 401 or (400 <= status < 500 and _OF_THE_KEY.search(said) and not _OF_MONEY.search(said)):
        return KeyRejected(f"{own}{name} did not accept the key (HTTP {status}).")
    if status == 402 or (400 <= status < 500 and _OF_MONEY.search(said)):
        return NotEnoughPoints(f"{own}{name} says that the account does not cover this: points, or a restriction "
                               f"(HTTP {status}).")  # fmt: skip
    if status >= 500 or status in _IN_DOUBT:
        return ServiceDown(f"{own}{name} has trouble of its own (HTTP {status}).")
    if status < 400:
        return UnexpectedAnswer(
            f"{name} points to another address (HTTP {status}), which is not followed: "
            "the key stays with the host it was given for.",
            "Check the service address in the preferences.",
        )
    remedy = ""
    if status in (404, 405):
        remedy = "Check the service address in the preferences."
    elif status == 403:
        remedy = f"The account may not do this: ask {name}, or leave out what it names, then generate again."
    return RequestRefused(f"{own}{name} refused the request (HTTP {status}).", remedy)


def _tidy(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"
