"""Writes bodies as 3MF or STL, in millimetres, and reads those back. May import numpy.

3MF as its core specification has it (1.3: https://github.com/3MFConsortium/spec_core), colours by the materials
extension (https://github.com/3MFConsortium/spec_materials). An STL has no unit and no colours: programs for
printers take it for millimetres.
"""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
from numpy.typing import NDArray

from ...engine.protocol import InvalidInput
from .body import Body, joined

ENDINGS = (".3mf", ".stl")
_CORE = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"
_MATERIALS = "http://schemas.microsoft.com/3dmanufacturing/material/2015/02"
_PART = "3D/3dmodel.model"
_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/></Types>'
)
_RELATIONS = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Target="/{_PART}" Id="rel0" Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/>'
    "</Relationships>"
)
#: Bits of each colour channel that are kept: programs for printers read some thousands of colours, not a million.
_BITS = 5
#: Bytes of an STL before its triangles, and of each of those.
_HEAD, _TRIANGLE = 84, 50
#: Larger files are no plates.
_MOST = 1 << 30


def content(bodies: Sequence[Body], ending: str) -> bytes:
    """The file, in millimetres; raises InvalidInput for another ending than those in ENDINGS."""
    if ending.lower() == ".3mf":
        return _threemf(bodies)
    if ending.lower() == ".stl":
        return _stl(bodies)
    raise InvalidInput(f"A file for a printer ends in {' or '.join(ENDINGS)}, not in {ending or 'nothing'}.")


def _stl(bodies: Sequence[Body]) -> bytes:
    corners = np.concatenate([body.points[body.triangles] for body in bodies]).astype("<f4")
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    normals = np.cross(b - a, c - a)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
    kind = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("unused", "<u2")])
    records = np.zeros(len(corners), dtype=kind)
    records["normal"], records["corners"] = normals, corners
    head = b"Binary STL in millimetres".ljust(80, b" ")
    return head + np.array(len(corners), dtype="<u4").tobytes() + records.tobytes()


def _threemf(bodies: Sequence[Body]) -> bytes:
    resources, items = [], []
    for number, body in enumerate(bodies):
        group, own = 2 * number + 1, 2 * number + 2
        palette, shades = _palette(body)
        resources += _colour_group(group, palette)
        attributes = f' pid="{group}" pindex="0"' if len(palette) else ""
        resources.append(f'<object id="{own}" type="model" name={quoteattr(body.name)}{attributes}><mesh>')
        resources.append(_vertices(body.points))
        resources.append(_triangles(body.triangles, group, shades))
        resources.append("</mesh></object>")
        items.append(f'<item objectid="{own}"/>')
    model = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<model unit="millimeter" xml:lang="en-US" xmlns="{_CORE}" xmlns:m="{_MATERIALS}">\n'
        f"<resources>{''.join(resources)}</resources>\n<build>{''.join(items)}</build>\n</model>\n"
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", _TYPES)
        package.writestr("_rels/.rels", _RELATIONS)
        package.writestr(_PART, model)
    return file.getvalue()


def _palette(body: Body) -> tuple[NDArray[np.uint8], Any]:
    """Colours, each once, and of each point the number of its own; none and None where the body has none."""
    if body.colours is None:
        return np.zeros((0, 3), dtype=np.uint8), None
    drop = 8 - _BITS
    coarse = (body.colours >> drop).astype(np.int64)
    keys = (coarse[:, 0] << 2 * _BITS) | (coarse[:, 1] << _BITS) | coarse[:, 2]
    found, shades = np.unique(keys, return_inverse=True)
    mask = (1 << _BITS) - 1
    parts = np.stack([found >> 2 * _BITS, (found >> _BITS) & mask, found & mask], axis=1)
    return np.asarray((parts * 255 / mask).round(), dtype=np.uint8), shades.ravel()


def _colour_group(number: int, palette: NDArray[np.uint8]) -> list[str]:
    if not len(palette):
        return []
    colours = "".join(f'<m:color color="#{r:02X}{g:02X}{b:02X}"/>' for r, g, b in palette.tolist())
    return [f'<m:colorgroup id="{number}">{colours}</m:colorgroup>']


def _vertices(points: NDArray[np.float64]) -> str:
    lines = "".join(['<vertex x="%.6g" y="%.6g" z="%.6g"/>' % tuple(point) for point in points.tolist()])  # noqa: UP031
    return f"<vertices>{lines}</vertices>"


