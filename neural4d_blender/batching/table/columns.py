"""The columns of a batch: the arguments of ``generate``, and how a cell's text becomes a value.

Standard library and the engine's ``protocol`` only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from ...client.paths import located
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
from . import cell_values as cells
from .generate_arguments import Arguments, Metadata, Picture
from .identity import check_key
from .pictures import front_and_sides
from .table_reader import Row

_OPTION, _VIEW, _META = "options.", "view.", "meta."


#: What means nothing to a model that is there already; where it is only a default it is passed over.
_OF_MAKING = frozenset(
    {
        *("picture_first", "pictures", "references", "provider", "variants", "pbr", "format", "choose_cutout"),
        *("place_all", "best_for", "retry_below", "max_tries", "max_points", "group", "group_points", "project"),
    }
)
#: Every argument of ``generate`` and ``bring_in`` with what reads it; the ValueError says what it takes.
COLUMNS: dict[str, tuple[Callable[[object], Any], str]] = {
    "prompt": (cells.text, "a text"),
    "bring_in": (cells.path_or_id, "a path, an id or a link"),
    "image": (cells.pictures, "a path, or several with ; between them"),
    "views": (cells.json_object, "a JSON object of paths by side"),
    "picture_first": (cells.truth, "true or false"),
    "pictures": (cells.whole, "a whole number"),
    "references": (cells.pictures, "a path, or several with ; between them"),
    "provider": (cells.text, "the id of a service"),
    "variants": (cells.whole, "a whole number"),
    "pbr": (cells.truth, "true or false"),
    "size_mm": (cells.number, "a number of millimetres"),
    "axis": (cells.upper, "X, Y, Z or LONGEST"),
    "origin": (cells.upper, "BOTTOM, CENTER or AUTHORED"),
    "joined": (cells.truth, "true or false"),
    "max_faces": (cells.whole, "a whole number"),
    "recalculate_normals": (cells.truth, "true or false"),
    "quads": (cells.truth, "true or false"),
    "repair": (cells.names, "names, with ; between them"),
    "retopology": (cells.upper, "NONE, QUADS or TRIANGLES"),
    "texture_size": (cells.whole, "a number of pixels"),
    "lods": (cells.numbers, "parts of the faces or numbers of them, with ; between them"),
    "collision": (cells.upper, "NONE, BOX, CONVEX or PIECES"),
    "animation": (cells.truth, "true or false"),
    "pack_images": (cells.truth, "true or false"),
    "format": (cells.upper, "a file format"),
    "name": (cells.text, "a text"),
    "key": (check_key, "a text of 1 to 200 characters"),
    "location": (cells.point, "three numbers"),
    "collection": (cells.collection, "a collection's name"),
    "options": (cells.json_object, "a JSON object"),
    **dict.fromkeys(("best_for", "require"), (cells.lower, "render, game or print")),
    "retry_below": (cells.number, "a score from 0 to 1"),
    "max_tries": (cells.whole, "a whole number"),
    "fit": (cells.boxes, "an object's name, or several with ; between them"),
    **dict.fromkeys(("choose_cutout", "place_all", "placeholder", "quarter_turns"), (cells.truth, "true or false")),
    "seat": (cells.upper, "FLOOR, WALL, CEILING or MIDDLE"),
    "stretch": (cells.upper, "X, Y, Z or ALL"),
    "max_points": (cells.whole, "a whole number of points"),
    "group": (cells.text, "a text"),
    "group_points": (cells.whole, "a whole number of points"),
    "project": (cells.text, "a text"),
    "metadata": (cells.json_object, "a JSON object"),
    "sample": (cells.text, "the name of a built-in sample"),
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
    carried = {name.removeprefix(_META): given.pop(name) for name in list(given) if name.startswith(_META)}
    for name, value in given.items():
        if name not in COLUMNS:
            wrong.append(
                f"there is no column {name!r}; there are: {', '.join(COLUMNS)}, view.SIDE, options.NAME, meta.NAME"
            )
            continue
        read, takes = COLUMNS[name]
        try:
            values[name] = read(value)
        except (ValueError, TypeError, OverflowError):
            wrong.append(f"{name} takes {takes}, not {value!r}")
    found = cast("Arguments", values)
    if carried:
        found["metadata"] = cast("Metadata", carried)
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
        if value is None:  # a side that is left open
            continue
        try:
            (sides[name.removeprefix(_VIEW)],) = cells.pictures(value)
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
    """What says something: no empty cell, no None, which is what ``generate`` takes for nothing said. Options,
    views and metadata one by one, so that a row may change one of them.
    """
    said = {name: value for name, value in values.items() if value is not None and not _is_empty(value)}
    for name, prefix in (("options", _OPTION), ("views", _VIEW), ("metadata", _META)):
        try:
            parts = cells.json_object(said.get(name, {}))
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
    return str(located(picture, folder))


def _option(service: Declaration, key: str, value: object) -> OptionValue:
    """An option's value of the kind that the service wants."""
    option: Option = service.option(key)
    if not isinstance(value, str):
        return cast("OptionValue", value)  # what it may not be is refused with the request
    readers: dict[str, Callable[[object], OptionValue]] = {
        "int": cells.whole,
        "float": cells.number,
        "bool": cells.truth,
    }
    try:
        return readers.get(option.kind, cells.text)(value)
    except ValueError:
        raise InvalidInput(f"the option {key} takes {option.limits}, not {value!r}") from None
