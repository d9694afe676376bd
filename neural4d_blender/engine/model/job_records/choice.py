"""The pictures that the user chooses one of before a model is made. Standard library only; no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Choice:
    """Pictures to choose from: cut-outs of an image, pictures made of the prompt, or views of the model to be.

    Args:
        matting: the service's id of the cut-out request.
        picture_ids: its ids of the pictures that are made of the prompt first.
        cutouts: key, url and path (of the picture) of each one there is.
        cutout: index of the one that was chosen.
    """

    matting: str = ""
    picture_ids: list[str] = field(default_factory=list)
    cutouts: list[dict[str, str]] = field(default_factory=list)
    cutout: int | None = None

    @property
    def chosen(self) -> dict[str, str]:
        """The one that was chosen; its key and path are empty before that."""
        return {"key": "", "path": ""} if self.cutout is None else self.cutouts[self.cutout]
