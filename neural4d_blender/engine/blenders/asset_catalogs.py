"""The catalogs of an asset library: the file beside its .blend files that the Asset Browser reads.

Standard library only.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Final

from ..system import SYSTEM, System

FILE: Final = "blender_assets.cats.txt"
#: A catalog of the same path has the same id in every library of ours, whichever was made first.
_NAMESPACE: Final = uuid.UUID("6f2a7a3e-6f0b-5b52-9d6c-3f4a35a4b8de")
_HEAD: Final = """\
# This is an Asset Catalog Definition file for Blender.
#
# Empty lines and lines starting with `#` will be ignored.
# The first non-ignored line should be the version indicator.
# Other lines are of the format "UUID:catalog/path/for/assets:simple catalog name"

VERSION 1

"""


def catalog_id(folder: Path, path: str, system: System = SYSTEM) -> str:
    """The id of a catalog, which is added to the folder's file with those above it; empty for an empty path.

    Whatever else stands in the file stays. It is written whole or not at all.

    Args:
        path: "Props/Birds".

    Raises:
        OSError: the file cannot be read or written.
    """
    path = clean_path(path)
    if not path:
        return ""
    file = folder / FILE
    text = file.read_text(encoding="utf-8", errors="surrogateescape") if file.exists() else _HEAD
    known = _read(text)
    parts = path.split("/")
    missing = [above for count in range(len(parts)) if (above := "/".join(parts[: count + 1])) not in known]
    if missing:
        made = {above: str(uuid.uuid5(_NAMESPACE, above)) for above in missing}
        text += "" if text.endswith("\n") else "\n"
        text += "".join(f"{id}:{above}:{above.replace('/', '-')}\n" for above, id in made.items())
        known |= made
        unfinished = file.with_name(f"{file.name}.{system.new_id()}.part")
        unfinished.write_text(text, encoding="utf-8", errors="surrogateescape")
        system.replace(unfinished, file)
    return known[path]


def _read(text: str) -> dict[str, str]:
    """Ids by path; of several catalogs of one path, the first."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        id, _, rest = line.partition(":")
        if _is_id(id):
            found.setdefault(rest.partition(":")[0], id)
    return found


def clean_path(path: str) -> str:
    """A catalog's path as Blender takes it: no colons, no empty parts, one line."""
    parts = (" ".join(part.replace(":", "-").split()) for part in path.replace("\\", "/").split("/"))
    return "/".join(part for part in parts if part)


def _is_id(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
