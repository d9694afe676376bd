"""Stand-ins for the services, on loopback: what the tests and the demo talk to instead of the real thing.

The wheel has this folder as `neural4d_blender.testing`, for others' tests: `Simulator`, and the fixtures for pytest.

Built from the services' documents alone. It may import aiohttp, numpy, Pillow and trimesh (development
dependencies) and never anything of neural4d_blender: a stand-in that shares code with the client would
share its mistakes. `launcher` is the exception that needs none of those libraries, and `fixtures` the one that knows
both sides.
"""

from __future__ import annotations

from typing import Any

__all__ = ["Simulator", "SimulatorError"]


def __getattr__(name: str) -> Any:
    """Without requests the command still has to say what is missing, so nothing is loaded before it is used."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import launcher

    return getattr(launcher, name)
