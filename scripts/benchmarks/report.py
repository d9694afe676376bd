"""What the checks of the preparer take: seconds a million faces, beside preparing the same model without them."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

from scripts.benchmarks._preparing import model, prepare

EXPLAINED = {
    "per_million_s": "seconds of all checks for a million faces, for the largest of these models",
    "over_preparing": "all checks over reading, preparing and writing, in the same run, for that model",
    "over_preparing_median": "the same for a median model (20,000 triangles, textures of 1024 pixels)",
    "over_preparing_instances": "the same for 2,000 instances of one mesh",
    "prepare_mb": "the most memory that the background Blender took, for the largest",
    "bpy": "version of the module",
}
_MEDIAN, _INSTANCES = (20_000, 1024, 1), (200, 64, 2000)


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--triangles", type=int, nargs="+", default=[200_000, 1_000_000], help="of the models")
    parser.add_argument("--rounds", type=int, default=3, help="of each measurement (default 3)")
    parser.add_argument("--bpy", default=None, help="version of the module (default: the newest)")


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Seconds by model, in ``report``; beside that those of the largest one."""
    from scripts.toolbox import environments

    version = options.bpy or list(environments.BPY)[-1]
    python = environments.ensure(f"scene({version})")
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="neural4d-report-") as folder:
        wanted = [(triangles, 2048, 1) for triangles in sorted(options.triangles)]
        for triangles, pixels, instances in [*wanted, _MEDIAN, _INSTANCES]:
            glb = model(triangles, pixels, instances)
            row = prepare(python, glb, Path(folder) / f"{glb.stem}.blend", options.rounds)
            row["per_million_s"] = round(row["checks_s"] / (triangles * instances) * 1e6, 3)
            row["over_preparing"] = round(row["checks_s"] / row["work_s"], 2)
            rows.append({"triangles": triangles, "instances": instances, **row})
    *_, largest, median, instances_ = rows
    others = {"median": median, "instances": instances_}
    told = {f"over_preparing_{name}": row["over_preparing"] for name, row in others.items()}
    return {"report": rows, **largest, **told, "bpy": version}
