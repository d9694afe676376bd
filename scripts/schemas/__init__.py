"""What the services' requests and answers look like, as JSON Schemas (draft 2020-12), and a check against them.

May import jsonschema, and nothing of neural4d_blender or the simulator. SERVICE.json beside this file has
{generation: {endpoint: {"request": schema, "answers": {status: schema}}}}, where

- the status "default" stands for every one that is not named, and a body that is no JSON is a text;
- "form": true beside "request" says that it is multipart, or may be: its fields are texts, read as the numbers and
  truths that the schema wants before they are checked, and a file is {"file": true} with what else is to be said of it;
- "$defs" beside the generations holds what several of them share, named as "#/$defs/NAME".
"""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

FOLDER = Path(__file__).parent
_LONGEST_VALUE = 80


@functools.cache
def load(service: str) -> dict[str, Any]:
    """A service's schemas.

    Raises:
        FileNotFoundError: there are none.
    """
    found: dict[str, Any] = json.loads((FOLDER / f"{service}.json").read_text(encoding="utf-8"))
    return found


def services() -> list[str]:
    """The services that there are schemas of."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def check_answer(service: str, generation: str, endpoint: str, status: int, body: Any) -> list[str]:
    """What is wrong with an answer, one sentence each; nothing where all is well.

    Args:
        body: what the JSON says, or the text where it is none.
    """
    answers = _entry(service, generation, endpoint).get("answers", {})
    key = str(status) if str(status) in answers else "default"
    if key not in answers:
        return [f"{service} ({generation}) {endpoint}: no answer with HTTP {status} is known."]
    return _problems(service, (generation, endpoint, "answers", key), body)


def check_request(service: str, generation: str, endpoint: str, fields: Any) -> list[str]:
    """What is wrong with a request, one sentence each; nothing where all is well.

    Args:
        fields: the JSON body, or a form's fields by name (a file as {"file": true}, several as a list).
    """
    entry = _entry(service, generation, endpoint)
    if "request" not in entry:
        return [f"{service} ({generation}) has no request '{endpoint}'."]
    if entry.get("form") and isinstance(fields, dict):
        properties = entry["request"].get("properties", {})
        fields = {name: _read(value, properties.get(name, {})) for name, value in fields.items()}
    return _problems(service, (generation, endpoint, "request"), fields)


def _entry(service: str, generation: str, endpoint: str) -> dict[str, Any]:
    entry: dict[str, Any] = load(service).get(generation, {}).get(endpoint, {})
    return entry


def _read(value: Any, schema: dict[str, Any]) -> Any:
    """A form's text as what the schema wants; as it is where it does not read as that."""
    if not isinstance(value, str):
        return value
    kind = schema.get("type")
    kind = next((one for one in kind if one != "null"), "") if isinstance(kind, list) else kind
    if kind == "integer" and re.fullmatch(r"-?\d+", value):
        return int(value)
    if kind == "number" and re.fullmatch(r"-?\d+(\.\d+)?", value):
        return float(value)
    return {"true": True, "false": False}.get(value, value) if kind == "boolean" else value


@functools.cache
def _validator(service: str, place: tuple[str, ...]) -> Draft202012Validator:
    pointer = "/".join(step.replace("~", "~0").replace("/", "~1") for step in place)
    return Draft202012Validator({**load(service), "$ref": f"#/{pointer}"})


def _problems(service: str, place: tuple[str, ...], value: Any) -> list[str]:
    generation, endpoint, *rest = place
    title = f"{service} ({generation}) {endpoint} {' '.join(rest)}"
    errors = sorted(_validator(service, place).iter_errors(value), key=lambda error: str(error.path))
    return [f"{title}: {_said(error)}" for error in errors]


def _said(error: ValidationError) -> str:
    """The problem and where it lies, with no long value in it: that may be somebody's prompt."""
    if error.validator in ("oneOf", "anyOf") and error.context:
        nearest = min(error.context, key=lambda inner: (-len(inner.path), str(inner.schema_path)))
        return f"fits none of what it can be; nearest: {_said(nearest)}"
    shown = json.dumps(error.instance, default=str)
    message = error.message if len(shown) <= _LONGEST_VALUE else f"the value breaks '{error.validator}'"
    return f"{'.'.join(str(step) for step in error.absolute_path) or 'the whole'}: {message}"
