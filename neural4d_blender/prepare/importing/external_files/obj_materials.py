"""Has Blender find the materials of an OBJ whose .mtl files it would not: their names are written on another system.

Standard library only. Blender reads the .mtl of the OBJ's own name too, whatever the OBJ names: so they are put beside
a copy of it.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .named_files import NamedFiles
from .outside_names import material_libraries

_MOST_BYTES = 1 << 26  # of all materials together


@contextlib.contextmanager
def found(source: Path, files: NamedFiles) -> Iterator[Path]:
    """The OBJ to import: itself, or one of the same bytes with its materials beside it."""
    names = (name.strip(b'"') for _, name in material_libraries(source))
    named = [source.parent / os.fsdecode(name) for name in names if name and b"\0" not in name]
    libraries = {path: path if files.holds(path) else files.find(str(path)) for path in named}
    there = [path for path in libraries.values() if path is not None and path.stat().st_size < _MOST_BYTES]
    if all(path in named and not _has_mark(path) for path in there):
        yield source
        return
    beside = source.with_suffix(".mtl")
    if files.holds(beside) and beside not in there:
        there.append(beside)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, source.name)
        try:
            os.link(source, copy)
        except OSError:  # another disk, or one that knows no links
            shutil.copyfile(source, copy)
        copy.with_suffix(".mtl").write_bytes(b"\n".join(_text(path) for path in there))
        yield copy


def _has_mark(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(3).startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


def _text(path: Path) -> bytes:
    """Without the mark of its encoding, which Blender takes for a part of the first word; UTF-16 as UTF-8."""
    content = path.read_bytes()
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace").encode()
    return content.removeprefix(codecs.BOM_UTF8)
