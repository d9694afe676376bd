"""What is seen of a model, by Blender's own import or of what the preparer made of it, and what differs."""

from __future__ import annotations

import json
import select
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from scripts.toolbox.console import ROOT

#: Of colours between 0 and 1: more than the noise of two renders of the same.
MOST_DIFFERENCE = 0.025
_SIZE = 1e-3


@dataclass
class View:
    """What one look at a model found.

    Attributes:
        faces, materials, uv_sets, colours: how many are seen (UV maps of the mesh with most; meshes with colours).
        size: of the box around all faces, in the file's units. images: sizes in pixels of those that are used.
        missing: images that are used and not there. picture: (64, 64, 4) numbers, None where nothing is seen.
        error: why there is none of it. seconds: what it took.
    """

    faces: int = 0
    size: list[float] = field(default_factory=list)
    materials: int = 0
    images: list[list[int]] = field(default_factory=list)
    missing: int = 0
    uv_sets: int = 0
    colours: int = 0
    mended: bool = False
    light: float = 0.0
    picture: np.ndarray | None = None
    error: str = ""
    seconds: float = 0.0


class Viewer:
    """A process with bpy that looks at one file after another; another takes the place of one that crashed or hung."""

    def __init__(self, log: Path) -> None:
        self._log = log.open("ab")
        self._process: subprocess.Popen[str] | None = None

    def close(self) -> None:
        """End it."""
        self._end()
        self._log.close()

    def view(self, path: Path, model_format: str, picture: Path, limit: float = 120.0) -> View:
        """Look at a file; ``limit`` in seconds."""
        process = self._process or self._start()
        questions, answers = process.stdin, process.stdout
        if questions is None or answers is None:
            raise RuntimeError("the process was started without pipes")
        begun = time.monotonic()
        picture.unlink(missing_ok=True)
        task = {"path": str(path), "format": model_format, "picture": str(picture)}
        try:
            questions.write(json.dumps(task) + "\n")
            questions.flush()
            if not select.select([answers], [], [], limit)[0]:
                raise TimeoutError
            facts: dict[str, Any] = json.loads(answers.readline())
        except (OSError, ValueError) as error:
            self._end()
            return View(error="took too long" if isinstance(error, TimeoutError) else "crashed")
        found = View(**facts, seconds=time.monotonic() - begun)
        if picture.exists():
            found.picture = np.load(picture)
        return found

    def _start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "scripts.import_comparison._view_in_bpy"]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=self._log, text=True)
        return self._process

    def _end(self) -> None:
        if self._process:
            self._process.kill()
            self._process.communicate()
            self._process = None


def differences(plain: View, ours: View) -> list[str]:
    """What of Blender's own import is otherwise in the prepared model, in words."""
    found = [
        f"{name} {there} instead of {here}"
        for name in ("faces", "materials", "images", "uv_sets", "colours")
        if (here := getattr(plain, name)) != (there := getattr(ours, name))
    ]
    longest, scaled = max(plain.size), max(ours.size)
    if longest and scaled:
        off = max(abs(a / longest - b / scaled) for a, b in zip(plain.size, ours.size, strict=True))
        if off > _SIZE:
            found.append(f"proportions off by {off:.2g}")
    if (off := picture_difference(plain, ours)) > MOST_DIFFERENCE:
        found.append(f"looks different by {off:.3f}")
    return found


def picture_difference(one: View, other: View) -> float:
    """Mean difference of two pictures (0 to 1), of what is opaque in either; blurred by a pixel against noise."""
    if one.picture is None or other.picture is None:
        return 1.0 if (one.picture is None) != (other.picture is None) else 0.0
    first, second = (_blurred(picture) for picture in (one.picture, other.picture))
    seen = (first[:, :, 3] > 0.01) | (second[:, :, 3] > 0.01)
    return float(np.abs(first - second)[seen].mean()) if seen.any() else 0.0


def _blurred(picture: np.ndarray) -> np.ndarray:
    """Colours times opacity, each the mean of two by two."""
    flat = np.clip(np.nan_to_num(picture), 0, 1)
    flat[:, :, :3] *= flat[:, :, 3:]
    side = flat.shape[0] // 2
    result: np.ndarray = flat.reshape(side, 2, side, 2, 4).mean(axis=(1, 3))
    return result
