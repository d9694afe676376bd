"""The one engine of this Blender."""

from __future__ import annotations

import atexit

from ..client.bridge import Bridge
from . import settings

bridge = Bridge(settings)
atexit.register(bridge.stop, patience=0.0)
