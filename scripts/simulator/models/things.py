"""The recognisable shapes: things that people make.

May import numpy. Each function adds its parts to a sculptor; `rng` varies proportions and choices, `tint`
gives a finish the colour the prompt names or the variant's own. Sizes are free: the result is scaled.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .finishes import Finish, finish
from .sculptor import Sculptor

Tint = Callable[[Finish], Finish]

WOOD = finish("#a9713f", "wood", second="#6b4220", rough=0.55)
DARK = finish("#25262b", rough=0.35)
GLASS = finish("#8fc3dd", second="#cfe8f2", rough=0.08)
STEEL = finish("#b9bcc2", "brushed", metal=1.0, rough=0.3)
GLOW = finish("#ffd873", rough=0.2)


def chair(make: Sculptor, rng: np.random.Generator, tint: Tint) -> None:
    cushion = tint(finish("#b5483c", "fabric", rough=0.9))
    back = 0.95 + 0.25 * rng.random()
    armrests = rng.random() < 0.4
    make.box((0, 0, 0.46), (0.5, 0.5, 0.05), WOOD, rounding=0.015)
    make.box((0, -0.01, 0.51), (0.46, 0.45, 0.075), cushion, rounding=0.035)
    for x in (-0.215, 0.215):
        make.tube([(x * 1.1, -0.235, 0), (x, -0.21, 0.45)], [0.018, 0.028], WOOD)
        make.tube([(x * 1.1, 0.25, 0), (x, 0.215, 0.46), (x, 0.28, back)], [0.02, 0.03, 0.02], WOOD)
        make.tube([(x * 1.04, -0.22, 0.2), (x * 1.04, 0.225, 0.2)], [0.013, 0.013], WOOD)
        if armrests:
            make.box((x * 1.12, 0, 0.68), (0.05, 0.42, 0.03), WOOD, rounding=0.012)
            make.tube([(x * 1.12, -0.17, 0.47), (x * 1.12, -0.17, 0.67)], [0.016, 0.016], WOOD)
    make.box((0, 0.272, back - 0.05), (0.44, 0.035, 0.1), WOOD, rounding=0.015, turn=(-8, 0, 0))
    if rng.random() < 0.5:
        make.box((0, 0.245, back - 0.25), (0.36, 0.045, 0.26), cushion, rounding=0.02, turn=(-8, 0, 0))
    else:
        for x in np.linspace(-0.14, 0.14, 4):
            make.tube([(x, 0.22, 0.48), (x, 0.272, back - 0.06)], [0.012, 0.012], WOOD)


def house(make: Sculptor, rng: np.random.Generator, tint: Tint) -> None:
    wall = tint(finish("#c47a58", "bricks", second="#d8d0c2", rough=0.9))
    roof = finish("#5c6470", "shingles", second="#363c46", rough=0.8)
    trim = finish("#efeae0", rough=0.7)
    width, deep, high = 1.2 + 0.3 * rng.random(), 1.0, 0.7 + 0.15 * rng.random()
    make.box((0, 0, high / 2), (width, deep, high), wall, rounding=0.008)
    gable = 0.55
    make.extrude([(-width / 2, 0), (width / 2, 0), (0, gable)], deep, wall, center=(0, 0, high))
    slope = math.hypot(width / 2 + 0.1, gable * (1 + 0.2 / width))
    tilt = math.degrees(math.atan2(gable, width / 2))
    for side in (-1, 1):
        middle = (side * (width / 4 + 0.03), 0, high + gable / 2 + 0.02)
        make.box(middle, (slope, deep + 0.2, 0.06), roof, rounding=0.01, turn=(0, side * tilt, 0))
    make.box((0.28 * width, 0.2, high + gable * 0.75), (0.16, 0.16, 0.5), wall, rounding=0.008)
    door = -0.2 * width if rng.random() < 0.5 else 0.2 * width
    make.box((door, -deep / 2, 0.22), (0.26, 0.05, 0.46), trim, rounding=0.01)
    make.box((door, -deep / 2 - 0.01, 0.215), (0.2, 0.06, 0.41), tint(WOOD), rounding=0.008)
    make.ball((door + 0.07, -deep / 2 - 0.05, 0.21), (0.015, 0.015, 0.015), STEEL)
    for x, z in ((-door, 0.38), (0, high + 0.16)):
        make.box((x, -deep / 2, z), (0.3, 0.05, 0.28), trim, rounding=0.01)
        make.box((x, -deep / 2 - 0.005, z), (0.24, 0.055, 0.22), GLASS, rounding=0.005)
        make.box((x, -deep / 2 - 0.01, z), (0.02, 0.06, 0.22), trim, rounding=0.004)
        make.box((x, -deep / 2 - 0.01, z), (0.24, 0.06, 0.02), trim, rounding=0.004)
    make.box(
        (0, -0.05, -0.02), (width + 0.5, deep + 0.6, 0.05), finish("#6f9a4c", "leaves", second="#48722f"), rounding=0.02
    )


def mug(make: Sculptor, rng: np.random.Generator, tint: Tint) -> None:
    glaze = tint(finish("#3f7fa6", "speckled", second="#e8e2d5", rough=0.25))
    radius, high = 0.4 + 0.06 * rng.random(), 0.85 + 0.2 * rng.random()
    belly = radius + 0.08 * rng.random()
    outside = [(0, 0), (radius * 0.85, 0), (radius * 0.85, 0), (belly, high * 0.3), (radius, high)]
    inside = [(radius - 0.05, high), (belly - 0.06, high * 0.3), (radius * 0.7, 0.08), (0, 0.07)]
    make.lathe([*outside, *inside], glaze, segments=56)
    make.lathe(
        [
            (0, high * 0.72),
            (radius - 0.03, high * 0.72),
            (radius - 0.04, high * 0.735),
            (radius - 0.04, high * 0.735),
            (0, high * 0.75),
        ],
        finish("#4a2a17", second="#7a4b2a", rough=0.15),
        segments=48,
    )
    reach = radius + 0.3
    make.tube(
        [
            (radius - 0.03, 0, high * 0.8),
            (reach, 0, high * 0.82),
            (reach + 0.05, 0, high * 0.45),
            (radius, 0, high * 0.22),
        ],
        [0.05, 0.055, 0.05, 0.045],
        glaze,
    )


def robot(make: Sculptor, rng: np.random.Generator, tint: Tint) -> None:
    shell = tint(finish("#d9a136", "panels", second="#6b5424", metal=0.6, rough=0.4))
    width = 0.6 + 0.15 * rng.random()
    make.box((0, 0, 0.75), (width, 0.42, 0.6), shell, rounding=0.08)
    make.box((0, -0.2, 0.82), (width * 0.6, 0.06, 0.26), DARK, rounding=0.02)
    for index, x in enumerate((-0.1, 0, 0.1)):
        make.ball((x, -0.235, 0.86), (0.03, 0.015, 0.03), (GLOW, GLASS, finish("#e2574c", rough=0.2))[index])
    make.tube([(0, 0, 1.0), (0, 0, 1.18)], [0.09, 0.09], STEEL)
    make.box((0, 0, 1.36), (width * 0.85, 0.4, 0.4), shell, rounding=0.1)
    make.box((0, -0.185, 1.38), (width * 0.68, 0.06, 0.2), DARK, rounding=0.03)
    for x in (-0.12, 0.12):
        make.ball((x, -0.215, 1.38), (0.055, 0.02, 0.055), GLOW)
        make.lathe(
            [(0, 0), (0.07, 0), (0.07, 0), (0.05, 0.07), (0, 0.08)],
            STEEL,
            center=(math.copysign(width * 0.42, x), 0, 1.36),
            turn=(0, math.copysign(90, x), 0),
        )
    make.tube([(0, 0, 1.54), (0, 0, 1.74)], [0.015, 0.012], STEEL)
    make.ball((0, 0, 1.77), (0.05, 0.05, 0.05), finish("#e2574c", rough=0.2))
    lift = 0.25 * rng.random()
    for side in (-1, 1):
        x = side * (width / 2 + 0.05)
        hand = (side * (width / 2 + 0.22), -0.2, 0.5 + (lift if side > 0 else 0))
        make.ball((x, 0, 0.95), (0.11, 0.11, 0.11), STEEL)
        make.tube([(x, 0, 0.95), (side * (width / 2 + 0.24), -0.02, 0.72 + lift / 2), hand], [0.06, 0.06, 0.05], DARK)
        make.ball(hand, (0.09, 0.09, 0.09), shell)
        make.tube([(side * 0.17, 0, 0.5), (side * 0.17, 0, 0.1)], [0.08, 0.07], DARK)
        make.box((side * 0.18, -0.06, 0.07), (0.24, 0.4, 0.14), shell, rounding=0.05)


def rocket(make: Sculptor, rng: np.random.Generator, tint: Tint) -> None:
    body = finish("#e6e6e3", "panels", second="#9a9ca0", metal=0.2, rough=0.35)
    accent = tint(finish("#c8342d", rough=0.35))
    girth = 0.26 + 0.06 * rng.random()
    make.lathe(
        [
            (0, 0.2),
            (girth * 0.7, 0.2),
            (girth * 0.7, 0.2),
            (girth, 0.7),
            (girth * 0.95, 1.2),
            (girth * 0.72, 1.5),
            (0, 1.56),
        ],
        body,
        segments=48,
    )
    make.lathe(
        [(0, 1.46), (girth * 0.76, 1.46), (girth * 0.76, 1.46), (girth * 0.45, 1.75), (0, 2.0)], accent, segments=48
    )
    make.ring((0, 0, 0.42), girth * 0.87, 0.025, accent)
    make.lathe(
        [
            (0, 0.24),
            (girth * 0.4, 0.24),
            (girth * 0.4, 0.24),
            (girth * 0.6, 0.05),
            (girth * 0.6, 0.05),
            (girth * 0.5, 0.05),
            (girth * 0.3, 0.2),
            (0, 0.2),
        ],
        STEEL,
    )
    make.lathe(
        [(0, -0.22), (girth * 0.3, -0.02), (girth * 0.42, 0.1), (0, 0.18)], finish("#ff9a2e", "bands", second="#ffe07a")
    )
    make.ring((0, -girth * 0.96, 1.1), 0.1, 0.025, STEEL, turn=(86, 0, 0))
    make.ball((0, -girth * 0.94, 1.1), (0.1, 0.035, 0.1), GLASS)
    fins = 3 + int(rng.integers(0, 2))
    for index in range(fins):
        angle = 360 * index / fins + 30
        near, far = girth * 0.7, girth + 0.3
        make.extrude(
            [(near, 0.25), (far, 0.0), (far, 0.25), (near, 0.75)],
            0.045,
            accent,
            turn=(0, 0, angle),
        )


def car(make: Sculptor, rng: np.random.Generator, tint: Tint) -> None:
    paint = tint(finish("#2f6fb3", metal=0.3, rough=0.25))
    long = 1.7 + 0.3 * rng.random()
    make.box((0, 0, 0.36), (0.8, long, 0.32), paint, rounding=0.12)
    make.box((0, 0.08, 0.6), (0.68, long * 0.52, 0.36), GLASS, rounding=0.13)
    make.box((0, 0.08, 0.76), (0.62, long * 0.42, 0.08), paint, rounding=0.035)
    for x in (-0.38, 0.38):
        for y in (-long * 0.3, long * 0.3):
            make.lathe(
                [(0, -0.09), (0.17, -0.09), (0.21, -0.06), (0.21, 0.06), (0.17, 0.09), (0, 0.09)],
                DARK,
                center=(x, y, 0.21),
                turn=(0, 90, 0),
            )
            make.lathe(
                [(0, -0.1), (0.11, -0.1), (0.11, -0.1), (0.11, 0.1), (0.11, 0.1), (0, 0.1)],
                STEEL,
                center=(x, y, 0.21),
                turn=(0, 90, 0),
            )
        make.ball((x * 0.7, -long / 2 + 0.02, 0.4), (0.09, 0.05, 0.07), GLOW)
        make.ball((x * 0.7, long / 2 - 0.02, 0.4), (0.08, 0.04, 0.05), finish("#c8342d", rough=0.2))
    for end in (-1, 1):
        make.box((0, end * long / 2, 0.25), (0.72, 0.08, 0.09), STEEL, rounding=0.04)


def lamp(make: Sculptor, rng: np.random.Generator, tint: Tint) -> None:
    shade = tint(finish("#e8c98a", "fabric", second="#d3aa62", rough=0.9))
    high = 0.95 + 0.3 * rng.random()
    make.lathe(
        [(0, 0), (0.28, 0), (0.28, 0), (0.28, 0.03), (0.08, 0.07), (0.06, 0.2), (0.11, 0.35), (0.04, 0.5), (0, 0.52)],
        STEEL,
    )
    make.tube([(0, 0, 0.45), (0, 0, high)], [0.025, 0.02], STEEL)
    make.ball((0, 0, high), (0.09, 0.09, 0.12), GLOW)
    top = 0.18 + 0.12 * rng.random()
    make.lathe(
        [
            (0, high + 0.26),
            (0.05, high + 0.26),
            (0.36, high - 0.18),
            (0.36, high - 0.18),
            (0.38, high - 0.18),
            (0.38, high - 0.18),
            (top, high + 0.28),
            (top, high + 0.28),
            (0, high + 0.28),
        ],
        shade,
        segments=48,
    )
