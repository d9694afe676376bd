"""One model file through the engine's checks and a background Blender: python -m ..._prepare_one FILE FORMAT FOLDER

Prints one JSON object: ``ok``, ``code`` and ``what`` of a refusal, ``blend``, ``facts``, and what the processes took:
``processor`` (seconds), ``memory`` (bytes of the largest), ``seconds``. A process of its own, because only then
does the system count what its children took.
"""

from __future__ import annotations

import json
import resource
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from neural4d_blender.engine.blenders.blender_pool import Preparers
from neural4d_blender.engine.blenders.job_file import run_in_blender
from neural4d_blender.engine.errors import Neural4DError
from neural4d_blender.engine.files.archive import is_archive, unpack
from neural4d_blender.engine.files.file_type import file_type
from neural4d_blender.engine.files.gltf.gltf_images import check_folder
from neural4d_blender.engine.steps.delivery.check_download import checking
from scripts.toolbox.console import ROOT

_SIZE_MM = 120.0
_LIMIT = 180.0


def prepare(source: Path, wanted: str, folder: Path) -> dict[str, Any]:
    """As the engine does with a download that was ordered in the format ``wanted``."""
    download = folder / f"v0.{wanted.lower()}"
    shutil.copyfile(source, download)
    try:
        checking(wanted)(download)
        kind = file_type(download) or wanted
        named = download.rename(folder / f"v0.{kind.lower()}")
        model = named
        if kind != "USDZ" and is_archive(named):
            model = unpack(named, folder / "v0", f".{kind.lower()}")
            check_folder(folder / "v0")
        preparers = Preparers(folder=folder / "preparing")
        preparers.argv = [sys.executable, "-I", str(ROOT / "neural4d_blender" / "prepare" / "__main__.py")]
        output = folder / "v0.blend.out" / "v0.blend"
        output.parent.mkdir()
        whole = model if model == named else folder / "v0"
        values: Any = {
            "source": str(model),
            "download": str(whole),
            "format": kind,
            "output": str(output),
            "name": "model",
        }
        values |= {"size_mm": _SIZE_MM, "axis": "LONGEST", "origin": "BOTTOM"}
        facts = run_in_blender(preparers, values, folder / "v0.prepare", limit=_LIMIT)
        return {"ok": True, "blend": str(output), "facts": facts}
    except Neural4DError as error:
        return {"ok": False, "code": error.code, "what": error.what}
    except Exception as error:  # what the user would be told is an internal error
        return {"ok": False, "code": "internal error", "what": f"{type(error).__name__}: {error}"[:500]}


def main(source: str, wanted: str, folder: str) -> None:
    """Print what came of it."""
    begun = time.monotonic()
    found = prepare(Path(source), wanted, Path(folder))
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    found["processor"] = sum(one.ru_utime + one.ru_stime for one in used)
    found["memory"] = max(one.ru_maxrss for one in used) * 1024
    found["seconds"] = time.monotonic() - begun
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
