"""Holds what was said against the schemas of the documents, and against what the stand-in says to the same steps.

May import scripts.schemas and this package.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from scripts import schemas

from .field_shapes import shape
from .session import Said, Session


def against_documents(session: Session, generation: str) -> list[str]:
    """Sentences on answers, and on the product's own requests, that no document of the generation describes."""
    found: list[str] = []
    known = schemas.load(session.service).get(generation, {})
    for said in session.log:
        exchange = said.exchange
        if exchange.status is None:
            continue
        if said.endpoint not in known:
            if exchange.status not in (404, 405, 410):
                found.append(f"{said.endpoint} answered with HTTP {exchange.status}, and no document of it is known.")
            continue
        if not said.aside and "request" in known[said.endpoint]:
            sent = _sent(said, known[said.endpoint])
            found += schemas.check_request(session.service, generation, said.endpoint, sent)
        found += schemas.check_answer(session.service, generation, said.endpoint, exchange.status, exchange.answer)
    return list(dict.fromkeys(session.masked(sentence) for sentence in found))


def _sent(said: Said, entry: dict[str, Any]) -> dict[str, Any]:
    """A request as the schemas have it: one of JSON, though it may go as a form too, has values and names of files."""
    fields = dict(said.exchange.fields)
    if said.exchange.form and not entry.get("form"):
        return {name: _value(text) for name, text in fields.items()} | {
            str(file["field"]): "a file" for file in said.exchange.files
        }
    files = defaultdict(list)
    for file in said.exchange.files:
        files[str(file["field"])].append({"file": True})
    return fields | {name: parts[0] if len(parts) == 1 else parts for name, parts in files.items()}


def _value(text: Any) -> Any:
    """A form's text as the value that it stands for."""
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text


def against_stand_in(service: Session, stand_in: Session) -> list[str]:
    """Sentences on how the service's answers differ in shape from the stand-in's."""
    ours, theirs = _by_endpoint(service.log), _by_endpoint(stand_in.log)
    found = []
    for where, here in ours.items():
        name = f"{where[0]} (HTTP {where[1]})"
        if there := theirs.get(where):
            found += [f"{name}{sentence}" for sentence in _differing(here, there)]
        elif not where[0].startswith(("POST ", "GET ")):
            found.append(f"{name}: the stand-in never answered so.")
    return [service.masked(sentence) for sentence in found]


def _by_endpoint(log: Iterable[Said]) -> dict[tuple[str, int], list[dict[str, set[str]]]]:
    found = defaultdict(list)
    for said in log:
        if said.exchange.status is not None:
            found[said.endpoint, said.exchange.status].append(shape(said.exchange.answer))
    return dict(sorted(found.items()))


def _differing(here: list[dict[str, set[str]]], there: list[dict[str, set[str]]]) -> Iterator[str]:
    """Ends of sentences; of what lies in a field that is missing altogether nothing is said."""
    ours, theirs = _all_of(here), _all_of(there)
    for path in _topmost(ours.keys() - theirs.keys()):
        yield f" has {path} ({_kinds(ours[path])}), which the stand-in has not."
    always = {path for path in theirs if all(path in one for one in there)}
    for path in _topmost(always - ours.keys()):
        yield f" has no {path}, which the stand-in always has."
    for path in sorted(ours.keys() & theirs.keys()):
        if not ours[path] & theirs[path]:
            yield f": {path} is {_kinds(ours[path])}, and {_kinds(theirs[path])} at the stand-in."


def _all_of(shapes: Iterable[dict[str, set[str]]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for one in shapes:
        for path, kinds in one.items():
            found[path] |= kinds
    return found


def _topmost(paths: set[str]) -> list[str]:
    """Without those that lie in another one of them."""
    return sorted(path for path in paths if not any(path.startswith((f"{one}.", f"{one}[")) for one in paths))


def _kinds(kinds: set[str]) -> str:
    return " or ".join(sorted(kinds))
