"""The extension's version, which stands in its manifest. Standard library only."""

from __future__ import annotations

import functools
import tomllib
from contextlib import suppress
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


@functools.cache
def version() -> str:
    """The version, as in "0.1.0"; empty where there is no manifest."""
    for folder in (_PACKAGE, _PACKAGE.parent):  # as an extension or a package, and in a checkout
        with suppress(OSError, ValueError):
            return str(tomllib.loads((folder / "blender_manifest.toml").read_text(encoding="utf-8"))["version"])
    return ""
