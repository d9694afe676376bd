"""What the studio's policy says, where the panel has to say it: its text, and why something is greyed out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ...client.policy_in_force import policy_of
from ...engine.protocol import Neural4DError, name_of
from ...scene.shared_engine import bridge
from . import labels
from .languages import sentence, tr

if TYPE_CHECKING:
    from ...engine.protocol import Policy


def draw(layout: bpy.types.UILayout, provider: str) -> None:
    """The studio's text; that the service is not allowed, or that the policy cannot be read."""
    try:
        policy = policy_of(bridge.settings)
    except Neural4DError as error:
        labels.draw(layout.box(), sentence(f"{error.what} {error.remedy}"), "ERROR")
        return
    if policy.panel:
        labels.draw(layout, policy.panel, "INFO", inset=3)
    if policy.services is not None and provider not in policy.services:
        labels.draw(layout, _said(policy, name_of(provider)), "ERROR", inset=3)


def why(name: str) -> str:
    """Why the option of that name cannot be changed, in a sentence; empty where it can."""
    try:
        policy = policy_of(bridge.settings)
    except Neural4DError:
        return ""
    return _said(policy, name) if policy.is_forbidden(name) else ""


def _said(policy: Policy, name: str) -> str:
    """The studio's sentence, else ours."""
    return policy.sentence or tr("The policy does not allow this: {name}.").format(name=name)
