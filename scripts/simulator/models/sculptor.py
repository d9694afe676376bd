"""Closed surfaces to build shapes from: balls, boxes, lathed and swept bodies, extruded outlines.

May import numpy. Z is up, the front looks along -Y. Each surface is closed by itself; vertices are doubled
where texture or normals have a seam, at exactly the same place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from .finishes import Finish
from .surfaces import Floats, Ints, Point, curve, grid_faces, turn_matrix, welded


@dataclass
class Part:
    """One closed surface: vertices, normals (n, 3), uv (n, 2) in 0..1, faces (m, 3), the look of it."""

    vertices: Floats
    normals: Floats
    uv: Floats
    faces: Ints
    finish: Finish


class Sculptor:
    """Collects parts.

    Args:
        detail: 1 is the usual fineness; triangles grow with its square.
    """

    def __init__(self, detail: float = 1.0) -> None:
        self.detail = detail
        self.parts: list[Part] = []

    def steps(self, usual: int, least: int) -> int:
        return max(least, round(usual * self.detail))

    def ball(
        self,
        center: Point,
        radii: Point,
        finish: Finish,
        *,
        turn: Point = (0, 0, 0),
        shape: Callable[[Floats], Floats] | None = None,
    ) -> None:
        """An ellipsoid; `shape` may move the points of the unit sphere (rows, columns, 3) first."""
        rows, columns = self.steps(20, 4), self.steps(32, 6)
        polar = np.linspace(0, math.pi, rows + 1)[:, None]
        around = np.linspace(0, 2 * math.pi, columns + 1)[None, :]
        around = np.broadcast_to(around, (rows + 1, columns + 1))
        points = np.stack(
            [np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), np.cos(polar) + 0 * around], axis=2
        )
        points[0], points[-1] = (0, 0, 1), (0, 0, -1)
        points[:, -1] = points[:, 0]
        if shape is not None:
            points = shape(points)
        self._grid(points * np.asarray(radii, float), finish, center, turn)

    def lathe(
        self,
        profile: Sequence[tuple[float, float]],
        finish: Finish,
        *,
        center: Point = (0, 0, 0),
        turn: Point = (0, 0, 0),
        segments: int = 40,
        shape: Callable[[Floats], Floats] | None = None,
    ) -> None:
        """A profile of (radius, height) from radius 0 to radius 0, bottom first, turned about Z.

        A point that stands twice is a sharp edge; between sharp edges the profile is a smooth curve.
        """
        outline = self._smooth(profile)
        columns = self.steps(segments, 6)
        around = np.linspace(0, 2 * math.pi, columns + 1)
        radius = outline[:, :1]
        points = np.stack(
            [
                radius * np.cos(around),
                radius * -np.sin(around),
                np.broadcast_to(outline[:, 1:], (len(outline), columns + 1)),
            ],
            2,
        )
        points[:, -1] = points[:, 0]
        if shape is not None:
            points = shape(points)
            points[:, -1] = points[:, 0]
        self._grid(points, finish, center, turn)

    def tube(self, path: Sequence[Point], radii: Sequence[float], finish: Finish) -> None:
        """A round bar along a smooth path, with a radius at each of its points and rounded ends."""
        count = self.steps(6 * (len(path) - 1), len(path))
        line = curve(np.asarray(path, float), count)
        thickness = np.interp(np.linspace(0, 1, len(line)), np.linspace(0, 1, len(radii)), radii)
        along = np.gradient(line, axis=0)
        along /= np.linalg.norm(along, axis=1, keepdims=True)
        side = np.cross(along, (0.31, 0.17, 0.94) if abs(along[0] @ (0.31, 0.17, 0.94)) < 0.9 else (1, 0, 0))
        side /= np.linalg.norm(side, axis=1, keepdims=True)
        other = np.cross(along, side)
        caps = [(line[0] - along[0] * thickness[0] * 0.5, 0), (line[-1] + along[-1] * thickness[-1] * 0.5, -1)]
        columns = self.steps(16, 5)
        around = np.linspace(0, 2 * math.pi, columns + 1)
        circle = side[:, None] * np.cos(around)[:, None] + other[:, None] * np.sin(around)[:, None]
        rings = line[:, None] + circle * thickness[:, None, None]
        rings[:, -1] = rings[:, 0]
        ends = [np.broadcast_to(point, (1, columns + 1, 3)) for point, _ in caps]
        self._grid(np.concatenate([ends[0], rings, ends[1]]), finish, (0, 0, 0), (0, 0, 0))

    def ring(self, center: Point, radius: float, thickness: float, finish: Finish, *, turn: Point = (0, 0, 0)) -> None:
        """A torus about Z."""
        rows, columns = self.steps(14, 5), self.steps(36, 8)
        across = np.linspace(0, 2 * math.pi, rows + 1)[:, None]
        around = np.linspace(0, 2 * math.pi, columns + 1)[None, :]
        reach = radius + thickness * np.cos(across)
        points = np.stack([reach * np.cos(around), reach * np.sin(around), -thickness * np.sin(across) + 0 * around], 2)
        points[:, -1] = points[:, 0]
        points[-1] = points[0]
        self._grid(points, finish, center, turn, wrap_rows=True)

    def box(
        self, center: Point, size: Point, finish: Finish, *, rounding: float = 0.02, turn: Point = (0, 0, 0)
    ) -> None:
        """A box with rounded edges; `rounding` is a length."""
        half = np.asarray(size, float) / 2
        radius = min(rounding, 0.49 * float(half.min()))
        parts = []
        start = 0
        for axis in range(3):
            for sign in (-1.0, 1.0):
                grid, uv = self._box_side(axis, sign, half, radius)
                inner = np.clip(grid, -(half - radius), half - radius)
                normals = grid - inner
                normals /= np.linalg.norm(normals, axis=2, keepdims=True)
                faces = grid_faces(*grid.shape[:2]) + start
                if sign < 0:
                    faces = faces[:, ::-1]
                parts.append(((inner + radius * normals).reshape(-1, 3), normals.reshape(-1, 3), uv, faces))
                start += grid.shape[0] * grid.shape[1]
        vertices, normals, uv, faces = (np.concatenate(items) for items in zip(*parts, strict=True))
        self._add(vertices, normals, uv, faces, finish, center, turn)

    def extrude(
        self,
        outline: Sequence[tuple[float, float]],
        depth: float,
        finish: Finish,
        *,
        center: Point = (0, 0, 0),
        turn: Point = (0, 0, 0),
    ) -> None:
        """A convex outline of (x, z), counter-clockwise seen from the front (-Y), drawn out along Y."""
        flat = np.asarray(outline, float)
        front = np.insert(flat, 1, -depth / 2, axis=1)
        back = np.insert(flat, 1, depth / 2, axis=1)
        count = len(flat)
        span = np.ptp(flat, axis=0).max()
        pieces: list[tuple[Floats, Floats, Floats, Ints]] = []
        start = 0
        for points, facing, order in ((front, -1.0, 1), (back, 1.0, -1)):
            fan = np.array([(0, item, item + 1)[::order] for item in range(1, count - 1)]) + start
            pieces.append((points, np.tile((0, facing, 0), (count, 1)), (flat - flat.min(axis=0)) / span, fan))
            start += count
        for item in range(count):
            following = (item + 1) % count
            quad = np.array([front[item], back[item], back[following], front[following]])
            normal = np.cross(quad[1] - quad[0], quad[3] - quad[0])
            normal /= np.linalg.norm(normal)
            length = np.linalg.norm(quad[3] - quad[0]) / span
            uv = np.array([(0, 0), (depth / span, 0), (depth / span, length), (0, length)])
            faces = np.array([(0, 1, 2), (0, 2, 3)]) + start
            pieces.append((quad, np.tile(normal, (4, 1)), uv / max(1.0, uv.max()), faces))
            start += 4
        vertices, normals, uvs, joined = (np.concatenate(items) for items in zip(*pieces, strict=True))
        self._add(vertices, normals, uvs, joined, finish, center, turn)

    def _smooth(self, profile: Sequence[tuple[float, float]]) -> Floats:
        points = np.asarray(profile, float)
        stretches, begin = [], 0
        for item in range(1, len(points) + 1):
            if item == len(points) or np.array_equal(points[item], points[item - 1]):
                stretch = points[begin:item]
                pieces = self.steps(5 * (len(stretch) - 1), len(stretch) - 1)
                stretches.append(curve(stretch, pieces) if len(stretch) > 2 else stretch)
                begin = item
        outline = np.concatenate(stretches)
        outline[:, 0] = np.maximum(outline[:, 0], 0)
        outline[0, 0] = outline[-1, 0] = 0
        return outline

    def _box_side(self, axis: int, sign: float, half: Floats, radius: float) -> tuple[Floats, Floats]:
        first, second = (axis + 1) % 3, (axis + 2) % 3
        lines = [self._box_line(half[side], radius, half.max()) for side in (first, second)]
        grid = np.empty((len(lines[0]), len(lines[1]), 3))
        grid[:, :, axis] = sign * half[axis]
        grid[:, :, first] = lines[0][:, None]
        grid[:, :, second] = lines[1][None, :]
        u = (grid[:, :, first] + half[first]) / (2 * half.max())
        v = (grid[:, :, second] + half[second]) / (2 * half.max())
        # Upright sides get upright patterns: v follows Z.
        uv = (u, v) if second == 2 or axis == 2 else (v, u)
        return grid, np.stack(uv, 2).reshape(-1, 2)

    def _box_line(self, half: float, radius: float, longest: float) -> Floats:
        edge = np.linspace(-half, -(half - radius), self.steps(3, 1) + 1)
        middle = np.linspace(-(half - radius), half - radius, self.steps(round(8 * half / longest), 1) + 1)
        return np.concatenate([edge[:-1], middle, -edge[-2::-1]])

    def _grid(self, points: Floats, finish: Finish, center: Point, turn: Point, wrap_rows: bool = False) -> None:
        """A grid whose last column is its first again, and whose first and last row are points (or each other)."""
        rows, columns = points.shape[:2]
        vertices = points.reshape(-1, 3)
        faces = grid_faces(rows, columns)
        if np.einsum("ij,ij->", np.cross(vertices[faces[:, 0]], vertices[faces[:, 1]]), vertices[faces[:, 2]]) < 0:
            faces = faces[:, ::-1]
        corner = vertices[faces]
        area = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
        normals = np.zeros_like(vertices)
        for side in range(3):
            np.add.at(normals, faces[:, side], area)
        shaped = normals.reshape(rows, columns, 3)
        shaped[:, 0] = shaped[:, -1] = shaped[:, 0] + shaped[:, -1]
        if wrap_rows:
            shaped[0] = shaped[-1] = shaped[0] + shaped[-1]
        else:
            for row in (0, -1):
                shaped[row] = shaped[row].sum(axis=0)
        length = np.linalg.norm(normals, axis=1, keepdims=True)
        normals = np.where(length > 0, normals / np.where(length > 0, length, 1), (0.0, 0.0, 1.0))
        v, u = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
        self._add(vertices, normals, np.stack([u, v], 2).reshape(-1, 2), faces, finish, center, turn)

    def _add(
        self, vertices: Floats, normals: Floats, uv: Floats, faces: Ints, finish: Finish, center: Point, turn: Point
    ) -> None:
        same = welded(vertices)
        ids = same[faces]
        real = (ids[:, 0] != ids[:, 1]) & (ids[:, 1] != ids[:, 2]) & (ids[:, 2] != ids[:, 0])
        matrix = turn_matrix(turn)
        placed = vertices @ matrix.T + np.asarray(center, float)
        self.parts.append(Part(placed[same], normals @ matrix.T, uv, faces[real], finish))
