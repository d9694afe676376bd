"""Paints the finishes of a model into one atlas: base colour, metallic-roughness, normal map.

May import numpy and Pillow.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .finishes import Finish

Grey = NDArray[np.float32]
Pattern = Callable[[int, np.random.Generator], tuple[Grey, Grey]]

#: Part of a tile that stays free on each side, so that filtering does not pull in its neighbour.
MARGIN = 0.03


@dataclass
class Textures:
    """The atlas as images of one size; `tiles` is the number of tiles on a side."""

    base: NDArray[np.uint8]
    metallic_roughness: NDArray[np.uint8]
    normal: NDArray[np.uint8]
    tiles: int


def paint(finishes: list[Finish], size: int, seed: int, photo: Image.Image | None = None) -> Textures:
    """One atlas for all finishes, in their order, row by row from the top left.

    Args:
        size: pixels on a side of each image.
        photo: what a finish with the pattern 'photo' shows.
    """
    tiles = math.ceil(math.sqrt(len(finishes)))
    base = np.full((size, size, 3), 128, np.uint8)
    surface = np.zeros((size, size, 3), np.uint8)
    surface[:, :, 1] = 255
    normal = np.full((size, size, 3), (128, 128, 255), np.uint8)
    edges = [round(size * item / tiles) for item in range(tiles + 1)]
    for index, one in enumerate(finishes):
        row, column = divmod(index, tiles)
        place = (slice(edges[row], edges[row + 1]), slice(edges[column], edges[column + 1]))
        shape = base[place].shape[:2]
        rng = np.random.default_rng([seed, index])
        mix, height = PATTERNS.get(one.pattern, _plain)(max(shape), rng)
        mix, height = mix[: shape[0], : shape[1]], height[: shape[0], : shape[1]]
        if one.pattern == "photo" and photo is not None:
            base[place] = np.asarray(photo.convert("RGB").resize(shape[::-1]))
        else:
            colours = (
                np.array(one.colour, np.float32) * (1 - mix[..., None])
                + np.array(one.second, np.float32) * mix[..., None]
            )
            base[place] = np.clip(colours * 255, 0, 255).astype(np.uint8)
        rough = np.clip(one.rough + 0.25 * (0.5 - height), 0.05, 1)
        surface[place] = np.stack([0 * rough, rough * 255, 0 * rough + one.metal * 255], 2).astype(np.uint8)
        normal[place] = _normals(height)
    return Textures(base, surface, normal, tiles)


def tile_uv(uv: NDArray[np.float64], index: int, tiles: int) -> NDArray[np.float64]:
    """Coordinates in 0..1 (v up) moved into a tile of the atlas."""
    row, column = divmod(index, tiles)
    inner = MARGIN + np.clip(uv, 0, 1) * (1 - 2 * MARGIN)
    return np.stack([(column + inner[:, 0]) / tiles, (tiles - 1 - row + inner[:, 1]) / tiles], axis=1)


def _normals(height: Grey) -> NDArray[np.uint8]:
    # The slope is taken per part of the tile, so that the relief looks the same at every texture size.
    strength = 0.012 * height.shape[0]
    down, across = np.gradient(height)
    scale = np.sqrt((strength * across) ** 2 + (strength * down) ** 2 + 1)
    vectors = np.stack([-strength * across / scale, strength * down / scale, 1 / scale], 2)
    return np.clip((vectors * 0.5 + 0.5) * 255 + 0.5, 0, 255).astype(np.uint8)


def _noise(size: int, cells: tuple[int, int], rng: np.random.Generator) -> Grey:
    """Soft noise in 0..1 with so many bumps (down, across)."""
    seeds = rng.random((cells[0] + 1, cells[1] + 1), dtype=np.float32)
    soft = Image.fromarray(seeds).resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(np.clip(np.asarray(soft), 0, 1), np.float32)


def _axes(size: int) -> tuple[Grey, Grey]:
    line = ((np.arange(size) + 0.5) / size).astype(np.float32)
    return line[:, None], line[None, :]


def _plain(size: int, rng: np.random.Generator) -> tuple[Grey, Grey]:
    fine = _noise(size, (90, 90), rng)
    return 0.10 * _noise(size, (5, 5), rng) + 0.06 * fine, 0.5 + 0.05 * fine


def _wood(size: int, rng: np.random.Generator) -> tuple[Grey, Grey]:
    down, across = _axes(size)
    warp = 0.35 * _noise(size, (3, 6), rng) + 0.10 * _noise(size, (6, 20), rng)
    rings = 0.5 + 0.5 * np.sin((across * 9 + warp * 3 + 0 * down) * 2 * math.pi)
    fibre = _noise(size, (12, 160), rng)
    return 0.55 * rings**2 + 0.35 * fibre, 0.5 + 0.15 * fibre - 0.1 * rings


def _bark(size: int, rng: np.random.Generator) -> tuple[Grey, Grey]:
    ridges = np.abs(_noise(size, (8, 36), rng) - 0.5) * 2
    return np.clip(1.1 - 1.5 * ridges, 0, 1), np.clip(ridges * 1.4, 0, 1)


def _scales(size: int, rows: int, rng: np.random.Generator) -> tuple[Grey, Grey]:
    """Overlapping round scales: feathers and shingles."""
    down, across = _axes(size)
    line = down * rows
    row = np.floor(line)
    sideways = (across * rows * 0.8 + 0.5 * (row % 2)) % 1 - 0.5
    depth = line - row
    arc = np.clip(depth + 1.2 * sideways**2, 0, 1.3)
    edge = np.clip((arc - 0.75) * 3, 0, 1)
    return np.clip(edge * 0.8 + 0.15 * _noise(size, (40, 40), rng), 0, 1), np.clip(1 - arc, 0, 1)


def _feathers(size: int, rng: np.random.Generator) -> tuple[Grey, Grey]:
    mix, height = _scales(size, 14, rng)
    return 0.55 * mix + 0.2 * _noise(size, (4, 4), rng), height


def _shingles(size: int, rng: np.random.Generator) -> tuple[Grey, Grey]:
    mix, height = _scales(size, 9, rng)
    return np.clip(mix + 0.35 * (_noise(size, (9, 9), rng) - 0.4), 0, 1), height


def _bricks(size: int, rng: np.random.Generator) -> tuple[Grey, Grey]:
    down, across = _axes(size)
    row = np.floor(down * 14)
    x = across * 7 + 0.5 * (row % 2)
    joint = (np.abs((down * 14) % 1 - 0.5) > 0.42) | (np.abs(x % 1 - 0.5) > 0.46)
    tone = np.sin(row * 12.9 + np.floor(x) * 78.2) * 0.5 + 0.5
    mix = np.where(joint, 1.0, 0.32 * tone + 0.12 * _noise(size, (60, 60), rng))
    return mix.astype(np.float32), np.where(joint, 0.0, 0.85).astype(np.float32) + 0.1 * _noise(size, (60, 60), rng)


def _leaves(size: int, rng: np.random.Generator) -> tuple[Grey, Grey]:
    blots = _noise(size, (26, 26), rng)
    fine = _noise(size, (70, 70), rng)
    return np.clip(0.9 * blots + 0.5 * fine - 0.25, 0, 1), 0.6 * blots + 0.4 * fine


def _fabric(size: int, rng: np.random.Generator) -> tuple[Grey, Grey]:
    down, across = _axes(size)
    weave = 0.5 + 0.5 * np.sin(down * 120 * math.pi) * np.sin(across * 120 * math.pi)
    return 0.35 * weave + 0.15 * _noise(size, (8, 8), rng), weave


def _brushed(size: int, rng: np.random.Generator) -> tuple[Grey, Grey]:
    lines = _noise(size, (120, 4), rng)
    return 0.25 * lines, 0.5 + 0.1 * lines


def _panels(size: int, rng: np.random.Generator) -> tuple[Grey, Grey]:
    down, across = _axes(size)
    seam = (np.abs((down * 4) % 1 - 0.5) > 0.485) | (np.abs((across * 4) % 1 - 0.5) > 0.485)
    rivet = np.hypot((down * 16) % 1 - 0.5, (across * 16) % 1 - 0.5) < 0.12
    near_seam = (np.abs((down * 4) % 1 - 0.5) > 0.36) ^ (np.abs((across * 4) % 1 - 0.5) > 0.36)
    worn = _noise(size, (10, 10), rng)
    mix = np.where(seam, 0.9, 0.15 * worn + 0.25 * (rivet & near_seam))
    return mix.astype(np.float32), np.where(seam, 0.1, 0.6 + 0.3 * (rivet & near_seam)).astype(np.float32)


def _bands(size: int, rng: np.random.Generator) -> tuple[Grey, Grey]:
    down, across = _axes(size)
    wave = down * 5 + 0.12 * np.sin(across * 12 * math.pi)
    band = np.clip(np.abs(wave % 1 - 0.5) * 8 - 1.4, 0, 1) + 0 * across
    return band.astype(np.float32), (0.5 + 0.15 * band + 0.05 * _noise(size, (60, 60), rng)).astype(np.float32)


def _speckled(size: int, rng: np.random.Generator) -> tuple[Grey, Grey]:
    spots = np.clip((_noise(size, (70, 70), rng) - 0.82) * 8, 0, 1)
    return 0.8 * spots + 0.08 * _noise(size, (4, 4), rng), 0.5 + 0.1 * spots


PATTERNS: dict[str, Pattern] = {
    "plain": _plain,
    "wood": _wood,
    "bark": _bark,
    "feathers": _feathers,
    "shingles": _shingles,
    "bricks": _bricks,
    "leaves": _leaves,
    "fabric": _fabric,
    "brushed": _brushed,
    "panels": _panels,
    "bands": _bands,
    "speckled": _speckled,
}
