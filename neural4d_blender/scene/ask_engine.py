"""Asks Blender's one engine something and waits for the answer; see ``client/request_reply.py``."""

from __future__ import annotations

from functools import partial

from ..client import request_reply
from ..client.request_reply import LOOK
from .shared_engine import bridge

__all__ = ["LOOK", "ask"]

ask = partial(request_reply.ask, bridge)
