"""Makes models away from the event loop, and remembers them.

May import what `models` may. One at a time: numpy is quick, and the machine has other things to do.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from ..models.catalogue import Model, build
from ..models.fitting import resize, set_pivot
from ..models.glbfile import write_glb
from ..models.kit import part_names, take_part
from ..models.meshfile import write_mesh
from ..models.objfile import write_obj
from ..models.preview import draw, framed
from .uploaded_images import cut_out

Result = TypeVar("Result")

#: Bytes of finished models that are kept at the most (the newest stays whatever its size).
LARGEST_STORE = 400_000_000


@dataclass(frozen=True)
class ModelSpec:
    """All that decides what a model looks like; equal ones give equal bytes.

    image: the uploaded image it is made of (in place of the prompt), cut: which of its cut-outs.
    face_limit: the most triangles (a shape has its own least number, which it never goes below).
    box: (width, height, depth) along glTF's axes, stretched to or fitted into; pivot: the place in the
    bounding box, -0.5 to 0.5 along the same axes, that becomes the origin; part: one part of it alone, where
    it stands in the whole.
    """

    variant: int
    pbr: bool
    prompt: str = ""
    image: bytes | None = None
    cut: int = 0
    shape: str | None = None
    triangles: int | None = None
    texture_size: int = 1024
    textured: bool = True
    face_limit: int | None = None
    box: tuple[float, float, float] | None = None
    keep_proportions: bool = False
    pivot: tuple[float, float, float] | None = None
    part: str | None = None


@dataclass
class Made:
    """A finished file; `longest` is the model's longest side in its own units (0 for a picture)."""

    data: bytes
    longest: float


class ModelMaker:
    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="models")
        self._made: OrderedDict[tuple[ModelSpec, str], asyncio.Future[Made]] = OrderedDict()

    async def run(self, work: Callable[[], Result]) -> Result:
        """Do some work in the maker's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def glb(self, spec: ModelSpec) -> bytes:
        """The model as a GLB file."""
        return (await self._get(spec, "glb")).data

    async def obj(self, spec: ModelSpec) -> bytes:
        """The model as an OBJ file with colours at its vertices."""
        return (await self._get(spec, "obj")).data

    async def mesh(self, spec: ModelSpec, kind: str) -> bytes:
        """The model as a file without materials. `kind`: stl or ply."""
        return (await self._get(spec, kind)).data

    async def parts(self, spec: ModelSpec) -> list[str]:
        """The names that `part` can have for this model, the lowest part first."""
        return await self.run(lambda: part_names(_fitted(spec)))

    async def preview(self, spec: ModelSpec) -> bytes:
        """The model as a JPEG picture; a heavy model is drawn from its light twin."""
        return (await self._get(replace(spec, triangles=None, texture_size=1024), "jpg")).data

    async def picture(self, spec: ModelSpec, size: tuple[int, int]) -> bytes:
        """The model as a PNG picture of a size (width, height)."""
        return await self.run(partial(framed, await self.preview(spec), size))

    async def longest_side(self, spec: ModelSpec) -> float:
        return (await self._get(spec, "glb")).longest

    def make_ahead(self, spec: ModelSpec) -> None:
        """Begin now what will be asked for later (a heavy model takes seconds)."""
        self._begin(spec, "glb")

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _get(self, spec: ModelSpec, kind: str) -> Made:
        # Shielded: one client that gives up must not take the model away from the next.
        return await asyncio.shield(self._begin(spec, kind))

    def _begin(self, spec: ModelSpec, kind: str) -> asyncio.Future[Made]:
        key = (spec, kind)
        if key not in self._made:
            self._drop_oldest()
            self._made[key] = asyncio.get_running_loop().run_in_executor(self._pool, partial(_make, spec, kind))
        self._made.move_to_end(key)
        return self._made[key]

    def _drop_oldest(self) -> None:
        kept = 0
        for key, future in list(reversed(self._made.items())):
            if future.done():
                kept += len(future.result().data) if not future.cancelled() and future.exception() is None else 0
                if kept > LARGEST_STORE:
                    del self._made[key]


def _fitted(spec: ModelSpec) -> Model:
    """The whole model, with its size and origin."""
    model = _built(spec, spec.triangles)
    if spec.face_limit is not None and len(model.faces) > spec.face_limit:
        model = _built(spec, spec.face_limit)
    if spec.box is not None:
        resize(model, spec.box, spec.keep_proportions)
    if spec.pivot is not None:
        set_pivot(model, spec.pivot)
    return model


def _make(spec: ModelSpec, kind: str) -> Made:
    model = _fitted(spec)
    if spec.part is not None:
        model = take_part(model, spec.part)
    if kind == "jpg":
        return Made(draw(model), 0.0)
    if kind == "obj":
        return Made(write_obj(model), model.longest)
    if kind in ("stl", "ply"):
        return Made(write_mesh(model, kind), model.longest)
    return Made(write_glb(model, pbr=spec.pbr, textured=spec.textured), model.longest)


def _built(spec: ModelSpec, triangles: int | None) -> Model:
    return build(
        spec.prompt,
        spec.variant,
        cut_out=None if spec.image is None else cut_out(spec.image, spec.cut),
        shape=spec.shape,
        triangles=triangles,
        texture_size=spec.texture_size,
    )
