"""The recognisable shapes: what lives and grows, and the shape for every other prompt.

May import numpy. See `things` for how a shape function works.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .finishes import finish
from .sculptor import Sculptor
from .surfaces import Floats
from .things import STEEL, Tint

EYE = finish("#15151a", rough=0.08)
WHITE = finish("#f4f1ea", rough=0.4)


def bird(make: Sculptor, rng: np.random.Generator, tint: Tint) -> None:
    plumage = tint(finish("#3f86c4", "feathers", second="#23507e", rough=0.75))
    belly = finish("#f3dfb8", "feathers", second="#dcb980", rough=0.85)
    beak = finish("#e8962e", rough=0.45)
    plump = 0.92 + 0.2 * rng.random()

    def egg(points: Floats) -> Floats:
        return points * np.stack([1 + 0 * points[..., 2], 1 - 0.18 * points[..., 1], 1 + 0.12 * points[..., 1]], axis=2)

    make.ball((0, 0.05, 0.62), (0.4 * plump, 0.52, 0.42), plumage, turn=(-18, 0, 0), shape=egg)
    make.ball((0, -0.1, 0.55), (0.33 * plump, 0.38, 0.36), belly, turn=(-10, 0, 0))
    make.ball((0, -0.3, 1.06), (0.31, 0.3, 0.29), plumage)
    make.ball((0, -0.4, 0.99), (0.22, 0.2, 0.17), belly)
    make.lathe(
        [(0, 0), (0.085, 0), (0.07, 0.07), (0, 0.22)], beak, center=(0, -0.56, 1.04), turn=(98, 0, 0), segments=24
    )
    for side in (-1, 1):
        make.ball((side * 0.145, -0.535, 1.13), (0.062, 0.045, 0.068), EYE)
        make.ball((side * 0.128, -0.575, 1.155), (0.019, 0.014, 0.019), WHITE)
        make.ball((side * 0.36 * plump, 0.12, 0.66), (0.1, 0.42, 0.25), plumage, turn=(-28, side * 12, side * -10))
        make.ball(
            (side * 0.39 * plump, 0.2, 0.6),
            (0.07, 0.36, 0.15),
            tint(finish("#2b5f94", "feathers", second="#183a5e")),
            turn=(-30, side * 12, side * -10),
        )
        foot = (side * 0.15, -0.1, 0.03)
        make.tube([(side * 0.14, 0.0, 0.3), (side * 0.15, -0.03, 0.15), foot], [0.035, 0.028, 0.026], beak)
        for toe in (-0.09, 0.0, 0.09):
            make.tube([foot, (side * 0.15 + toe, -0.26 + abs(toe) * 0.5, 0.02)], [0.026, 0.018], beak)
    for index in range(3):
        make.ball(
            (0, 0.62, 0.72 - 0.05 * index), (0.13 - 0.02 * index, 0.32, 0.035), plumage, turn=(24 - 9 * index, 0, 0)
        )
    if rng.random() < 0.6:
        for index in range(3):
            top = (0, -0.2 + 0.09 * index, 1.5 - 0.07 * index)
            make.tube(
                [(0, -0.3 + 0.03 * index, 1.32), (0, -0.28 + 0.06 * index, 1.42), top], [0.04, 0.03, 0.012], plumage
            )


def tree(make: Sculptor, rng: np.random.Generator, tint: Tint) -> None:
    bark = finish("#7a5636", "bark", second="#3d2917", rough=0.95)
    leaf = tint(finish("#5d9a3c", "leaves", second="#2f6224", rough=0.9))
    make.lathe([(0, 0), (0.28, 0), (0.16, 0.12), (0.11, 0.5), (0.09, 1.0), (0, 1.3)], bark)
    for index in range(5):
        angle = 2 * math.pi * (index + rng.random() * 0.5) / 5
        make.tube(
            [
                (0, 0, 0.08),
                (0.22 * math.cos(angle), 0.22 * math.sin(angle), 0.05),
                (0.38 * math.cos(angle), 0.38 * math.sin(angle), 0.0),
            ],
            [0.09, 0.06, 0.02],
            bark,
        )
    if rng.random() < 0.35:
        for index in range(4):
            wide, low = 0.72 - 0.15 * index, 0.5 + 0.36 * index
            make.lathe(
                [
                    (0, low + 0.06),
                    (wide * 0.7, low - 0.04),
                    (wide, low),
                    (wide, low),
                    (wide * 0.45, low + 0.35),
                    (0, low + 0.72),
                ],
                leaf,
                shape=_ragged(rng, 9, 0.1),
            )
        return
    for index in range(9):
        angle, ring = index * 2.4, 0.42 if index < 6 else 0.2
        height = 1.25 + 0.12 * rng.random() if index < 6 else 1.62 + 0.15 * rng.random()
        center = (ring * math.cos(angle), ring * math.sin(angle), height) if index < 8 else (0, 0, 1.95)
        size = 0.36 + 0.08 * rng.random()
        make.ball(center, (size, size, size * 0.86), leaf, shape=_bumpy(rng, 0.1))


def mushroom(make: Sculptor, rng: np.random.Generator, tint: Tint) -> None:
    stalk = finish("#efe3cc", "bark", second="#d9c7a3", rough=0.8)
    cap = tint(finish("#c8352b", second="#93201b", rough=0.35))
    wide = 0.55 + 0.12 * rng.random()
    make.lathe([(0, 0), (0.2, 0.0), (0.23, 0.08), (0.15, 0.4), (0.16, 0.72), (0, 0.8)], stalk)
    make.lathe(
        [(0, 0.66), (0.2, 0.64), (wide * 0.95, 0.58), (wide, 0.62), (wide * 0.8, 0.9), (wide * 0.4, 1.08), (0, 1.12)],
        cap,
        segments=48,
    )
    make.lathe([(0, 0.5), (0.2, 0.46), (0.27, 0.44), (0.2, 0.5), (0, 0.56)], stalk)
    for index in range(11):
        angle, reach = index * 2.4, wide * (0.25 + 0.6 * ((index * 0.37) % 1))
        height = 1.12 - 0.3 * (reach / wide) ** 2 - 0.1 * (reach / wide)
        size = 0.05 + 0.03 * rng.random()
        make.ball((reach * math.cos(angle), reach * math.sin(angle), height), (size, size, size * 0.55), WHITE)


def sculpture(make: Sculptor, rng: np.random.Generator, tint: Tint) -> None:
    """What any other prompt gets: a turned and twisted body on a plinth, each prompt its own."""
    looks = (
        finish("#c9a24b", "brushed", metal=1.0, rough=0.3),
        finish("#5b8f86", "bands", second="#2f5a57", rough=0.3),
        finish("#b5654a", "speckled", second="#efe2cf", rough=0.5),
        finish("#7a6ab0", "panels", second="#443a70", rough=0.4),
        finish("#a9713f", "wood", second="#6b4220", rough=0.5),
    )
    look = tint(looks[int(rng.integers(len(looks)))])
    make.lathe(
        [(0, 0), (0.42, 0), (0.42, 0), (0.4, 0.12), (0.34, 0.14), (0, 0.16)], finish("#3a3d44", "plain", rough=0.4)
    )
    heights = np.linspace(0.14, 1.5, 7)
    widths = 0.16 + 0.3 * rng.random(7)
    profile = [(0.0, 0.12), *zip(widths.tolist(), heights.tolist(), strict=True), (0.0, 1.62)]
    lobes, depth, twist = int(rng.integers(2, 7)), 0.05 + 0.2 * rng.random(), float(rng.uniform(-2.5, 2.5))

    def twisted(points: Floats) -> Floats:
        angle = np.arctan2(points[..., 1], points[..., 0])
        swell = 1 + depth * np.cos(lobes * angle)
        turn = twist * points[..., 2]
        x, y = points[..., 0] * swell, points[..., 1] * swell
        return np.stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn), points[..., 2]], 2)

    make.lathe(profile, look, segments=72, shape=twisted)
    for index in range(int(rng.integers(0, 4))):
        height = 0.5 + 0.4 * index
        make.ring(
            (0, 0, height), 0.5 + 0.12 * float(rng.random()), 0.025, STEEL, turn=(float(rng.uniform(-30, 30)), 0, 0)
        )
    make.ball((0, 0, 1.75), (0.16, 0.16, 0.16), look)


def _bumpy(rng: np.random.Generator, depth: float) -> Callable[[Floats], Floats]:
    waves = rng.normal(size=(6, 3)) * 5
    shifts = rng.random(6) * 2 * math.pi

    def shape(points: Floats) -> Floats:
        swell = np.sin(points @ waves.T + shifts).sum(axis=-1) * (depth / 2)
        return np.asarray(points * (1 + swell[..., None]))

    return shape


def _ragged(rng: np.random.Generator, lobes: int, depth: float) -> Callable[[Floats], Floats]:
    shift = rng.random() * 2 * math.pi

    def shape(points: Floats) -> Floats:
        angle = np.arctan2(points[..., 1], points[..., 0])
        swell = 1 + depth * np.sin(lobes * angle + shift)
        return np.asarray(points * np.stack([swell, swell, 1 + 0 * swell], 2))

    return shape
