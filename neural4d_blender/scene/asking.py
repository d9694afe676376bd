"""Asks Blender's one engine something and waits for the answer; see ``client/asking.py``."""

from __future__ import annotations

from functools import partial

from ..client import asking
from ..client.asking import LOOK
from .bridge import bridge

__all__ = ["LOOK", "ask"]

ask = partial(asking.ask, bridge)
