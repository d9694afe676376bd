"""Pictures of jobs and of the models that an account has: strangers' files, which Blender itself is never shown.

Each is fetched within limits, where it is not here, and looked at; then a background Blender, which may crash over it,
draws it small. What it has drawn is kept and shown.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ..blenders.job_file import run_in_blender
from ..errors import Neural4DError
from ..files.download import Stopped
from ..services.results import Listed
from ..store.private_files import make_folder
from .context import Context
from .delivery.check_download import check_shown

#: How the address of a picture begins that was in the list itself.
GIVEN = "given:"
#: The most that is fetched of a picture.
_MAX_BYTES = 10 * 1024 * 1024
#: How many are kept, and fetched at a time.
_KEPT, _AT_ONCE = 300, 6
_SECONDS = 60.0


def fetch(context: Context, provider: str, addresses: Mapping[str, str]) -> dict[str, str]:
    """Paths of the pictures by their ids. One that cannot be had is left out: a model without it is still one.

    Args:
        provider: whose they are; empty where all are here. addresses: where they are, by their ids: a model's at the
            service, or one that is another as soon as a job's file is. A file counts where it is a job's.
    """
    folder = _folder(context)
    drawn = {id: folder / f"{_name(provider, id, url)}.png" for id, url in addresses.items()}
    try:
        make_folder(folder)
        wanted = {id: url for id, url in addresses.items() if not drawn[id].is_file()}
        if wanted:
            _keep_few(context, folder)
            _draw(context, _fetched(context, provider, wanted, drawn), folder / f"draw {_name(provider, *wanted)}")
    except (OSError, Neural4DError) as error:
        context.system.log(error)
    return {id: str(path) for id, path in drawn.items() if path.is_file()}


def take_in(context: Context, provider: str, model: Listed) -> Listed:
    """A picture that stands in the list itself becomes a file, and GIVEN its address: it is too long for a pipe."""
    if not model.preview_url.startswith("data:"):
        return model
    folder = _folder(context)
    try:
        content = base64.b64decode(model.preview_url.partition(",")[2])
        if len(content) > _MAX_BYTES:
            raise ValueError("too long")
        address = f"{GIVEN}{hashlib.sha256(content).hexdigest()[:32]}"
        make_folder(folder)
        (folder / f"{_name(provider, model.id, address)}.fetched").write_bytes(content)
    except (OSError, ValueError):
        return replace(model, preview_url="")
    return replace(model, preview_url=address)


def _folder(context: Context) -> Path:
    return context.folder / "images" / "small"


def _file_of_a_job(context: Context, address: str) -> Path | None:
    path = Path(os.path.abspath(address))
    return path if path.is_relative_to(context.folder / "jobs") else None


def _name(*values: str) -> str:
    """Of a file; what follows the path of an address is a signature, which changes."""
    values = tuple(value.partition("?")[0] for value in values)
    return hashlib.sha256(repr(values).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _fetched(
    context: Context, provider: str, wanted: Mapping[str, str], drawn: Mapping[str, Path]
) -> list[tuple[Path, Path]]:
    """Of each that came: the file, and what it is to become."""
    stopped = context.stopping.is_set

    def get(id: str) -> tuple[Path, Path] | None:
        path, here = drawn[id].with_suffix(".fetched"), _file_of_a_job(context, wanted[id])
        with suppress(Neural4DError, Stopped, OSError, ValueError):
            if here:
                shutil.copyfile(here, path)  # of a job's folder the background Blender sees nothing
            if here or wanted[id].startswith(GIVEN):
                check_shown(path)
            else:
                context.fetch_from(provider, wanted[id], path, limit=_MAX_BYTES, check=check_shown, stopped=stopped)
            return path, drawn[id]
        context.system.discard(path)
        return None

    pool = context.system.thread_pool("small pictures", _AT_ONCE)
    try:
        return [pair for pair in [each.result() for each in [pool.submit(get, id) for id in wanted]] if pair]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _draw(context: Context, pairs: list[tuple[Path, Path]], stem: Path) -> None:
    try:
        if pairs:
            told = [[str(source), str(target)] for source, target in pairs]
            run = functools.partial(run_in_blender, context.preparers, {"task": "pictures", "pictures": told}, stem)
            run(limit=_SECONDS, stopped=context.stopping.is_set)
    finally:
        about_it = (Path(f"{stem}{ending}") for ending in (".json", ".facts.json", ".log"))
        for path in (*(source for source, _ in pairs), *about_it):
            context.system.discard(path)


def _keep_few(context: Context, folder: Path) -> None:
    """Of those that were drawn the newest; what else is there an engine that was killed has left."""
    there = sorted(folder.glob("*.png"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in there[_KEPT:]:
        context.system.discard(path)
