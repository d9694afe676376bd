"""Ways to spoil a sound body. Lengths are shares of its size; places are points on its surface. numpy alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .bodies import Body, ball, box

Floats = NDArray[np.float64]
#: Where from the middle: a defect is at the face that lies farthest there.
PLACES = {"top": (0.1, 0.05, 1.0), "left": (-1.0, 0.2, 0.1), "back": (0.1, 1.0, -0.2), "front below": (0.3, -1.0, -0.6)}


def at(body: Body, place: str) -> int:
    """The face at a place."""
    direction = np.array(PLACES[place])
    return int(np.argmax(body.centers @ direction))


def near(body: Body, place: str, size: float) -> NDArray[np.bool_]:
    """The faces around a place: the one there at least."""
    face = at(body, place)
    away = np.linalg.norm(body.centers - body.centers[face], axis=1)
    return away <= max(size, 1e-9)


def normal_of(body: Body, face: int) -> Floats:
    a, b, c = body.points[body.faces[face]]
    normal = np.cross(b - a, c - a)
    return normal / np.linalg.norm(normal)


def hole(body: Body, place: str, size: float) -> Body:
    return body.with_faces(~near(body, place, size))


def crack(body: Body, place: str, size: float) -> Body:
    """A patch lies a little beside its hole."""
    which = near(body, place, size)
    patch = body.with_faces(which)
    return body.with_faces(~which).and_(patch.moved(0.004 * normal_of(body, at(body, place))))


def fin(body: Body, place: str, size: float) -> Body:
    """A triangle that stands on an edge."""
    face = at(body, place)
    a, b, _ = body.faces[face]
    tip = (body.points[a] + body.points[b]) / 2 + size * normal_of(body, face)
    points = np.concatenate([body.points, tip[None]])
    faces = np.concatenate([body.faces, [[a, b, len(points) - 1]]])
    return Body(points, faces, np.concatenate([body.uv, body.uv[face : face + 1]]))


def flipped_patch(body: Body, place: str, size: float) -> Body:
    which = near(body, place, size)
    return body.with_faces(~which).joined(body.with_faces(which).flipped())


def inside_out(body: Body, place: str, size: float) -> Body:
    del place, size
    return body.flipped()


def slivers(body: Body, place: str, size: float) -> Body:
    """An edge gets a point in its middle on one of its sides, and a face without area between."""
    count = max(1, int(size * 50))
    points, faces, uv = body.points.tolist(), body.faces.tolist(), body.uv.tolist()
    order = np.argsort(np.linalg.norm(body.centers - body.centers[at(body, place)], axis=1))
    for face in order[:count].tolist():
        a, b, c = faces[face]
        points.append(((np.array(points[a]) + np.array(points[b])) / 2).tolist())
        middle = len(points) - 1
        u = uv[face]
        half = ((np.array(u[0]) + np.array(u[1])) / 2).tolist()
        faces[face], uv[face] = [a, middle, c], [u[0], half, u[2]]
        faces += [[middle, b, c], [a, b, middle]]
        uv += [[half, u[1], u[2]], [u[0], u[1], half]]
    return Body(np.array(points), np.array(faces), np.array(uv))


def doubled(body: Body, place: str, size: float) -> Body:
    return body.and_(body.with_faces(near(body, place, size)))


def crossing(body: Body, place: str, size: float) -> Body:
    """A box that sticks in the surface."""
    face = at(body, place)
    return body.and_(box().moved(body.centers[face], 2 * size + 0.02))


def pulled_through(body: Body, place: str, size: float) -> Body:
    """A point is drawn through the body and out on the other side."""
    face = at(body, place)
    points = body.points.copy()
    points[body.faces[face, 0]] -= normal_of(body, face) * (1.2 + size)
    return replace(body, points=points)


def floating(body: Body, place: str, size: float) -> Body:
    face = at(body, place)
    middle = body.centers[face] + normal_of(body, face) * (size + 0.05)
    middle[2] = max(middle[2], body.points[:, 2].min() + size + 0.05)
    return body.and_(ball(12).moved(middle, size))


def plate(body: Body, place: str, size: float) -> Body:
    """A thin plate that sticks in the surface; `size` is its thickness."""
    face = at(body, place)
    normal = normal_of(body, face)
    sides = np.where(np.abs(normal) == np.abs(normal).max(), 0.5, 0.3)
    sides[int(np.argmin(np.abs(normal)))] = size
    return body.and_(box(4).moved(body.centers[face] + normal * 0.15, sides))


def hollow(body: Body, place: str, size: float) -> Body:
    """A cavity that leaves a wall of `size` at its thinnest."""
    del place
    reach = np.ptp(body.points, axis=0).min() / 2
    return body.and_(body.flipped().moved(scale=1 - size / reach))


def inside(body: Body, place: str, size: float) -> Body:
    """A ball inside; `size` is a share of what has room there."""
    del place
    return body.and_(ball(16).moved((0, 0, -0.44 + 0.1 * size), 0.1 * size))


def tipped(body: Body, place: str, size: float) -> Body:
    """It stands on an edge."""
    del place
    angle = 0.3 + size
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    return replace(body, points=body.points @ turn.T)


def leaning(body: Body, place: str, size: float) -> Body:
    """It hangs over its base."""
    points = body.points.copy()
    points[:, 0] += (points[:, 2] - points[:, 2].min()) * (1.3 + size) * (1 if PLACES[place][0] > 0 else -1)
    return replace(body, points=points)


def without_uv(body: Body, place: str, size: float) -> Body:
    uv = body.uv.copy()
    uv[near(body, place, size)] = 0.0
    return replace(body, uv=uv)


def shared_uv(body: Body, place: str, size: float) -> Body:
    """A patch takes the place of what is there already in the UV map."""
    uv, which = body.uv.copy(), near(body, place, size)
    uv[which] = 0.3 + (uv[which] - uv[which].min(axis=(0, 1))) * 0.9
    return replace(body, uv=uv)
