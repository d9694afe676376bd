"""A copy of a model, where importers stumble over trifles in it: the file that the user keeps stays as it is.

May import `engine`. What is put right of a GLB: engine/files/gltf/gltf_repair.py, and hidden meshes are left out
(engine/files/gltf/gltf_visibility.py); of a text format: how it is encoded.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...engine.errors import BrokenModel
from ...engine.files.file_type import binary_stl_length, has_capitals, text_encoding
from ...engine.files.gltf.glb_check import write_repaired
from ...engine.files.gltf.gltf_visibility import drop_hidden

_PIECE = 1 << 20


@contextmanager
def readable(source: Path, model_format: str, warnings: list[str], *, animation: bool = False) -> Iterator[Path]:
    """The file itself, or a copy of it that is gone afterwards.

    Args:
        animation: all of it is kept; else of a GLB's animations one is read, in which it stands.

    Raises:
        BrokenModel, UnsafeModel: as check_glb. OSError: the copy cannot be written.
    """
    # Not beside it: where the preparer is confined, what was downloaded can only be read.
    with tempfile.TemporaryDirectory(prefix="neural4d-") as folder:
        copy = Path(folder) / source.name
        yield copy if _copied(source, copy, model_format, warnings, animation) else source


def _copied(source: Path, copy: Path, model_format: str, warnings: list[str], animation: bool) -> bool:
    if model_format == "GLB":

        def change(document: dict[str, Any]) -> bool:
            animations = document.get("animations") or []
            if several := not animation and len(animations) > 1:
                document["animations"] = animations[:1]  # the one that Blender poses the model by
            return drop_hidden(document) or several

        facts = write_repaired(source, copy, change)
        if facts.lost_textures:
            warnings.append(
                f"Textures that are missing or damaged: {facts.lost_textures}. Their materials have a plain colour."
            )
        return facts.repaired
    if model_format == "STL" and (length := binary_stl_length(source)):
        with source.open("rb") as old, copy.open("wb") as new:  # with bytes behind it, it is taken for a text
            new.write(old.read(length))
        return True
    if model_format in ("OBJ", "STL"):
        encoding = text_encoding(source)
        loud = model_format == "STL" and has_capitals(source)
        if encoding or loud:
            _write_text(source, copy, encoding or "utf-8", str.lower if loud else str)
            return True
    return False


def _write_text(source: Path, copy: Path, encoding: str, spelled: Callable[[str], str]) -> None:
    try:
        with source.open(encoding=encoding, newline="") as old, copy.open("w", encoding="utf-8", newline="") as new:
            while text := old.read(_PIECE):
                new.write(spelled(text))
    except UnicodeError as error:
        raise BrokenModel(f"The text of the model is damaged: {error}.") from error
