"""From a prompt (or an image) to a finished model: the shape, its colours, its size and its triangles.

May import numpy and Pillow. The same request gives the same model, on every run.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from . import living, things
from .finishes import Finish, named_colour, recoloured
from .relief import relief
from .sculptor import Part, Sculptor
from .textures import Textures, paint, tile_uv
from .things import Tint

Shape = Callable[[Sculptor, np.random.Generator, Tint], None]

#: Shape by the words that ask for it.
WORDS: dict[str, tuple[Shape, tuple[str, ...]]] = {
    "bird": (living.bird, ("bird", "birds", "sparrow", "robin", "parrot", "owl", "chick", "chicken", "duck")),
    "chair": (things.chair, ("chair", "chairs", "armchair", "stool", "seat")),
    "house": (things.house, ("house", "houses", "cottage", "cabin", "hut", "home")),
    "tree": (living.tree, ("tree", "trees", "oak", "pine", "fir", "bush")),
    "mug": (things.mug, ("mug", "mugs", "cup", "cups", "teacup")),
    "robot": (things.robot, ("robot", "robots", "android", "droid")),
    "rocket": (things.rocket, ("rocket", "rockets", "spaceship", "missile")),
    "car": (things.car, ("car", "cars", "automobile", "taxi")),
    "lamp": (things.lamp, ("lamp", "lamps", "light", "lantern")),
    "mushroom": (living.mushroom, ("mushroom", "mushrooms", "toadstool")),
    "sculpture": (living.sculpture, ()),
}
#: Values of the setting `shape`: one of the shapes whatever the prompt says, or the prompt's shape in a
#: tree of turned and mirrored objects.
SHAPE_NAMES = (*WORDS, "nested")


@dataclass
class Model:
    """One model, Z up, front to -Y, in its own units. `parts` share the atlas that uv points into.

    groups: for each face the index of the part that it came from.
    """

    vertices: NDArray[np.float64]
    normals: NDArray[np.float64]
    uv: NDArray[np.float64]
    faces: NDArray[np.int64]
    groups: NDArray[np.int64]
    textures: Textures
    nested: bool

    @property
    def longest(self) -> float:
        return float(np.ptp(self.vertices, axis=0).max())


def build(
    prompt: str,
    variant: int,
    *,
    cut_out: bytes | None = None,
    shape: str | None = None,
    triangles: int | None = None,
    texture_size: int = 1024,
) -> Model:
    """Make a model.

    Args:
        cut_out: RGBA PNG that the model is made of, in place of the prompt.
        shape: one of SHAPE_NAMES, whatever the prompt says.
        triangles: their number (a closed surface has an even one: an odd wish is rounded down).
        texture_size: pixels on a side of each texture.
    """
    words = " ".join(prompt.casefold().split())
    digest = hashlib.sha256(cut_out if cut_out is not None else words.encode()).digest()
    seed = int.from_bytes(digest[:6], "big")

    def shaped(detail: float) -> tuple[list[Part], Image.Image | None]:
        rng = np.random.default_rng([seed, variant])
        make = Sculptor(detail)
        if cut_out is not None and (shape is None or shape == "nested"):
            return make.parts, relief(make, cut_out, rng)
        _shape_of(words, shape)(make, rng, _tint(words, seed, variant))
        return make.parts, None

    parts, photo = shaped(1.0)
    if triangles is not None:
        parts, photo = _fine_enough(shaped, triangles)
    finishes = list(dict.fromkeys(part.finish for part in parts))
    textures = paint(finishes, texture_size, seed, photo)
    model = _joined(parts, finishes, textures, shape == "nested")
    if triangles is not None:
        _split_faces(model, (triangles - len(model.faces)) // 2)
    _size(model, np.random.default_rng([seed, variant, 1]))
    return model


def _shape_of(words: str, shape: str | None) -> Shape:
    if shape in WORDS:
        return WORDS[shape][0]
    for word in re.findall(r"[a-z]+", words):
        for function, names in WORDS.values():
            if word in names:
                return function
    return living.sculpture


def _tint(words: str, seed: int, variant: int) -> Tint:
    """The colour the prompt names; without one each variant has its own, the first the shape's usual."""
    colour = named_colour(words)
    shift = 0.0 if variant == 0 else (0.17 * variant + (seed % 97) / 970) % 1.0

    def tint(base: Finish) -> Finish:
        return recoloured(base, colour, shift)

    return tint


def _fine_enough(
    shaped: Callable[[float], tuple[list[Part], Image.Image | None]], triangles: int
) -> tuple[list[Part], Image.Image | None]:
    """The finest version with no more triangles than asked for (the coarsest, where even that has more)."""
    detail = 1.0
    best = shaped(0.05)
    for _ in range(8):
        candidate = shaped(detail)
        count = sum(len(part.faces) for part in candidate[0])
        if count <= triangles:
            best = candidate
            if count > 0.97 * triangles:
                break
        detail *= math.sqrt(triangles / count) * 0.995
    return best


def _joined(parts: list[Part], finishes: list[Finish], textures: Textures, nested: bool) -> Model:
    starts = np.cumsum([0, *(len(part.vertices) for part in parts)])
    tiled = [tile_uv(part.uv, finishes.index(part.finish), textures.tiles) for part in parts]
    return Model(
        vertices=np.concatenate([part.vertices for part in parts]),
        normals=np.concatenate([part.normals for part in parts]),
        uv=np.concatenate(tiled),
        faces=np.concatenate([part.faces + start for part, start in zip(parts, starts, strict=False)]),
        groups=np.repeat(np.arange(len(parts)), [len(part.faces) for part in parts]),
        textures=textures,
        nested=nested,
    )


def _split_faces(model: Model, count: int) -> None:
    """Split so many faces in three at their middle: two triangles more for each, still closed."""
    while count > 0:
        chosen = np.unique(np.linspace(0, len(model.faces) - 1, min(count, len(model.faces))).astype(int))
        corners = model.faces[chosen]
        middle = len(model.vertices) + np.arange(len(chosen))
        model.vertices = np.concatenate([model.vertices, model.vertices[corners].mean(axis=1)])
        normals = model.normals[corners].sum(axis=1)
        length = np.linalg.norm(normals, axis=1, keepdims=True)
        normals = np.where(length > 1e-9, normals / np.maximum(length, 1e-9), model.normals[corners[:, 0]])
        model.normals = np.concatenate([model.normals, normals])
        model.uv = np.concatenate([model.uv, model.uv[corners].mean(axis=1)])
        rest = np.delete(model.faces, chosen, axis=0)
        fresh = [np.stack([corners[:, side], corners[:, (side + 1) % 3], middle], 1) for side in range(3)]
        model.groups = np.concatenate([np.delete(model.groups, chosen), *[model.groups[chosen]] * 3])
        model.faces = np.concatenate([rest, *fresh])
        count -= len(chosen)


def _size(model: Model, rng: np.random.Generator) -> None:
    """A longest side of 1 to 1.9 units and a place near the origin: like real services, neither tidy nor at zero."""
    low, high = model.vertices.min(axis=0), model.vertices.max(axis=0)
    scale = (1.0 + 0.9 * rng.random()) / float((high - low).max())
    model.vertices = (model.vertices - (low + high) / 2) * scale + rng.uniform(-0.05, 0.05, 3)
