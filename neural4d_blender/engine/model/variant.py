"""The models that a job asked for, and the files of them that are to be kept. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from ..errors import ErrorTexts
from .quality.facts import Facts
from .states import VariantState


@dataclass
class Variant:
    """One of the models that a job asked for.

    ``mirrors`` are other addresses of the same file. ``parts`` are the name and address of each part of a model that
    comes in several files, and ``before`` is the uuid of the model that this one was made of at the service.
    ``format`` is what the file turned out to be. ``progress`` is 0..1. ``preview``, ``model`` and ``blend`` are
    absolute paths, empty until the file is there whole. ``facts`` is what the preparer measured (see prepare/).
    ``scale`` is the service's own word on how it scaled a conversion. ``details`` is what else the service says of
    the model, by its own names. ``here``: no background Blender can be started, so the host was asked to prepare it.
    """

    index: int
    uuid: str
    state: VariantState = VariantState.GENERATING
    progress: float = 0.0
    model_url: str = ""
    mirrors: list[str] = field(default_factory=list)
    parts: list[list[str]] = field(default_factory=list)
    before: str = ""
    format: str = ""
    preview_url: str = ""
    preview: str = ""
    model: str = ""
    blend: str = ""
    facts: Facts = field(default_factory=Facts)
    error: ErrorTexts | None = None
    scale: float | None = None
    details: dict[str, str] = field(default_factory=dict)
    here: bool = False

    @property
    def lacks_preview(self) -> bool:
        """There is a picture at the service that has not been fetched; the model itself goes first."""
        done = self.state not in (VariantState.GENERATING, VariantState.FAILED)
        return done and bool(self.preview_url) and not self.preview

    @property
    def revivable(self) -> bool:
        """It failed, though the service has made it, or may have: trying again costs nothing."""
        failed = self.state is VariantState.FAILED
        return failed and (not self.error or self.error["code"] not in ("GenerationFailed", "RequestRefused"))

    @property
    def can_be_kept(self) -> bool:
        """There is a file of it, though it may be one that is refused as a model."""
        return self.state not in (VariantState.GENERATING, VariantState.FAILED) or self.revivable


def are_facts(value: object) -> bool:
    """Whether it is what was measured of a model, as far as it is read."""
    if not isinstance(value, dict) or not all(_is_list(value.get(n, []), str) for n in ("warnings", "repairs")):
        return False
    sides = value.get("dimensions_mm", [0.0] * 3)
    counts = [value.get(name, 0) for name in ("triangles", "faces")]
    return _is_list(sides, float, int) and len(sides) == 3 and _is_list(counts, int)


def _is_list(value: object, *kinds: type) -> bool:
    return isinstance(value, list) and all(type(one) in kinds and one == one for one in value)


class SaveState(StrEnum):
    """How far a file is that the user wants to keep."""

    ASKED = "asked"
    CONVERTING = "converting"
    SAVED = "saved"
    FAILED = "failed"


@dataclass
class Save:
    """A file to keep: a variant in a format, as an exact copy of what the service made.

    Args:
        folder: where to. size_mm: what the service is told as the size; None where it does not matter.
        url: where it is ready.
        path: the file, when it is there; for formats that come as several files, their folder.
    """

    id: str
    variant: int
    format: str
    folder: str
    size_mm: float | None = None
    state: SaveState = SaveState.ASKED
    url: str = ""
    path: str = ""
    error: ErrorTexts | None = None
