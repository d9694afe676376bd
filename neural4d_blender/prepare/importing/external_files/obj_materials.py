"""What an OBJ names as its materials: found in the download, and no name in them leads out.

Standard library and `engine` only.

Names may be written on another system, and Blender reads the .mtl of the OBJ's own name too, whatever the OBJ names:
so where anything has to be put right, all materials are put into that one, beside a copy of the OBJ.
"""

from __future__ import annotations

import codecs
import contextlib
import mmap
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ....engine.errors import UnsafeModel
from ....engine.files.gltf.gltf_check import MAX_MATERIALS
from .inside_name import inside, leads_out
from .named_files import NamedFiles

_MOST_BYTES = 1 << 26  # of one file of materials; a text of more is none
_CONTINUED = re.compile(rb"\\[ \t]*\r?\n")
_USED = re.compile(rb"\nusemtl[ \t]+([^\r\n]*)")
_MAP = re.compile(rb"(?im)^([ \t]*(?:map_\S+|bump|disp|decal|refl|norm)[ \t]+)([^\r\n]*)")
#: Where a path begins among the options before it: the first word that has a part of one.
_PATH = re.compile(rb"(?:^|(?<=\s))[^\s\\/:]*[\\/:].*|(?:^|(?<=\s))\.\.\S*.*", re.S)


@contextlib.contextmanager
def found(source: Path, files: NamedFiles) -> Iterator[Path]:
    """The OBJ to import: itself, or a copy with its materials beside it, in both of which no name leads out.

    Raises:
        UnsafeModel: it has absurdly many materials.
    """
    _check_count(source)
    libraries = list(_libraries(source))
    names = (name.strip(b'"') for _, name in libraries)
    named = [source.parent / os.fsdecode(name) for name in names if name and b"\0" not in name]
    beside = source.with_suffix(".mtl")
    there = [path if files.holds(path) else files.find(str(path)) for path in named]
    there += [beside] if files.holds(beside) else []
    texts = {path: _text(path, source.parent) for path in there if path and path.stat().st_size < _MOST_BYTES}
    outside = [(at, name) for at, name in libraries if leads_out(name)]
    if not outside and all(path in (*named, beside) and not changed for path, (_, changed) in texts.items()):
        yield source
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, source.name)
        with contextlib.suppress(OSError):  # another disk, or one that knows no links
            if not outside:
                os.link(source, copy)
        if not copy.exists():
            shutil.copyfile(source, copy)
            with copy.open("r+b") as file:
                for at, name in outside:
                    file.seek(at)
                    file.write(inside(name))
        copy.with_suffix(".mtl").write_bytes(b"\n".join(text for text, _ in texts.values()))
        yield copy


def _check_count(source: Path) -> None:
    with source.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        count = len({found[1] for found in _USED.finditer(content)})
    if count > MAX_MATERIALS:
        raise UnsafeModel(f"The model has {count:,} materials; {MAX_MATERIALS:,} are accepted.")


def _libraries(source: Path) -> Iterator[tuple[int, bytes]]:
    """Where the names after `mtllib` stand, and what they are."""
    with source.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        at = content.find(b"mtllib")
        while at >= 0:
            start = end = at + len(b"mtllib")
            line = _CONTINUED.sub(lambda found: b" " * len(found[0]), content[start : start + 8192]).split(b"\n", 1)[0]
            name = line.strip()
            if name and (at == 0 or content[at - 1 : at] in b"\r\n \t\xbf"):
                yield start + line.index(name), name
            at = content.find(b"mtllib", max(end, at + 1))


def _text(path: Path, folder: Path) -> tuple[bytes, bool]:
    """Of a .mtl, in UTF-8 without a mark, whose names do not lead out and are whole; and whether that changes it."""
    try:
        content = path.read_bytes()
    except OSError:
        return b"", False
    text = content.removeprefix(codecs.BOM_UTF8)  # which Blender takes for a part of the first word
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = content.decode("utf-16", "replace").encode()
    changed = text != content

    def line(found: re.Match[bytes]) -> bytes:
        nonlocal changed
        if (path_there := _PATH.search(found[2])) and leads_out(named := path_there[0].strip(b'" \t')):
            changed = True
            return found[1] + found[2][: path_there.start()] + inside(b"  " + named).lstrip(b"./")
        for beside in (path.parent, folder):
            with contextlib.suppress(OSError, ValueError):
                whole = beside / os.fsdecode(found[2].strip(b'" \t'))
                if found[2].strip() and whole.is_file():
                    return found[1] + os.fsencode(whole.resolve())
        return found[0]

    return _MAP.sub(line, _CONTINUED.sub(b" ", text)), changed
