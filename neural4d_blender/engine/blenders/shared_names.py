"""What the engine, the preparer and the host have to agree on. Standard library only."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from ..file_replacement import is_reserved

#: What the preparer's script says when it runs: a process that ends without it was no Blender, or a broken one.
READY: Final = "neural4d: ready"
#: What it says before it works out what the model makes of itself, and afterwards.
GROWING, GROWN = "neural4d: growing", "neural4d: grown"
#: On an object below the root that is no part of the model, but made of it for a game: what it is, LOD1 or BOX. Where
#: the model has several parts, LOD0 is all of them in one mesh.
GAME: Final = "neural4d_game"
#: The format of a model in several files: what the preparer is given is their list (see kit.py).
KIT: Final = "KIT"
#: Blender 4.2 cuts ID names at 63 bytes of UTF-8; later versions take more, files go both ways.
MAX_NAME_BYTES: Final = 63
#: How a .blend of before 5.0 begins, and how a newer one does, with the version in the last digits.
_HEADER: Final = re.compile(rb"BLENDER(?:[-_][vV](\d{3})|\d\d[-_]\d\d[vV](\d{4}))")


#: Bytes of UTF-8 in a file's name, less what is put behind it: some file systems take no more than 143 in all.
_MAX_FILE_BYTES: Final = 100


def name_of_file(text: str, fallback: str = "model") -> str:
    """Of a text, what every file system takes as a name; `fallback` where nothing is left."""
    kept = re.sub(r"[^\w\-. ]+", "", text)[:60]
    name = kept.encode("utf-8", "ignore")[:_MAX_FILE_BYTES].decode("utf-8", "ignore").strip(" .") or fallback
    return f"_{name}" if is_reserved(name) else name


def datablock_name(text: str, fallback: str = "Model") -> str:
    """One line of at most 63 bytes of UTF-8, cut between characters; `fallback` where nothing is left."""
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    line = " ".join(text.split())
    cut = line.encode("utf-8", "replace")[:MAX_NAME_BYTES].decode("utf-8", "ignore").rstrip()
    return cut or fallback


def blend_version(path: Path) -> tuple[int, int]:
    """The Blender that wrote a .blend which is not compressed, as its header says: (5, 2); zeros where it says nothing.

    An older one may read such a file without a word, and in part only.
    """
    with path.open("rb") as file:
        return version_in(file.read(32))


def version_in(head: bytes) -> tuple[int, int]:
    """The same, of the first 32 bytes of a .blend."""
    found = _HEADER.match(head)
    return divmod(int(found[1] or found[2]) if found else 0, 100)