def _triangles(triangles: Any, group: int, shades: Any) -> str:
    if shades is None:
        lines = ['<triangle v1="%d" v2="%d" v3="%d"/>' % tuple(t) for t in triangles.tolist()]  # noqa: UP031
    else:
        whole = np.concatenate([triangles, shades[triangles]], axis=1).tolist()
        form = f'<triangle v1="%d" v2="%d" v3="%d" pid="{group}" p1="%d" p2="%d" p3="%d"/>'
        lines = [form % tuple(one) for one in whole]
    return f"<triangles>{''.join(lines)}</triangles>"


def read(path: Path) -> list[Body]:
    """The bodies in a 3MF that was written here, or in any binary STL, which is one body.

    Raises:
        InvalidInput: it is none, or another kind of it.
    """
    if path.suffix.lower() not in ENDINGS:
        raise InvalidInput(f"{path.name} is no .3mf and no .stl.")
    try:
        if path.stat().st_size > _MOST:
            raise InvalidInput(f"{path.name} is larger than {_MOST >> 30} GB.")
        return _read_stl(path) if path.suffix.lower() == ".stl" else _read_threemf(path)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, ET.ParseError) as error:
        raise InvalidInput(f"{path.name} cannot be read: {error}.", "Write it anew with --for print.") from error


def _read_stl(path: Path) -> list[Body]:
    whole = path.read_bytes()
    count = int.from_bytes(whole[80:_HEAD], "little")
    if len(whole) != _HEAD + count * _TRIANGLE or not count:
        raise ValueError("it is no binary STL")
    kind = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("unused", "<u2")])
    corners = np.frombuffer(whole, kind, offset=_HEAD)["corners"].reshape(-1, 3).astype(np.float64)
    if not np.isfinite(corners).all():
        raise ValueError("it has corners that are not numbers")
    return [joined(path.stem, [Body(path.stem, corners, np.arange(len(corners)).reshape(-1, 3))])]


def _read_threemf(path: Path) -> list[Body]:
    with zipfile.ZipFile(path) as package:
        if package.getinfo(_PART).file_size > _MOST:
            raise ValueError("it unpacks to more than is read")
        text = package.read(_PART)
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:  # an entity may multiply, and 3MF has none
        raise ValueError("it has a document type")
    model = ET.fromstring(text)  # noqa: S314 (nothing in it can name another file, nor an entity)
    if model.get("unit", "millimeter") != "millimeter" or model.find(f".//{{{_CORE}}}component") is not None:
        raise ValueError("it was not written here")
    bodies = []
    for item in model.iterfind(f"{{{_CORE}}}build/{{{_CORE}}}item"):
        if item.get("transform"):
            raise ValueError("it was not written here")
        thing = model.find(f"{{{_CORE}}}resources/{{{_CORE}}}object[@id='{item.get('objectid')}']")
        if thing is None:
            raise ValueError("an object is missing")
        bodies.append(_body(thing, model))
    return bodies


def _body(thing: ET.Element, model: ET.Element) -> Body:
    vertices = thing.iterfind(f"{{{_CORE}}}mesh/{{{_CORE}}}vertices/{{{_CORE}}}vertex")
    points = np.array([[float(one.get(axis, "")) for axis in "xyz"] for one in vertices])
    faces = list(thing.iterfind(f"{{{_CORE}}}mesh/{{{_CORE}}}triangles/{{{_CORE}}}triangle"))
    triangles = np.array([[int(one.get(f"v{corner}", "")) for corner in (1, 2, 3)] for one in faces])
    if not len(triangles) or triangles.min() < 0 or triangles.max() >= len(points) or not np.isfinite(points).all():
        raise ValueError("its triangles make no sense")
    group = model.find(f"{{{_CORE}}}resources/{{{_MATERIALS}}}colorgroup[@id='{thing.get('pid')}']")
    colours = None
    if group is not None and all(one.get("p3") for one in faces):
        palette = [list(bytes.fromhex(one.get("color", "")[1:7])) for one in group]
        colours = np.full((len(points), 3), 204, dtype=np.uint8)
        shades = np.array([[int(one.get(f"p{corner}", "")) for corner in (1, 2, 3)] for one in faces])
        colours[triangles.ravel()] = np.array(palette, dtype=np.uint8)[shades.ravel()]
    return Body(thing.get("name", ""), points, triangles, colours)
