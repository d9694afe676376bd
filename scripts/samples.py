"""Makes the built-in samples anew: `python3 scripts/samples.py` writes neural4d_blender/engine/services/sample/files.

A model and a picture of each variant, by the shapes of the simulator; the same on every run.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from neural4d_blender.engine.services.sample.options_and_limits import DECLARATION, SAMPLES
from neural4d_blender.engine.services.sample.provider import FILES
from scripts.toolbox import environments
from scripts.toolbox.console import say

if TYPE_CHECKING:
    from scripts.simulator.models.catalogue import Model

#: Of each model, at the most; pixels of a texture, and of a picture.
TRIANGLES, TEXTURE, PICTURE = 4600, 448, 256


NAMES = [f"{sample}{variant}" for sample in SAMPLES for variant in range(DECLARATION.max_variants)]


def model(name: str) -> Model:
    """The model that a file name without its ending stands for."""
    from scripts.simulator.models.catalogue import build

    return build(name[:-1], int(name[-1]), triangles=TRIANGLES, texture_size=TEXTURE)


def file_of(model: Model) -> bytes:
    """Its GLB."""
    from scripts.simulator.models.glbfile import write_glb

    return write_glb(model, pbr=True)


def picture_of(model: Model) -> bytes:
    """Its picture, a JPEG."""
    from PIL import Image

    from scripts.simulator.models.preview import draw

    packed = io.BytesIO()
    drawn = Image.open(io.BytesIO(draw(model)))
    drawn.resize((PICTURE, PICTURE), Image.Resampling.LANCZOS).save(packed, "JPEG", quality=85)
    return packed.getvalue()


def main() -> int:
    """Write the files; returns the exit code."""
    FILES.mkdir(exist_ok=True)
    for name in NAMES:
        made = model(name)
        for ending, content in (("glb", file_of(made)), ("jpg", picture_of(made))):
            (FILES / f"{name}.{ending}").write_bytes(content)
            say(f"{FILES / name}.{ending}: {len(content)} bytes")
    return 0


if __name__ == "__main__":
    again = environments.run_in(f"tool(simulator-{environments.RUNNING})", __file__, sys.argv[1:])
    sys.exit(main() if again is None else again)
