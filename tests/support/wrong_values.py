"""Arguments that no caller should give, and what a public function has to make of them."""

from __future__ import annotations

import contextlib
import datetime as dt
import inspect
import typing
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from neural4d_blender.engine.errors import Neural4DError

_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([-1, 0, 1, 2, 10**400, 2**63]),
    st.floats(),
    st.text('aé .;,:=1{["\n\0\ud800', max_size=6),
    st.sampled_from(["2/8", "GLB", "X", "render", "2031-05-24", "sample", "neural4d", "bird", "0" * 300]),
    st.binary(max_size=3),
)
#: Anything: of the right kind, of a wrong one, and of none that anybody would think of.
VALUES = st.one_of(
    _SCALARS,
    st.lists(_SCALARS, max_size=3),
    st.lists(_SCALARS, max_size=3).map(tuple),
    st.dictionaries(st.one_of(st.text("ab", max_size=2), st.integers(), st.none()), _SCALARS, max_size=2),
    st.lists(st.dictionaries(st.sampled_from(["prompt", "image", "options", "x"]), _SCALARS), max_size=2),
    st.sampled_from([object(), len, Path("x"), 1j, Decimal("NaN"), dt.date(2031, 5, 24), {1}, range(2), int, [[1]]]),
)


def names(function: Callable[..., object]) -> Iterator[str]:
    """Its arguments, those that are collected included."""
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            ((collected,),) = [typing.get_args(typing.get_type_hints(function)[parameter.name])]
            yield from typing.get_type_hints(collected)
        elif parameter.name != "self":
            yield parameter.name
    yield "no_such_argument"


def refused(function: Callable[..., object], arguments: Mapping[str, Any]) -> None:
    """Call it: it takes the arguments, or says what is wrong in a sentence, or that there was no answer in time."""
    with contextlib.suppress(TimeoutError):
        try:
            function(**arguments)
        except Neural4DError as error:
            if not (error.what and error.remedy):
                raise


def hints(function: Callable[..., object]) -> dict[str, Any]:
    """The types of its own arguments, less what it collects."""
    known = typing.get_type_hints(function)
    collected = inspect.Parameter.VAR_KEYWORD
    own = inspect.signature(function).parameters.values()
    return {one.name: known[one.name] for one in own if one.name in known and one.kind is not collected}
