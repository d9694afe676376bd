"""The shape that an image becomes: its cut-out, puffed up to a cushion with the picture on it.

May import numpy and Pillow.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .finishes import Finish
from .sculptor import Part, Sculptor

PHOTO = Finish((1.0, 1.0, 1.0), (1.0, 1.0, 1.0), "photo", 0.0, 0.7)
USUAL_CELLS = 64
RIM = 0.012


def relief(make: Sculptor, cut_out: bytes, rng: np.random.Generator) -> Image.Image:
    """Add the part to the sculptor.

    Args:
        cut_out: RGBA PNG; what is opaque becomes the body.

    Returns:
        the picture for the texture, without transparency.
    """
    with Image.open(io.BytesIO(cut_out)) as opened:
        picture = opened.convert("RGBA")
    longest = max(picture.size)
    cells = make.steps(USUAL_CELLS, 8)
    wide, high = (max(2, round(cells * side / longest)) for side in picture.size)
    solid = _without_corners(np.asarray(picture.getchannel("A").resize((wide, high), Image.Resampling.BOX)) > 127)
    if not solid.any():
        solid[:] = True
    thick = _thickness(solid, 0.5 + 0.4 * float(rng.random()))
    make.parts.append(_cushion(solid, thick, 1 / max(wide, high)))
    body = Image.new("RGBA", picture.size, (*_mean_colour(picture), 255))
    body.alpha_composite(picture)
    return body.convert("RGB")


def _without_corners(solid: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Fill where two cells touch at a corner only: there the surface would pinch to a point."""
    solid = solid.copy()
    while True:
        a, b, c, d = solid[:-1, :-1], solid[:-1, 1:], solid[1:, :-1], solid[1:, 1:]
        pinched = (a & d & ~b & ~c) | (b & c & ~a & ~d)
        if not pinched.any():
            return solid
        for part in (a, b, c, d):
            part |= pinched


def _thickness(solid: NDArray[np.bool_], roundness: float) -> NDArray[np.float64]:
    """Half the thickness at the grid's corners, as a share of the longest side: 0 at the rim, then a round arch."""
    inside = np.pad(solid, 1)
    corners = inside[:-1, :-1] & inside[:-1, 1:] & inside[1:, :-1] & inside[1:, 1:]
    depth = np.zeros(corners.shape)
    left = corners
    while left.any():
        depth += left
        wider = np.pad(left, 1)
        left = left & wider[:-2, 1:-1] & wider[2:, 1:-1] & wider[1:-1, :-2] & wider[1:-1, 2:]
    share = depth / max(1.0, depth.max())
    # Steps of whole cells would show as grooves: small and back to size again makes them soft.
    small = Image.fromarray(share.astype(np.float32)).resize([max(2, side // 4) for side in share.shape[::-1]])
    soft = np.clip(np.asarray(small.resize(share.shape[::-1], Image.Resampling.BICUBIC)), 0, 1)
    arch = np.sqrt(np.clip(1 - (1 - soft) ** 2, 0, 1))
    return np.asarray(0.3 * roundness * min(1.0, 4 * depth.max() / max(solid.shape)) * arch, float)


def _cushion(solid: NDArray[np.bool_], thick: NDArray[np.float64], cell: float) -> Part:
    """Front and back from the solid cells, walls along their rim; Z up, front to -Y."""
    rows, columns = solid.shape
    row, column = np.mgrid[0 : rows + 1, 0 : columns + 1]
    count = (rows + 1) * (columns + 1)
    uv = np.stack([column / columns, 1 - row / rows], 2).reshape(-1, 2)
    x = (column.reshape(-1) - columns / 2) * cell
    z = (rows - row.reshape(-1)) * cell
    half = thick.reshape(-1) + RIM
    vertices = np.concatenate([np.stack([x, -half, z], 1), np.stack([x, half, z], 1)])
    index = np.arange(count).reshape(rows + 1, columns + 1)
    a, b, c, d = (part[solid] for part in (index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]))
    front = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)])
    framed = np.pad(solid, 1)
    walls = []
    for first, second, neighbour in (
        (a, b, framed[1:-1, :-2]),
        (b, c, framed[2:, 1:-1]),
        (c, d, framed[1:-1, 2:]),
        (d, a, framed[:-2, 1:-1]),
    ):
        rim = ~neighbour[solid]
        s, t = first[rim], second[rim]
        walls += [np.stack([t, s, s + count], 1), np.stack([t, s + count, t + count], 1)]
    faces = np.concatenate([front, front[:, ::-1] + count, *walls])
    used, faces = np.unique(faces, return_inverse=True)
    vertices, uv, faces = vertices[used], np.tile(uv, (2, 1))[used], faces.reshape(-1, 3)
    normals = np.zeros_like(vertices)
    area = np.cross(vertices[faces[:, 1]] - vertices[faces[:, 0]], vertices[faces[:, 2]] - vertices[faces[:, 0]])
    for side in range(3):
        np.add.at(normals, faces[:, side], area)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return Part(vertices, normals, uv, faces, PHOTO)


def _mean_colour(picture: Image.Image) -> tuple[int, int, int]:
    pixels = np.asarray(picture).reshape(-1, 4).astype(float)
    weight = pixels[:, 3:] + 1e-6
    red, green, blue = (pixels[:, :3] * weight).sum(axis=0) / weight.sum()
    return int(red), int(green), int(blue)
