"""Refuses arguments that a function does not know, and values of a wrong type, by its own annotations.

Standard library and the engine's ``errors`` only. Every public function and method is marked ``checked``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

from ...engine.errors import InvalidInput

_Given = ParamSpec("_Given")
_Answer = TypeVar("_Answer")

#: What some arguments take, where an annotation does not say it all.
_MEANT = {"location": "three numbers", "views": "pictures by their sides, as {'left': 'left.png'}"}
#: One of a type, and several, as a user is told.
_WORDS = {
    str: ("a text", "texts"),
    int: ("a whole number", "whole numbers"),
    float: ("a number", "numbers"),
    bool: ("True or False", "True or False"),
}


def checked(function: Callable[_Given, _Answer]) -> Callable[_Given, _Answer]:
    """The function, which raises InvalidInput where the arguments are not those of its signature.

    What is collected by ``**`` is the function's own business: tables have texts where it takes numbers.
    """

    @functools.wraps(function)
    def called(*args: _Given.args, **kwargs: _Given.kwargs) -> _Answer:
        _check(function, args, kwargs)
        return function(*args, **kwargs)

    return called


@functools.cache  # evaluating annotations takes longer than all else here
def _signature(function: Callable[..., object]) -> tuple[Any, dict[str, Any]]:
    import inspect  # which nothing else at Blender's start needs
    import typing

    return inspect.signature(function), typing.get_type_hints(function)


def _check(function: Callable[..., object], args: tuple[object, ...], kwargs: Mapping[str, object]) -> None:
    signature, hints = _signature(function)
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError as error:
        raise InvalidInput(f"{function.__name__}: {error}.", _meant(kwargs, [*signature.parameters])) from None
    for name, value in bound.arguments.items():
        parameter = signature.parameters[name]
        known = name in hints and parameter.kind is not parameter.VAR_KEYWORD
        if known and value is not parameter.default and not fits(value, hints[name]):
            import reprlib

            taken = _MEANT.get(name) or words(hints[name])
            raise InvalidInput(f"{name} takes {taken}, not {reprlib.repr(value)}.")


def _meant(given: Mapping[str, object], known: list[str]) -> str:
    """The remedy where a name is misspelt."""
    import difflib

    found = [near for name in given if name not in known for near in difflib.get_close_matches(name, known, 1)]
    return f"Did you mean {found[0]}?" if found else ""


def fits(value: object, hint: Any) -> bool:
    """The value is of the type that an annotation names."""
    import types
    import typing

    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return True
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, part) for part in parts)
    if origin is typing.Literal:
        return value in parts
    if hint is str:
        return isinstance(value, str) and is_text(value)
    if hint in (int, float, bool):
        return _is_number(value, hint)
    if typing.is_typeddict(hint) or origin is not None:
        return _holds(value, Mapping if origin is None else origin, parts)
    try:
        getattr(value, "name", None)
    except ReferenceError:  # an object that was deleted in Blender
        return False
    return isinstance(value, hint or type(None))


def is_text(value: str) -> bool:
    """Neither a half of a character, nor what ends a path."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in value


def _is_number(value: object, kind: type) -> bool:
    from numbers import Real

    if isinstance(value, bool) or kind is bool:
        return isinstance(value, bool) and kind is bool
    try:
        return isinstance(value, Real if kind is float else int) and float(value) == float(value)
    except OverflowError:  # of that many digits, nothing can be made
        return False


def _holds(value: object, kind: Any, parts: tuple[Any, ...]) -> bool:
    """A value of a kind of which the annotation says what is in it: Mapping[str, int], Sequence[float], ..."""
    import os
    from collections.abc import Callable, Iterable

    if kind is Callable:
        return callable(value)
    if kind is os.PathLike:
        return isinstance(value, os.PathLike) and fits(os.fspath(value), str)
    if kind is Mapping:
        inner = zip(parts, (list(value), list(value.values())), strict=False) if isinstance(value, Mapping) else ()
        return isinstance(value, Mapping) and all(fits(one, part) for part, several in inner for one in several)
    try:
        each = iter(value)  # type: ignore[call-overload]  # a vector of Blender's says in no other way that it has one
    except TypeError:
        return False
    if isinstance(value, str | bytes | Mapping):
        return False
    if kind is Iterable:  # which can be gone through once only: whoever does that looks at what is in it
        return True
    if kind is tuple and parts[-1] is not ...:
        return len(found := [*each]) == len(parts) and all(map(fits, found, parts))
    return hasattr(value, "__len__") and all(fits(one, parts[0]) for one in each)


def words(hint: Any, several: bool = False) -> str:
    """What an annotation takes, as a user is told."""
    import os
    import types
    import typing

    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        *first, last = dict.fromkeys(words(part, several) for part in parts if part is not types.NoneType)
        return f"{', '.join(first)} or {last}" if first else last
    if origin is typing.Literal:
        return " or ".join(map(repr, parts))
    if origin is os.PathLike:
        return "paths" if several else "a path"
    if origin is Mapping or typing.is_typeddict(hint):
        return "dictionaries" if several else "a dictionary"
    if origin is Callable:
        return "functions" if several else "a function"
    if origin is not None:
        return f"a list of {words(parts[0], several=True)}"
    name = getattr(hint, "__name__", str(hint))
    one, more = _WORDS.get(hint, (f"an {name}" if name[0] in "AEIOU" else f"a {name}", f"{name}s"))
    return more if several else one
