"""Runs the example of a publish hook (docs/examples/publish.py), twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TABLE = "prompt,name,key\na small bird,Bird,bird\na chair,Chair,chair\n"


def read(folder: Path) -> dict[str, Any]:
    """The manifest that it wrote."""
    manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text("utf-8"))
    return manifest


def check(first: dict[str, Any], again: dict[str, Any], *, fit: bool | None, spent: int) -> None:
    """The manifests of both runs say the same: all is there, at the price that was paid."""
    assert first == again
    assert [(item["name"], item["state"], item["fit"]) for item in first["items"]] == [
        ("Bird", "ready", fit),
        ("Chair", "ready", fit),
    ]
    assert first["points"] == sum(item["points"] for item in first["items"]) == spent > 0
    assert all(len(item["files"]) == 1 and item["files"][0]["bytes"] for item in first["items"])
