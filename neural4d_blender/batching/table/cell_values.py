"""What a cell's text, or a value of a script, becomes; the ValueError of each says what it takes.

Standard library only.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping
from numbers import Real
from typing import Any

from .argument_types import is_text
from .generate_arguments import Box, Picture

#: With a decimal comma; three digits behind a single one may be thousands, and are refused.
_COMMA = re.compile(r"[+-]?(0,\d+|\d+,(\d{1,2}|\d{4,})|\d{1,3}(\.\d{3})+,\d+)")
#: With commas for thousands, which nothing but a decimal point tells.
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+\.\d+")
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a text")
    return value


def upper(value: object) -> str:
    return text(value).upper()


def lower(value: object) -> str:
    return text(value).lower()


def whole(value: object) -> int:
    found = number(value)
    if found != int(found):
        raise ValueError("a whole number")
    return int(found)


def number(value: object) -> float:
    """Also of the kinds that numpy has, and with a decimal comma, as spreadsheets of many countries write it."""
    if isinstance(value, str):
        if _COMMA.fullmatch(value):
            value = value.replace(".", "").replace(",", ".")
        elif _THOUSANDS.fullmatch(value):
            value = value.replace(",", "")
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise ValueError("a number")
    return value if isinstance(value, int) else float(value)


def truth(value: object) -> bool:
    """A yes or no, or a word for one; ValueError for anything else."""
    word = str(value).lower()
    if word not in (*_TRUE, *_FALSE):
        raise ValueError("true or false")
    return word in _TRUE


def point(value: object) -> list[float]:
    """Also a vector of Blender's."""
    parts: Any = _split(value.strip(" ()[]")) if isinstance(value, str) else value
    if isinstance(parts, Mapping) or len(parts) != 3:
        raise ValueError("three numbers")
    return [float(number(part)) for part in parts]


def _split(text: str) -> list[str]:
    """Numbers with ; between them, or commas or spaces; where there is a ; a comma belongs to a number."""
    return re.split(r"[;\s]+" if ";" in text else r"[;,\s]+", text.strip())


def collection(value: object) -> str:
    """Its name, also where the collection itself is given."""
    return text(getattr(value, "name", value))


def pictures(value: object) -> list[Picture]:
    """Texts are paths or web addresses; what else a list from a script has (an image of Blender's) is the host's."""
    parts = [part.strip() for part in value.split(";")] if isinstance(value, str) else value
    if isinstance(parts, bool | int | float | dict):
        raise ValueError("a path, or several with ; between them")
    parts = list(parts) if isinstance(parts, list | tuple) else [parts]
    return [path_or_id(part) if isinstance(part, str | os.PathLike) else part for part in parts if part]


def names(value: object) -> list[str]:
    parts: Any = re.split(r"[;,\s]+", value) if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        raise ValueError("names")
    return [text(part) for part in parts if part]


def path_or_id(value: object) -> str:
    """A path, an id or a link."""
    found = text(os.fspath(value) if isinstance(value, os.PathLike) else value)
    if not is_text(found):
        raise ValueError("a path, an id or a link")
    return found


def boxes(value: object) -> list[Box]:
    """Names of objects, or objects of Blender's."""
    parts = [part.strip() for part in value.split(";")] if isinstance(value, str) else value
    if isinstance(parts, bool | int | float | dict):
        raise ValueError("an object's name, or several with ; between them")
    each = parts if isinstance(parts, list | tuple) else [parts]
    return [path_or_id(part) if isinstance(part, str) else part for part in each if part]


def numbers(value: object) -> list[float]:
    parts: Any = _split(value) if isinstance(value, str) else value
    return [number(part) for part in (parts if isinstance(parts, list | tuple) else [parts]) if part != ""]


def json_object(value: object) -> dict[str, object]:
    found = json.loads(value) if isinstance(value, str) else value
    if not isinstance(found, dict):
        raise ValueError("a JSON object")
    return found
