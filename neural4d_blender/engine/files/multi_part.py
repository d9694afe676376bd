"""A model that comes in several files: each is fetched and checked by itself, and all of them are kept as one archive.

Standard library only. Beside the archive is a folder with the files and their list, which is what the preparer reads.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from ..errors import DownloadFailed, UnsafeModel
from ..file_replacement import reason
from ..system import System
from .gltf.glb_check import check_glb

#: In the folder: a list of objects with name and file.
LIST: Final = "parts.json"
MAX_PARTS: Final = 1000


def fetch(
    parts: Sequence[Sequence[str]],
    archive: Path,
    download: Callable[..., object],
    system: System,
    *,
    stopped: Callable[[], bool],
    progress: Callable[[float], None],
) -> Path:
    """Download the parts; returns their list.

    Args:
        parts: name and address of each. archive: the .zip to make of them, whatever its name ends with.
        download: fetches each, see download.py.

    Raises:
        DownloadFailed, LinkExpired, BrokenModel, UnsafeModel, Stopped: as download() of any one of them.
    """
    if len(parts) > MAX_PARTS:
        raise UnsafeModel(f"The model comes in {len(parts):,} parts; {MAX_PARTS:,} are the most.")
    folder = archive.with_suffix(".parts")
    found = []
    try:
        system.discard(folder)
        folder.mkdir(parents=True)
        for number, (name, url) in enumerate(parts):

            def of_all(fraction: float, before: int = number) -> None:
                progress((before + fraction) / len(parts))

            file = f"{number + 1:02d} {_tidy(name)}.glb"
            download(url, folder / file, stopped=stopped, progress=of_all, check=check_glb)
            found.append({"name": name, "file": file})
        unfinished = archive.with_name(f"{archive.name}.part")
        with zipfile.ZipFile(unfinished, "w") as packed:
            for part in found:
                packed.write(folder / part["file"], part["file"])
        system.replace(unfinished, archive)
        there = folder / LIST
        there.write_text(json.dumps(found), encoding="utf-8")
    except OSError as error:
        raise DownloadFailed(f"The parts of the model cannot be written to {folder}: {reason(error)}.") from error
    return there


def _tidy(name: str) -> str:
    """Of a part's name, what every file system takes."""
    return re.sub(r"[^\w\- ]+", "", name)[:40].strip() or "part"
