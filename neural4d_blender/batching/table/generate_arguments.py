"""The arguments of ``generate``, and of ``bring_in``, by their names: what panel, tables and command line come to.

Standard library and the engine's ``protocol`` only; ``api/generate.py`` explains each of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict, cast

from ...engine.protocol import Options

#: A path, a web address, or an image of Blender's, which this room knows nothing of.
Picture = Any
#: A name of an object in the scene, or one of Blender's, which is the host's business likewise.
Box = Any
#: What a job carries for programs of the user's own: texts, numbers, True, False, None by name.
Metadata = dict[str, str | int | float | bool | None]
#: What the best of several variants is to be best for, where nobody says.
USUAL_USE = "render"


class Shape(TypedDict, total=False):
    """What is made of a model before it comes into the scene, and what it has to be good for, wherever it is from."""

    size_mm: float | None
    axis: str
    origin: str
    joined: bool
    max_faces: int | None
    recalculate_normals: bool
    quads: bool
    repair: list[str]
    retopology: str
    texture_size: int
    lods: list[float]
    collision: str
    animation: bool
    require: str
    metadata: Metadata


class Arrival(Shape, total=False):
    """The same, and how it comes."""

    pack_images: bool
    placeholder: bool | None


class ModelSettings(Shape, total=False):
    """What a model is to be like, whatever it is made of."""

    picture_first: bool
    pictures: int
    variants: int
    pbr: bool | None
    format: str
    options: Options
    choose_cutout: bool
    place_all: bool
    best_for: str
    retry_below: float | None
    max_tries: int
    max_points: int | None
    project: str


class OfRequest(ModelSettings, total=False):
    """Those that a request has too, and unchanged, but for the prompt."""

    bring_in: str
    name: str
    group: str
    group_points: int | None


class RequestValues(OfRequest, total=False):
    """Those that a request has too, and unchanged."""

    prompt: str


class WithoutPrompt(OfRequest, total=False):
    """All of them but the prompt."""

    image: Picture
    sample: str
    views: Mapping[str, Picture | None]
    references: Picture
    provider: str
    pack_images: bool
    location: list[float] | None
    collection: str
    placeholder: bool | None
    fit: list[Box]
    seat: str
    stretch: str
    quarter_turns: bool


class Arguments(WithoutPrompt, total=False):
    """All of them."""

    prompt: str


def for_request(given: Arguments) -> RequestValues:
    """Those of the arguments that a request has too."""
    return cast("RequestValues", {name: value for name, value in given.items() if name in _OF_REQUEST})


#: A key is a row's own, never one for all of them.
_OF_REQUEST = frozenset({*RequestValues.__optional_keys__, "key"})
