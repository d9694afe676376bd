"""Whether the checks call watertight what trimesh calls so. Needs bpy and trimesh."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .cases import Case


def compared(cases: Iterable[Case], shared: Path, folder: Path) -> dict[str, Any]:
    return {}
