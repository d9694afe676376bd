"""What a request, an address and an option may be, and what is said about those that may not."""

from __future__ import annotations

from typing import Any

import pytest

from neural4d_blender.engine import protocol
from neural4d_blender.engine.errors import InvalidInput, Neural4DError, UnsupportedFeature
from neural4d_blender.engine.model.declaration import Option
from neural4d_blender.engine.model.request import Request

NEURAL4D = protocol.declaration("neural4d")


@pytest.mark.parametrize(
    ("arguments", "kind", "word"),
    [
        ({}, InvalidInput, "prompt or an image"),
        ({"prompt": "  "}, InvalidInput, "prompt or an image"),
        ({"prompt": "x" * 10_001}, InvalidInput, "10001"),
        ({"prompt": "x", "variants": 0}, InvalidInput, "1 to 4"),
        ({"prompt": "x", "variants": 5}, InvalidInput, "1 to 4"),
        ({"prompt": "x", "variants": True}, InvalidInput, "1 to 4"),
        ({"prompt": "x", "size_mm": 0}, InvalidInput, "millimetres"),
        ({"prompt": "x", "size_mm": -5.0}, InvalidInput, "millimetres"),
        ({"prompt": "x", "size_mm": float("nan")}, InvalidInput, "millimetres"),
        ({"prompt": "x", "size_mm": float("inf")}, InvalidInput, "millimetres"),
        ({"prompt": "x", "size_mm": "120"}, InvalidInput, "millimetres"),
        ({"prompt": "x", "axis": "W"}, InvalidInput, "LONGEST"),
        ({"prompt": "x", "origin": "TOP"}, InvalidInput, "BOTTOM"),
        ({"prompt": "x", "joined": 1}, InvalidInput, "True or False"),
        ({"prompt": "x", "animation": "no"}, InvalidInput, "True or False"),
        ({"prompt": "x", "repair": ["holes", "everything"]}, InvalidInput, "floaters"),
        ({"prompt": "x", "repair": "holes"}, InvalidInput, "doubles"),
        ({"prompt": "x", "max_faces": 3}, InvalidInput, "at least 4"),
        ({"prompt": "x", "max_faces": 100.5}, InvalidInput, "whole number"),
        ({"prompt": "x", "texture_folder": "textures"}, InvalidInput, "absolute"),
        ({"prompt": "x", "format": "DOCX"}, InvalidInput, "GLB"),
        ({"prompt": "x", "options": {"wings": 2}}, UnsupportedFeature, "wings"),
    ],
)
def test_what_cannot_work_is_refused_with_the_limits(
    arguments: dict[str, Any], kind: type[Neural4DError], word: str
) -> None:
    with pytest.raises(kind, match=word) as caught:
        Request(**arguments).check(NEURAL4D)
    assert caught.value.remedy


def test_what_can_work_passes() -> None:
    Request(prompt="a cute bird", variants=4, size_mm=0.5, axis="Z", origin="CENTER").check(NEURAL4D)
    Request(prompt="a cute bird").check(NEURAL4D)


def test_a_request_travels_whole() -> None:
    request = Request(prompt="ein Vögelchen", size_mm=12.5, options={"a": 1})
    assert Request.from_dict({**request.to_dict(), "new_in_a_later_version": 1}) == request


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://alb.neural4d.com:3000", True),
        ("https://example.com/base/", True),
        ("http://127.0.0.1:8000", True),
        ("http://localhost:8000", True),
        ("http://[::1]:8000", True),
        ("http://example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("https://user:secret@example.com", False),
        ("ftp://example.com", False),
        ("example.com", False),
        ("https://", False),
        ("https://example.com:notaport", False),
        ("", False),
    ],
)
def test_the_key_goes_over_https_or_stays_on_this_machine(url: str, good: bool) -> None:
    if good:
        assert protocol.check_url(url) == url.rstrip("/")
    else:
        with pytest.raises(InvalidInput):
            protocol.check_url(url)


def test_options_hold_their_limits() -> None:
    steps = Option("steps", "Steps", "int", 75, "How many", minimum=16, maximum=200)
    steps.check(16)
    for value in (15, 201, 20.5, "20", True, None):
        with pytest.raises(InvalidInput, match="steps"):
            steps.check(value)
    kind = Option("kind", "Kind", "choice", "a", "Which", choices=("a", "b"))
    kind.check("b")
    with pytest.raises(InvalidInput, match="a, b"):
        kind.check("c")
    Option("flag", "Flag", "bool", False, "Whether").check(True)


def test_the_estimate_prefers_what_was_measured() -> None:
    request = Request(prompt="x", variants=2)
    assert protocol.estimate("neural4d", request, {}) == 60
    assert protocol.estimate("neural4d", request, {"neural4d:text x2": 20}) == 20
    with pytest.raises(InvalidInput, match="neural4d"):
        protocol.estimate("nobody", request, {})


@pytest.mark.parametrize(
    ("image", "title"),
    [
        ("https://host.example/pictures/a%20mug.png?sig=secret/of.png#x", "a mug"),
        ("https://host.example/", "Model"),
        ("/home/somebody/chair.final.png", "chair.final"),
    ],
)
def test_a_picture_gives_its_name_and_no_signature(image: str, title: str) -> None:
    assert Request(images=[image]).title == title
