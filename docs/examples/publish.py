"""A publish hook: makes the models of a table, checks them, and writes down what became of each, as a JSON.

    python3 publish.py props.csv published --use game
    python3 publish.py props.csv published --provider sample    # the built-in models, for nothing

It runs in Blender's Python and in one of its own (`pip install neural4d-blender`); there nothing looks into a model,
so that `fit` stays null. Started once more, after whatever ended it, it goes on and pays nothing twice: the table's
name is the batch's key. The exit code is 0 where each model is there and fit.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

import neural4d_blender as neural4d


class File(TypedDict):
    """A file that was published; the path is relative to the manifest."""

    path: str
    sha256: str
    bytes: int


class Published(TypedDict):
    """What became of a line of the table."""

    item: int
    name: str
    state: str
    points: int | None
    files: list[File]
    fit: bool | None
    why: str


class Manifest(TypedDict):
    """What is written."""

    version: str
    table: str
    batch: str
    points: int
    items: list[Published]


def publish(table: Path, folder: Path, *, provider: str = "neural4d", use: str = "game") -> Manifest:
    """Make all models of the table, or go on with that; returns what is written to ``manifest.json`` in the folder.

    Raises:
        neural4d_blender.Neural4DError: nothing was sent, and why.
    """
    batch = neural4d.batch(table, provider=provider, layout="files", output=folder, key=f"publish {table.stem}")
    batch.wait()
    items: list[Published] = []
    for line in batch.lines():
        files = [_file(Path(path), folder) for path in line.files]
        fit, why = _looked_at(Path(line.files[0]), use) if line.files else (None, line.error)
        items.append(
            {
                "item": line.item,
                "name": line.name,
                "state": line.state,
                "points": line.points,
                "files": files,
                "fit": fit,
                "why": why,
            }
        )
    manifest: Manifest = {
        "version": neural4d.__version__,
        "table": table.name,
        "batch": batch.id,
        "points": batch.cost,
        "items": items,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2), encoding="utf-8")
    return manifest


def _file(path: Path, folder: Path) -> File:
    content = path.read_bytes()
    return {
        "path": path.relative_to(folder.resolve()).as_posix(),
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
    }


def _looked_at(model: Path, use: str) -> tuple[bool | None, str]:
    """Whether a model is fit for a use, and why not: only Blender can tell, and looking costs nothing."""
    if importlib.util.find_spec("bpy") is None:
        return None, ""
    brought = neural4d.bring_in([model], require=use)
    lacks = [job.wait().shortfall for job in (brought if isinstance(brought, list) else [brought])]
    return not any(lacks), " ".join(one.what for one in lacks if one)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(description="Make, check and publish the models of a table.")
    parser.add_argument("table", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--provider", default="neural4d")
    parser.add_argument("--use", default="game", choices=("render", "game", "print"))
    asked = parser.parse_args(arguments)
    try:
        manifest = publish(asked.table, asked.folder, provider=asked.provider, use=asked.use)
    except neural4d.Neural4DError as error:
        print(f"{error} {error.remedy}", file=sys.stderr)
        return 2
    for item in manifest["items"]:
        print(item["item"], item["name"], item["state"], item["why"])
    return 0 if all(item["files"] and item["fit"] is not False for item in manifest["items"]) else 1


if __name__ == "__main__":
    sys.exit(main())
