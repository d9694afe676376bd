"""What a service declares is made of values that are checked where they are given, and fixed from then on."""

from __future__ import annotations

from typing import Any

import pytest

from neural4d_blender.engine.model.declaration import ImageLimits, Option, Quote
from neural4d_blender.engine.protocol import declarations


def test_values_are_given_in_order_or_by_name_and_the_rest_are_defaults() -> None:
    option = Option("seed", "Seed", "int", 1, help="Where chance begins", maximum=9)
    assert (option.key, option.kind, option.help, option.minimum, option.maximum) == (
        "seed", "int", "Where chance begins", None, 9,
    )  # fmt: skip
    assert option.as_dict()["choices"] == ()
    assert Option(**option.as_dict()) == option
    assert hash(Option(**option.as_dict())) == hash(option)


def test_two_are_equal_when_all_their_values_are() -> None:
    assert Quote("text", 20) == Quote(points=20, operation="text")
    assert hash(Quote("text", 20)) == hash(Quote(points=20, operation="text"))
    assert Quote("text", 20) != Quote("text", 40)
    assert Quote("text", None) != ("text", None)


@pytest.mark.parametrize(
    ("given", "named"),
    [(("text",), {}), (("text", 1, 2, 3), {}), (("text", 1), {"points": 2}), (("text", 1), {"price": 2}), ((), {})],
)
def test_too_few_too_many_and_unknown_values_are_refused(given: tuple[Any, ...], named: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="Quote takes operation, points, most; it was given"):
        Quote(*given, **named)


def test_no_value_can_be_changed() -> None:
    for service in declarations():
        with pytest.raises(AttributeError, match=r"Declaration\.url cannot be changed\."):
            service.url = "https://example.org"  # type: ignore[misc]
        with pytest.raises(AttributeError):
            service.image_limits.max_bytes = 1  # type: ignore[misc]


def test_they_show_what_they_hold() -> None:
    limits = ImageLimits(("PNG",), (1, 2), (3, 4), 5)
    assert repr(limits) == "ImageLimits(formats=('PNG',), smallest=(1, 2), largest=(3, 4), max_bytes=5)"
