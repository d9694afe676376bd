"""The studio's policy as the host keeps to it: the engine does the same, later. Standard library and ``protocol``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..engine import protocol

if TYPE_CHECKING:
    from ..engine.protocol import Policy
    from .environment_variables import Settings


def policy_of(settings: Settings) -> Policy:
    """The policy that holds now; PolicyUnusable where there is one that cannot be kept to."""
    return protocol.Policy.at(settings.data_dir())  # loaded late: Blender's start does without
