"""The columns of a batch: the arguments of ``generate``, and how a cell's text becomes a value.

Standard library and the engine's ``protocol`` only.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable, Mapping
from numbers import Real
from pathlib import Path
from typing import Any, cast

from ...client.paths import expanded
from ...engine.protocol import (
    Declaration,
    InvalidInput,
    Neural4DError,
    Option,
    Options,
    OptionValue,
    declaration,
    is_web_address,
)
from .generate_arguments import Arguments, Box, Picture
from .identity import check_key
from .pictures import front_and_sides
from .table_reader import Row

_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_OPTION, _VIEW = "options.", "view."


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a text")
    return value


def _upper(value: object) -> str:
    return _text(value).upper()


def _lower(value: object) -> str:
    return _text(value).lower()


def _whole(value: object) -> int:
    number = _number(value)
    if number != int(number):
        raise ValueError("a whole number")
    return int(number)


def _number(value: object) -> float:
    """Also of the kinds that numpy has."""
    if isinstance(value, str):
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


def _point(value: object) -> list[float]:
    """Also a vector of Blender's."""
    parts: Any = re.split(r"[;,\s]+", value.strip(" ()[]")) if isinstance(value, str) else value
    if isinstance(parts, Mapping) or len(parts) != 3:
        raise ValueError("three numbers")
    return [float(_number(part)) for part in parts]


def _collection(value: object) -> str:
    """Its name, also where the collection itself is given."""
    return _text(getattr(value, "name", value))


def _pictures(value: object) -> list[Picture]:
    """Texts are paths or web addresses; what else a list from a script has (an image of Blender's) is the host's."""
    parts = [part.strip() for part in value.split(";")] if isinstance(value, str) else value
    if isinstance(parts, bool | int | float | dict):
        raise ValueError("a path, or several with ; between them")
    parts = list(parts) if isinstance(parts, list | tuple) else [parts]
    return [os.fspath(part) if isinstance(part, os.PathLike) else part for part in parts if part]


def _names(value: object) -> list[str]:
    parts: Any = re.split(r"[;,\s]+", value) if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        raise ValueError("names")
    return [_text(part) for part in parts if part]


def _path_or_id(value: object) -> str:
    """A path, an id or a link."""
    return os.fspath(value) if isinstance(value, os.PathLike) else _text(value)


def _boxes(value: object) -> list[Box]:
    """Names of objects, or objects of Blender's."""
    parts = [part.strip() for part in value.split(";")] if isinstance(value, str) else value
    if isinstance(parts, bool | int | float | dict):
        raise ValueError("an object's name, or several with ; between them")
    return [part for part in (parts if isinstance(parts, list | tuple) else [parts]) if part]


def _numbers(value: object) -> list[float]:
    parts: Any = re.split(r"[;,\s]+", value.strip()) if isinstance(value, str) else value
    return [_number(part) for part in (parts if isinstance(parts, list | tuple) else [parts]) if part != ""]


def _object(value: object) -> dict[str, object]:
    found = json.loads(value) if isinstance(value, str) else value
    if not isinstance(found, dict):
        raise ValueError("a JSON object")
    return found


#: What means nothing to a model that is there already; where it is only a default it is passed over.
_OF_MAKING = frozenset(
    {
        *("picture_first", "pictures", "references", "provider", "variants", "pbr", "format", "choose_cutout"),
        *("place_all", "best_for", "retry_below", "max_tries", "max_points", "group", "group_points"),
    }
)
#: Every argument of ``generate`` and ``bring_in`` with what reads it; the ValueError says what it takes.
COLUMNS: dict[str, tuple[Callable[[object], Any], str]] = {
    "prompt": (_text, "a text"),
    "bring_in": (_path_or_id, "a path, an id or a link"),
    "image": (_pictures, "a path, or several with ; between them"),
    "views": (_object, "a JSON object of paths by side"),
    "picture_first": (truth, "true or false"),
    "pictures": (_whole, "a whole number"),
    "references": (_pictures, "a path, or several with ; between them"),
    "provider": (_text, "the id of a service"),
    "variants": (_whole, "a whole number"),
    "pbr": (truth, "true or false"),
    "size_mm": (_number, "a number of millimetres"),
    "axis": (_upper, "X, Y, Z or LONGEST"),
    "origin": (_upper, "BOTTOM, CENTER or AUTHORED"),
    "joined": (truth, "true or false"),
    "max_faces": (_whole, "a whole number"),
    "recalculate_normals": (truth, "true or false"),
    "quads": (truth, "true or false"),
    "repair": (_names, "names, with ; between them"),
    "retopology": (_upper, "NONE, QUADS or TRIANGLES"),
    "texture_size": (_whole, "a number of pixels"),
    "lods": (_numbers, "parts of the faces or numbers of them, with ; between them"),
    "collision": (_upper, "NONE, BOX, CONVEX or PIECES"),
    "animation": (truth, "true or false"),
    "pack_images": (truth, "true or false"),
    "format": (_upper, "a file format"),
    "name": (_text, "a text"),
    "key": (check_key, "a text of 1 to 200 characters"),
    "location": (_point, "three numbers"),
    "collection": (_collection, "a collection's name"),
    "options": (_object, "a JSON object"),
    **dict.fromkeys(("best_for", "require"), (_lower, "render, game or print")),
    "retry_below": (_number, "a score from 0 to 1"),
    "max_tries": (_whole, "a whole number"),
    "fit": (_boxes, "an object's name, or several with ; between them"),
    **dict.fromkeys(("choose_cutout", "place_all", "placeholder", "quarter_turns"), (truth, "true or false")),
    "seat": (_upper, "FLOOR, WALL, CEILING or MIDDLE"),
    "stretch": (_upper, "X, Y, Z or ALL"),
    "max_points": (_whole, "a whole number of points"),
    "group": (_text, "a text"),
    "group_points": (_whole, "a whole number of points"),
    "sample": (_text, "the name of a built-in sample"),
}


