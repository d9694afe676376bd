"""Runs the preparer: a background Blender that turns a download into one clean .blend.

Standard library only. The preparer gets no secrets, no network, a time limit, and is ended with the
engine; two run at most at once, since each one is a whole Blender.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .download import Stopped
from .errors import BrokenModel, InvalidInput, Neural4DError, PreparerFailed, UnsafeModel, UnsupportedFeature
from .jobs import Variant
from .request import Request

_at_once = threading.BoundedSemaphore(2)
#: What the preparer may know of the environment: enough to start a program, nothing that is a secret.
_SECRET_MARKS = ("KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL")
_ERRORS: dict[str, type[Neural4DError]] = {
    kind.__name__: kind for kind in (BrokenModel, InvalidInput, UnsafeModel, UnsupportedFeature, PreparerFailed)
}


def clean_environment() -> dict[str, str]:
    """The environment less everything that is named like a secret."""
    return {key: value for key, value in os.environ.items() if not any(mark in key.upper() for mark in _SECRET_MARKS)}


def prepare(
    argv: Sequence[str],
    request: Request,
    variant: Variant,
    folder: Path,
    *,
    limit: float = 600.0,
    stopped: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """Prepare ``variant.model`` and return the facts that were measured; the .blend is at ``facts["output"]``.

    Args:
        argv: how to start the preparer; the path of the job file is added.
        folder: the job's folder.
        limit: seconds after which it is ended.

    Raises:
        BrokenModel, UnsafeModel, UnsupportedFeature: the file is at fault.
        PreparerFailed: the background Blender is.
        Stopped: ``stopped`` said so.
    """
    output = folder / f"v{variant.index}.blend"
    values = {
        "source": variant.model,
        "format": variant.format or request.format,
        "output": str(output),
        "name": request.title,
        "size_mm": request.size_mm,
        "axis": request.axis,
        "origin": request.origin,
        "joined": request.joined,
        "max_faces": request.max_faces,
        "recalculate_normals": request.recalculate_normals,
        "quads": request.quads,
        "texture_folder": request.texture_folder,
    }
    facts = run_in_blender(argv, values, folder / f"v{variant.index}.prepare", limit=limit, stopped=stopped)
    return {**facts, "output": str(output)}


def run_in_blender(
    argv: Sequence[str],
    values: dict[str, Any],
    stem: Path,
    *,
    limit: float = 600.0,
    stopped: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """Have a background Blender do a job, and return the facts that it told; raises what :func:`prepare` does.

    Args:
        values: the job. stem: path of the job file, the facts and the log, less their endings.
    """
    job_file, facts_file, log_file = (Path(f"{stem}{ending}") for ending in (".json", ".facts.json", ".log"))
    facts_file.unlink(missing_ok=True)
    job_file.write_text(json.dumps({**values, "facts": str(facts_file)}), encoding="utf-8")
    with _at_once:
        code = _run([*argv, str(job_file)], log_file, limit, stopped)
    try:
        facts: dict[str, Any] = json.loads(facts_file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise PreparerFailed(
            f"The background Blender ended with code {code} and no result; its log is {log_file}."
        ) from None
    if not facts.get("ok"):
        kind = _ERRORS.get(facts.get("code", ""), PreparerFailed)
        raise kind(facts.get("what") or "The model could not be prepared.", facts.get("remedy", ""))
    return facts


def _run(argv: list[str], log_file: Path, limit: float, stopped: Callable[[], bool]) -> int:
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    with log_file.open("wb") as log:
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=clean_environment(),
                creationflags=flags,
            )
        except OSError as error:
            raise PreparerFailed(f"The background Blender could not be started: {error}.") from error
        ends = time.monotonic() + limit
        try:
            while True:
                try:
                    return process.wait(timeout=0.1)
                except subprocess.TimeoutExpired:
                    if stopped():
                        raise Stopped from None
                    if time.monotonic() > ends:
                        raise PreparerFailed(
                            f"The background Blender did not finish within {limit:g} s and was ended.",
                        ) from None
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
