"""The Python API for 3D printers: what is to be said of a model before it is printed, and files in millimetres.

The same in a window, with ``blender --background`` and on bpy as a module.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy

from ..batching.table.argument_types import checked
from ..client.paths import check_writable
from ..engine.file_replacement import reason
from ..engine.protocol import InvalidInput, Neural4DError
from ..engine.system import SYSTEM
from ..scene import user_settings
from ..scene.printing import hollow, plates, print_verdict, stl_and_3mf
from ..scene.printing.body import Body
from ..scene.printing.print_verdict import PrintCheck
from .jobs.job import Job

What = bpy.types.Object | Job


@dataclass(frozen=True)
class Printed:
    """What was written.

    Attributes:
        files: one, or one a plate. checks: of each figure what was to be said of it, and what it takes of material.
    """

    files: tuple[Path, ...]
    checks: tuple[PrintCheck, ...]


@checked
def print_check(
    what: What | Sequence[What],
    *,
    density: float = print_verdict.DENSITY,
    filament_mm: float = print_verdict.FILAMENT,
) -> list[PrintCheck]:
    """Look at models as a printer's program would, and write nothing; of each whether it can be printed, and why not.

    Args:
        what: a model's root, or any object; a job, whose models in the open file are meant; or several of them.
        density: of the material, in g/cm³. filament_mm: its diameter.

    Raises:
        InvalidInput: there is nothing to print.
    """
    return [print_verdict.judge(body, (), density, filament_mm) for body in _bodies(what)]


@checked
def save_print(
    what: What | Sequence[What],
    path: str | os.PathLike[str],
    *,
    layout: str = "",
    plate_mm: tuple[float, float] = plates.PLATE,
    gap_mm: float = plates.GAP,
    wall_mm: float | None = None,
    drains: int = 0,
    drain_mm: float = 3.0,
    density: float = print_verdict.DENSITY,
    filament_mm: float = print_verdict.FILAMENT,
    anyway: bool = False,
) -> Printed:
    """Write models for a printer, in millimetres, as .3mf (with the colours at their vertices) or .stl.

    Args:
        what: as in :func:`print_check`. path: the file, which is replaced where it is there.
        layout: "" keeps them as they stand to each other; "plate" lays them out on plates of ``plate_mm`` (width and
            depth), ``gap_mm`` apart. What one plate does not hold goes on further ones: NAME-2.3mf, ...
        wall_mm: hollow them, with walls as thick as this. drains: holes in the bottom of each, ``drain_mm`` wide,
            through which resin or powder comes out.
        density: of the material, in g/cm³. filament_mm: its diameter.
        anyway: write what a printer's program may refuse, too.

    Raises:
        InvalidInput: one of them cannot be printed as it is, and why; or does not fit on a plate. Nothing was written.
        Neural4DError: the file could not be written.
    """
    target = Path(user_settings.located(path)).resolve()
    if target.suffix.lower() not in stl_and_3mf.ENDINGS or layout not in ("", "plate"):
        raise InvalidInput('A file for a printer ends in .3mf or .stl, and layout is "" or "plate".')
    check_writable(target)
    bodies, told = _bodies(what), {}
    if not anyway and (bad := [str(check) for check in map(print_verdict.judge, bodies) if not check.ok]):
        raise InvalidInput("\n".join(bad), 'Import it with repair=["printable"], or write it anyway=True.')
    if wall_mm is not None:
        for number, body in enumerate(bodies):
            bodies[number], told[number] = hollow.hollow(body, wall_mm, drains, drain_mm)
    checks = [print_verdict.judge(body, told.get(n, ()), density, filament_mm) for n, body in enumerate(bodies)]
    laid = plates.lay_out(bodies, plate_mm, gap_mm) if layout else [plates.on_the_ground(bodies)]
    return Printed(_written(target, laid), tuple(checks))


def plate(
    files: Sequence[Path],
    output: Path,
    *,
    plate_mm: tuple[float, float] = plates.PLATE,
    gap_mm: float = plates.GAP,
) -> Printed:
    """Lay out what stands in files, as :func:`save_print` does with models of the scene; ready to print or not.

    Args:
        files: .3mf that were written here, binary .stl. output: .3mf or .stl.

    Raises:
        InvalidInput: one cannot be read, or does not fit. Neural4DError: the file could not be written.
    """
    bodies = [body for file in files for body in stl_and_3mf.read(file)]
    laid = plates.lay_out(bodies, plate_mm, gap_mm)
    return Printed(_written(output, laid), tuple(print_verdict.judge(body) for body in bodies))


def _written(target: Path, laid: Sequence[Sequence[Body]]) -> tuple[Path, ...]:
    """A file for each plate."""
    files = [target if not number else target.with_stem(f"{target.stem}-{number + 1}") for number in range(len(laid))]
    for file, own in zip(files, laid, strict=True):
        _write(file, stl_and_3mf.content(own, file.suffix))
    return tuple(files)


def _bodies(what: What | Sequence[What]) -> list[Body]:
    given = [what] if isinstance(what, bpy.types.Object | Job) else list(what)
    roots = [root for one in given for root in (one.objects if isinstance(one, Job) else [one])]
    if not roots:
        raise InvalidInput("There is nothing to print.", "Give a model that stands in the open file.")
    return [Body.of(root) for root in dict.fromkeys(roots)]


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_bytes(content)
        SYSTEM.replace(part, path)
    except OSError as error:
        SYSTEM.discard(part)
        raise Neural4DError(f"{path} could not be written: {reason(error)}.", "Choose another folder.") from error