def arguments(
    row: Row, defaults: Mapping[str, object], by_service: Mapping[str, Mapping[str, object]] | None = None
) -> tuple[Arguments, list[str]]:
    """The arguments of ``generate`` that a row amounts to, and all that is wrong with it.

    Args:
        defaults: arguments of ``generate`` that hold where the row says nothing.
        by_service: the same for the rows of one service, by its id; they go before the others.
    """
    values: dict[str, object] = {}
    wrong: list[str] = []
    own, general = _of_sample(_said(row.values)), _of_sample(_said(defaults))
    provider = own.get("provider", general.get("provider", "neural4d"))
    if provider != general.get("provider", "neural4d"):  # a service's options mean nothing to another one
        general = {name: value for name, value in general.items() if not name.startswith("options")}
    given = {**general, **_said((by_service or {}).get(str(provider), {})), **own}
    if any(_is_input(name) for name in own):  # a row's own input takes the place of a default one
        given = {name: value for name, value in given.items() if name in own or not _is_input(name)}
    if "bring_in" in given:
        given = {n: value for n, value in given.items() if n in own or not (n in _OF_MAKING or n.startswith(_OPTION))}
    views = {name: given.pop(name) for name in list(given) if name.startswith(_VIEW)}
    single = {name: given.pop(name) for name in list(given) if name.startswith(_OPTION)}
    for name, value in given.items():
        if name not in COLUMNS:
            wrong.append(f"there is no column {name!r}; there are: {', '.join(COLUMNS)}, view.SIDE, options.NAME")
            continue
        read, takes = COLUMNS[name]
        try:
            values[name] = read(value)
        except (ValueError, TypeError, OverflowError):
            wrong.append(f"{name} takes {takes}, not {value!r}")
    found = cast("Arguments", values)
    found["image"], found["views"] = _front_and_sides(found.get("image", []), views, wrong)
    if "bring_in" in found:  # whose it is, and where, is looked at with the file itself
        found["options"], found["references"] = cast("Options", single), found.get("references", [])
        return found, wrong
    found["references"] = found.get("references", [])
    try:
        service = declaration(found.setdefault("provider", "neural4d"))
    except Neural4DError as error:
        return found, [*wrong, error.what.rstrip(".")]
    options: Options = {}
    for name, value in single.items():
        key = name.removeprefix(_OPTION)
        try:
            options[key] = _option(service, key, value)
        except Neural4DError as error:
            wrong.append(error.what.rstrip("."))
    found["options"] = options
    found["image"] = [_located(one, row.folder) for one in found["image"]]
    found["references"] = [_located(one, row.folder) for one in found["references"]]
    found["views"] = {side: _located(one, row.folder) for side, one in found["views"].items()}
    return found, wrong


def _front_and_sides(
    images: list[Picture], views: Mapping[str, object], wrong: list[str]
) -> tuple[list[Picture], dict[str, Picture]]:
    """The images and the other views by side, from what is told of them; complaints go to ``wrong``."""
    sides: dict[str, Picture] = {}
    for name, value in views.items():
        try:
            (sides[name.removeprefix(_VIEW)],) = _pictures(value)
        except ValueError:
            wrong.append(f"{name} takes a path, not {value!r}")
    try:
        return front_and_sides(images, sides)
    except Neural4DError as error:
        wrong.append(error.what.rstrip("."))
        return images, {}


def _is_empty(value: object) -> bool:
    return isinstance(value, str) and not value


def _said(values: Mapping[str, object]) -> dict[str, object]:
    """What says something: no empty cell, no None, which is what ``generate`` takes for nothing said. Options and
    views one by one, so that a row may change one of them.
    """
    said = {name: value for name, value in values.items() if value is not None and not _is_empty(value)}
    for name, prefix in (("options", _OPTION), ("views", _VIEW)):
        try:
            parts = _object(said.get(name, {}))
        except ValueError:  # of which somebody complains who knows where it stands
            continue
        said.pop(name, None)
        said = {**{f"{prefix}{key}": value for key, value in parts.items()}, **said}
    return said


def _of_sample(said: dict[str, object]) -> dict[str, object]:
    """A sample by its name is a prompt to the service that has them, as ``generate`` takes it."""
    if sample := said.pop("sample", ""):
        said |= {"prompt": f"{said.get('prompt', '')} {sample}".strip(), "provider": "sample"}
    return said


def _is_input(name: str) -> bool:
    """A column that says what the model is made of."""
    return name in ("prompt", "image", "views", "bring_in") or name.startswith(_VIEW)


def _located(picture: Picture, folder: Path) -> Picture:
    """A path from the folder on, unless the picture is no file."""
    if not isinstance(picture, str) or is_web_address(picture):
        return picture
    return str(folder / expanded(picture))


def _option(service: Declaration, key: str, value: object) -> OptionValue:
    """An option's value of the kind that the service wants."""
    option: Option = service.option(key)
    if not isinstance(value, str):
        return cast("OptionValue", value)  # what it may not be is refused with the request
    readers: dict[str, Callable[[object], OptionValue]] = {"int": _whole, "float": _number, "bool": truth}
    try:
        return readers.get(option.kind, _text)(value)
    except ValueError:
        raise InvalidInput(f"the option {key} takes {option.limits}, not {value!r}") from None
