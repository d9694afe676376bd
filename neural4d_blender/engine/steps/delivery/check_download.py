"""What looks at a file that was fetched before it counts as a model."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

from ...errors import BrokenModel, InvalidInput
from ...files.archive import is_archive
from ...files.file_type import file_type
from ...files.gltf.glb_check import check_glb
from ...model.inputs.image_header import read_image_facts, size_in
from ...model.inputs.picture_end import check_whole
from ...system import System

#: Four bytes each are 200 MB. Bytes of a file in which its size stands.
_MAX_PIXELS, _HEAD = 50_000_000, 1 << 20


def checking(wanted: str, others: Collection[str] = ()) -> Callable[[Path], None]:
    """What looks at a download before it counts as a model; by what the file is, whatever it is called.

    It raises BrokenModel or UnsafeModel for one that is damaged, hostile, or of another format than was asked for.

    Args:
        others: formats that will do as well.
    """

    def check(path: Path) -> None:
        kind = file_type(path, wanted) or wanted
        if kind != wanted and kind not in others:
            raise BrokenModel(
                f"The service sent a file of the format {kind} where {wanted} was asked for.",
                "Keep the file and import it yourself, or generate again.",
            )
        if kind == "GLB" and not is_archive(path):
            check_glb(path)
        else:
            check_something(path)

    return check


def kept_if_refused(system: System, check: Callable[[Path], None], path: Path, part: Path) -> None:
    """What is refused stays where the model would be, for who wants to keep it."""
    try:
        check(part)
    except BrokenModel:
        with suppress(BrokenModel):  # of a web page nobody wants a copy
            check_something(part)
            system.replace(part, path)
        raise


def check_something(path: Path) -> None:
    """The least that a file has to be; what it really is, the preparer finds out."""
    with path.open("rb") as file:
        head = file.read(256).lstrip().lower()
    if not head or head.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise BrokenModel("The service sent a web page or nothing at all instead of a model.")


def check_shown(path: Path) -> None:
    """Look at a picture that Blender is to show: its kind, whether all of it is there, and what it would take.

    Raises:
        InvalidInput: it is no whole PNG, JPEG or WebP, or it claims more pixels than anybody looks at.
    """
    facts = read_image_facts(path)
    _check_pixels(facts.width, facts.height)
    check_whole(path)


def check_pixels(path: Path) -> None:
    """InvalidInput where a picture claims more pixels than anybody looks at; one of an unknown kind claims none."""
    with path.open("rb") as file:
        found = size_in(file.read(_HEAD))
    if found:
        _check_pixels(*found[1:])


def _check_pixels(width: int, height: int) -> None:
    if width * height > _MAX_PIXELS:
        raise InvalidInput(f"The picture claims {width} x {height} pixels; {_MAX_PIXELS:,} in all are accepted.")
