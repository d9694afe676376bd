"""Sound files: what Blender's own import makes of them, what the preparer makes of them, and which is right."""

from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

from .preparing import prepare
from .views import View, Viewer, differences

#: Endings of model files, and the format that each is ordered in.
FORMATS = {
    ".glb": "GLB", ".blend": "BLEND", ".fbx": "FBX", ".obj": "OBJ", ".stl": "STL", ".usdz": "USDZ", ".ply": "PLY",
}  # fmt: skip


@dataclass(frozen=True)
class Tried:
    """What came of one file: ``outcome`` is one of ``same``, ``better``, ``refused rightly`` and ``wrong``.

    ``processor`` in seconds and ``memory`` in bytes of the checks and the preparer; ``reached``: what a hostile file
    opened outside its folder.
    """

    name: str
    outcome: str
    why: str = ""
    processor: float = 0.0
    memory: int = 0
    reached: int = 0
    hostile: bool = False


def format_of(path: Path) -> str:
    """The format that a file is ordered in; of an archive, what its name says before ``.zip`` or what it holds."""
    if path.suffix != ".zip":
        return FORMATS.get(path.suffix.lower(), "GLB")
    if (named := Path(path.stem).suffix) in FORMATS:
        return FORMATS[named]
    try:
        with zipfile.ZipFile(path) as archive:
            endings = {Path(name).suffix.lower() for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile, ValueError):
        endings = set()
    return next((model_format for ending, model_format in FORMATS.items() if ending in endings), "OBJ")


def try_one(path: Path, folder: Path, viewer: Viewer) -> Tried:
    """Both ways, in an empty folder."""
    model_format = format_of(path)
    ours = prepare(path, model_format, folder / "prepared")
    plain = viewer.view(_unpacked(path, folder / "plain"), model_format, folder / "plain.npy")
    figures = (ours.processor, ours.memory)
    if not ours.ok:
        right = (plain.error or not plain.faces or not max(plain.size)) and ours.code not in (
            "internal error",
            "no answer",
            "no end",
        )
        why = f"{ours.code}: {ours.what}"
        return Tried(path.name, "refused rightly" if right else "wrong", why, *figures)
    seen = viewer.view(Path(ours.blend), "PREPARED", folder / "prepared.npy")
    if seen.error:
        return Tried(path.name, "wrong", f"what was prepared cannot be placed: {seen.error}", *figures)
    if plain.error or not plain.faces or not max(plain.size):
        return Tried(path.name, "better", "Blender's own import gives nothing", *figures)
    found = differences(plain, seen)
    # A texture that is found, or replaced by the material's own colour: not magenta; or data apart from colours.
    better = plain.missing > seen.missing or len(seen.images) > len(plain.images)
    coloured = (
        not plain.materials and bool(plain.colours) and seen.materials == 1
    )  # Blender shows them in materials only
    if better or coloured:
        kinds = ("images", "looks", "materials") if coloured else ("images", "looks")
        found = [one for one in found if not one.startswith(kinds)]
    outcome = "better" if better or coloured else "same"
    (folder / "views.json").write_text(json.dumps([_shown(plain), _shown(seen)], indent=1), encoding="utf-8")
    return Tried(path.name, "wrong" if found else outcome, "; ".join(found), *figures)


def _shown(view: View) -> dict[str, object]:
    return {key: value for key, value in vars(view).items() if key != "picture"}


def _unpacked(path: Path, folder: Path) -> Path:
    """The model itself, alone in a folder: as a user would unpack an archive."""
    if path.suffix != ".zip":
        folder.mkdir()
        return Path(shutil.copy(path, folder))
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)  # a sound one, or of a folder that the user named
    models = [file for file in folder.rglob("*") if file.suffix.lower() in FORMATS]
    return max(models, key=lambda file: file.stat().st_size)
