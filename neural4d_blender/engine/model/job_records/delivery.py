"""What becomes of a job's models beyond being made. Standard library only; no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..variant import Save


@dataclass
class Delivery:
    """Where a job's models go, and in which formats.

    Args:
        native: the format that the service makes; every other one has to be asked for.
        conversions: by uuid, format and size, "asked" (and so paid for) or "failed".
        converting: by the same, each that went out, or is about to, and was not seen to be taken yet: when it first did
            (``at``, seconds since the epoch) and the balance then (``before``, None where that is not known).
        placed: indices of the variants that stand in a scene.
        saves: files that the user wants to keep, in formats of their own.
    """

    native: str = "GLB"
    conversions: dict[str, str] = field(default_factory=dict)
    converting: dict[str, dict[str, Any]] = field(default_factory=dict)
    placed: list[int] = field(default_factory=list)
    saves: list[Save] = field(default_factory=list)
