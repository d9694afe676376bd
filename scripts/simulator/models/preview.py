"""Draws a model: the JPEG that a service shows beside it.

May import numpy and Pillow. A z-buffer in numpy, over the bounding boxes of many triangles at once.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from .catalogue import Model
from .surfaces import Floats, turn_matrix

SIZE = 512
#: Drawn larger and scaled down, for smooth edges.
OVERSAMPLING = 2
#: Seen from the front left, a little from above.
_VIEW = turn_matrix((22, 0, 0)) @ turn_matrix((0, 0, 32))
#: Direction to the light, colour; in view space (x right, y away, z up).
_LIGHTS = (
    (np.array([-0.45, -0.65, 0.75]), np.array([1.05, 1.0, 0.93])),
    (np.array([0.8, -0.4, 0.25]), np.array([0.26, 0.29, 0.34])),
    (np.array([0.2, 0.9, 0.6]), np.array([0.30, 0.30, 0.34])),
)
_SKY, _GROUND = np.array([0.34, 0.36, 0.40]), np.array([0.20, 0.18, 0.16])
_SAMPLES_AT_ONCE = 1_500_000


def draw(model: Model) -> bytes:
    """The picture as JPEG, SIZE x SIZE pixels."""
    size = SIZE * OVERSAMPLING
    turned = model.vertices @ _VIEW.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    scale = 0.78 * size / max(high[0] - low[0], high[2] - low[2])
    middle = (low + high) / 2
    screen = np.stack([(turned[:, 0] - middle[0]) * scale + size / 2, size / 2 - (turned[:, 2] - middle[2]) * scale], 1)
    pixels, faces, weights = _rasterise(screen, turned[:, 1], model.faces, size)
    canvas = _backdrop(model, size, scale, middle)
    canvas.reshape(-1, 3)[pixels] = _shaded(model, faces, weights)
    image = Image.fromarray(np.clip(canvas * 255, 0, 255).astype(np.uint8)).resize(
        (SIZE, SIZE), Image.Resampling.LANCZOS
    )
    packed = io.BytesIO()
    image.save(packed, "JPEG", quality=90)
    return packed.getvalue()


def framed(picture: bytes, size: tuple[int, int]) -> bytes:
    """A square picture as PNG of another size (width, height): whole, with its edges drawn out to fill the rest."""
    width, height = size
    side = min(size)
    with Image.open(io.BytesIO(picture)) as opened:
        square = np.asarray(opened.convert("RGB").resize((side, side), Image.Resampling.LANCZOS))
    left, top = (width - side) // 2, (height - side) // 2
    padding = ((top, height - side - top), (left, width - side - left), (0, 0))
    packed = io.BytesIO()
    Image.fromarray(np.pad(square, padding, mode="edge")).save(packed, "PNG", compress_level=4)
    return packed.getvalue()


def _rasterise(
    screen: Floats, depth: Floats, faces: NDArray[np.int64], size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """For each covered pixel: its index, the nearest face, and the weights (n, 3) of the face's corners."""
    corners = screen[faces]
    planes = _planes(corners)
    low = np.clip(np.floor(corners.min(axis=1)).astype(np.int64), 0, size - 1)
    wide, high = (np.clip(np.ceil(corners.max(axis=1)).astype(np.int64), 0, size) - low).T
    seen = np.flatnonzero(np.isfinite(planes).all(axis=(1, 2)) & (wide > 0) & (high > 0))
    samples = np.cumsum(wide[seen] * high[seen])
    buffer = np.full(size * size, np.inf)
    owner = np.full(size * size, -1, np.int64)
    pieces = 1 + int(samples[-1]) // _SAMPLES_AT_ONCE if len(samples) else 0
    for piece in np.array_split(seen, pieces) if pieces else ():
        _draw_faces(piece, low, wide, wide * high, planes, depth[faces], buffer, owner, size)
    pixels = np.flatnonzero(owner >= 0)
    hit = owner[pixels]
    return pixels, hit, np.stack(_weights(planes[hit], pixels % size, pixels // size), 1)


def _planes(corners: Floats) -> Floats:
    """For each face three planes (across, down, at 0): the weight of each corner at a place of the screen.

    Not a number for faces that look away or are seen from the edge.
    """
    first, second, third = corners[:, 0], corners[:, 1], corners[:, 2]
    one, two = second - first, third - first
    doubled = one[:, 0] * two[:, 1] - two[:, 0] * one[:, 1]
    # The screen's y runs down, so what faces the viewer turns the other way round.
    doubled = np.where(doubled < -1e-9, doubled, np.nan)[:, None]
    planes = []
    for a, b in ((second, third), (third, first), (first, second)):
        constant = a[:, 0] * b[:, 1] - b[:, 0] * a[:, 1]
        planes.append(np.stack([a[:, 1] - b[:, 1], b[:, 0] - a[:, 0], constant], 1) / doubled)
    return np.stack(planes, 1)


def _weights(planes: Floats, across: NDArray[np.int64], down: NDArray[np.int64]) -> tuple[Floats, ...]:
    x, y = across + 0.5, down + 0.5
    return tuple(planes[:, side, 0] * x + planes[:, side, 1] * y + planes[:, side, 2] for side in range(3))


def _draw_faces(
    chosen: NDArray[np.int64],
    low: NDArray[np.int64],
    wide: NDArray[np.int64],
    area: NDArray[np.int64],
    planes: Floats,
    depths: Floats,
    buffer: Floats,
    owner: NDArray[np.int64],
    size: int,
) -> None:
    """Draw faces by trying every pixel of their bounding boxes."""
    counts = area[chosen]
    face = np.repeat(chosen, counts)
    within = np.arange(len(face)) - np.repeat(np.cumsum(counts) - counts, counts)
    across, down = low[face, 0] + within % wide[face], low[face, 1] + within // wide[face]
    first, second, third = _weights(planes[face], across, down)
    inside = (first >= -1e-9) & (second >= -1e-9) & (third >= -1e-9)
    face, pixel = face[inside], down[inside] * size + across[inside]
    corner = depths[face]
    far = first[inside] * corner[:, 0] + second[inside] * corner[:, 1] + third[inside] * corner[:, 2]
    np.minimum.at(buffer, pixel, far)
    nearest = buffer[pixel] == far
    owner[pixel[nearest]] = face[nearest]


def _shaded(model: Model, faces: NDArray[np.int64], weights: Floats) -> Floats:
    corners = model.faces[faces]
    normals = np.einsum("ij,ijk->ik", weights, model.normals[corners]) @ _VIEW.T
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    uv = np.einsum("ij,ijk->ik", weights, model.uv[corners])
    size = model.textures.base.shape[0]
    column = np.clip((uv[:, 0] * size).astype(int), 0, size - 1)
    row = np.clip(((1 - uv[:, 1]) * size).astype(int), 0, size - 1)
    colour = (model.textures.base[row, column] / 255.0) ** 2.2
    rough, metal = np.moveaxis(model.textures.metallic_roughness[row, column, 1:] / 255.0, 1, 0)
    upward = normals[:, 2:] * 0.5 + 0.5
    light = _GROUND * (1 - upward) + _SKY * upward
    shine = np.zeros_like(colour)
    for direction, strength in _LIGHTS:
        to_light = direction / np.linalg.norm(direction)
        light = light + np.clip(normals @ to_light, 0, None)[:, None] * strength
        halfway = to_light - np.array([0.0, 1.0, 0.0])
        halfway /= np.linalg.norm(halfway)
        sharp = 2 + 90 * (1 - rough) ** 3
        glint = np.clip(normals @ halfway, 0, None) ** sharp * (0.04 + 0.9 * (1 - rough) ** 2)
        tinted = colour * metal[:, None] + (1 - metal[:, None])
        shine = shine + glint[:, None] * strength * tinted
    return np.asarray(np.clip(colour * light + 0.6 * shine, 0, 1) ** (1 / 2.2))


def _backdrop(model: Model, size: int, scale: float, middle: Floats) -> Floats:
    """A soft grey gradient with a blurred shadow where the model stands."""
    down = np.linspace(0, 1, size)[:, None, None]
    canvas = (np.array([0.93, 0.94, 0.95]) * (1 - down) + np.array([0.80, 0.81, 0.83]) * down) * np.ones((1, size, 1))
    floor = model.vertices.copy()
    floor[:, 2] = floor[:, 2].min()
    flat = floor @ _VIEW.T
    small = size // 8
    spots = np.zeros((small, small), np.float32)
    x = np.clip(((flat[:, 0] - middle[0]) * scale + size / 2) / 8, 0, small - 1).astype(int)
    y = np.clip((size / 2 - (flat[:, 2] - middle[2]) * scale) / 8, 0, small - 1).astype(int)
    spots[y, x] = 255
    shadow = (
        Image.fromarray(spots.astype(np.uint8)).filter(ImageFilter.MaxFilter(5)).filter(ImageFilter.GaussianBlur(5))
    )
    dark = np.asarray(shadow.resize((size, size), Image.Resampling.BICUBIC), dtype=np.float64)[..., None] / 255
    return np.asarray(canvas * (1 - 0.38 * np.clip(dark, 0, 1)))
