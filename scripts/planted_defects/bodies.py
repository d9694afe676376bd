"""Sound bodies of triangles, one unit large, that turn their front outwards. numpy alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Body:
    """Triangles: points (n, 3), faces (m, 3) by point, uv (m, 3, 2) by corner."""

    points: Floats
    faces: NDArray[np.int64]
    uv: Floats

    @property
    def centers(self) -> Floats:
        return self.points[self.faces].mean(axis=1)

    def with_faces(self, which: NDArray[np.bool_]) -> Body:
        return Body(self.points, self.faces[which], self.uv[which])

    def flipped(self) -> Body:
        return replace(self, faces=self.faces[:, ::-1], uv=self.uv[:, ::-1])

    def moved(self, by: tuple[float, float, float] | Floats = (0, 0, 0), scale: float | Floats = 1.0) -> Body:
        return replace(self, points=self.points * scale + by)

    def joined(self, other: Body) -> Body:
        """With more faces of the same points."""
        return Body(self.points, np.concatenate([self.faces, other.faces]), np.concatenate([self.uv, other.uv]))

    def and_(self, other: Body) -> Body:
        """Both in one, without a point in common."""
        faces = np.concatenate([self.faces, other.faces + len(self.points)])
        return Body(np.concatenate([self.points, other.points]), faces, np.concatenate([self.uv, other.uv]))


def _grid(rows: int, columns: int, place: Callable[[Floats, Floats], Floats], around: bool, ring: bool = False) -> Body:
    """A sheet of `rows` by `columns` rectangles; `place` puts (s, t) in 0..1 in space; ends may meet."""
    s, t = np.meshgrid(np.linspace(0, 1, columns + 1), np.linspace(0, 1, rows + 1))
    points = place(s.ravel(), t.ravel())
    number = np.arange(len(points)).reshape(rows + 1, columns + 1)
    if around:
        number[:, -1] = number[:, 0]
    if ring:
        number[-1] = number[0]
    corner = np.arange(len(points)).reshape(rows + 1, columns + 1)
    quads = np.stack([corner[:-1, :-1], corner[:-1, 1:], corner[1:, 1:], corner[1:, :-1]], axis=-1).reshape(-1, 4)
    loose = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
    uv = np.stack([s.ravel(), t.ravel()], axis=-1)
    return _tidied(Body(points, number.ravel()[loose], uv[loose]))


def _tidied(body: Body) -> Body:
    """Points in one place as one, without faces that are lines, nor points of no face."""
    _, first, place = np.unique(np.round(body.points, 9), axis=0, return_index=True, return_inverse=True)
    faces = place.ravel()[body.faces]
    good = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    used, faces = np.unique(faces[good], return_inverse=True)
    return Body(body.points[first][used], faces.reshape(-1, 3), body.uv[good])


def turned(profile: list[tuple[float, float]], steps: int = 32, between: int = 4) -> Body:
    """A profile of (radius, height), from the bottom to the top, turned around Z."""
    along = np.arange(len(profile))
    fine = np.linspace(0, len(profile) - 1, (len(profile) - 1) * between + 1)
    radii, heights = (np.interp(fine, along, [corner[axis] for corner in profile]) for axis in (0, 1))
    rows = len(fine) - 1

    def place(s: Floats, t: Floats) -> Floats:
        row = np.rint(t * rows).astype(int)
        angle = 2 * np.pi * s
        return np.stack([radii[row] * np.cos(angle), radii[row] * np.sin(angle), heights[row]], axis=-1)

    return _grid(rows, steps, place, around=True)


def box(steps: int = 1, sides: tuple[float, float, float] = (1, 1, 1)) -> Body:
    """Each side a sheet of `steps` by `steps` rectangles with a place of its own in the UV map."""
    found: Body | None = None
    for number in range(6):
        axis, top = divmod(number, 2)

        def place(s: Floats, t: Floats, axis: int = axis, top: int = top) -> Floats:
            points = np.empty((len(s), 3))
            points[:, axis], points[:, (axis + 1) % 3], points[:, (axis + 2) % 3] = top, s, t
            return points - 0.5

        side = _grid(steps, steps, place, around=False)
        side = side if top else side.flipped()
        side = replace(side, uv=(side.uv * 0.9 + 0.05 + (axis, top)) / (3, 2))
        found = found.and_(side) if found else side
    assert found is not None  # noqa: S101
    return _tidied(found).moved(scale=np.array(sides, dtype=float))


def ball(steps: int = 32, radius: float = 0.5) -> Body:
    angles = np.linspace(-np.pi / 2, np.pi / 2, steps // 2 + 1)
    return turned([(radius * np.cos(a) if abs(a) < 1.57 else 0, radius * np.sin(a)) for a in angles.tolist()], steps, 1)


def torus(steps: int = 48, rings: int = 24) -> Body:
    def place(s: Floats, t: Floats) -> Floats:
        a, b = 2 * np.pi * s, 2 * np.pi * t
        r = 0.35 + 0.15 * np.cos(b)
        return np.stack([r * np.cos(a), r * np.sin(a), 0.15 * np.sin(b)], axis=-1)

    return _grid(rings, steps, place, around=True, ring=True)


def cylinder() -> Body:
    return turned([(0, -0.5), (0.3, -0.5), (0.3, 0.5), (0, 0.5)])


def cone() -> Body:
    return turned([(0, -0.5), (0.4, -0.5), (0, 0.5)], between=8)


def figure(steps: int = 32, between: int = 4) -> Body:
    """A pawn."""
    profile = [(0, -0.5), (0.3, -0.5), (0.3, -0.42), (0.16, -0.3), (0.1, 0.1), (0.18, 0.16), (0.1, 0.2), (0.2, 0.32),
               (0.17, 0.43), (0, 0.5)]  # fmt: skip
    return turned(profile, steps, between)


def vase() -> Body:
    """Open at the top, with walls and a floor of its own."""
    return turned([(0, -0.5), (0.25, -0.5), (0.35, 0), (0.25, 0.5), (0.2, 0.5), (0.3, 0), (0.2, -0.42), (0, -0.42)])


#: By name: the body, and what the checks rightly say of it.
BODIES: dict[str, tuple[Callable[[], Body], frozenset[str]]] = {
    "box": (box, frozenset()),
    "fine box": (lambda: box(12), frozenset()),
    "ball": (ball, frozenset({"flat_base", "stands"})),
    "torus": (torus, frozenset({"flat_base"})),
    "cylinder": (cylinder, frozenset()),
    "cone": (cone, frozenset()),
    "figure": (figure, frozenset()),
    "fine figure": (lambda: figure(96, 16), frozenset()),
    "vase": (vase, frozenset()),
}
