"""Makes the pictures of the documentation anew: `python3 scripts/screenshots.py`.

With `--all` a picture book instead, in out/book: every state of the sidebar at Blender's default width and at 260
pixels, dark and light, and at 220, and every dialog, in each language (`--languages de_DE zh_HANS` for some), a sheet
for each of these.
The window's are taken by tests/gui/scenarios/pictures.py in a real Blender, the models' is the demo's.
Needs what the stage `gui` of scripts/test.py needs.
"""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

    from scripts.simulator.launcher import Simulator

if sys.version_info < (3, 11):  # noqa: UP036 (whoever starts it with an older one reads this)
    sys.exit("Python 3.11 or newer is needed; this one is " + sys.version.split()[0] + ".")

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.toolbox import environments
from scripts.toolbox.console import ROOT, ToolError

IMAGES = ROOT / "docs" / "images"
WINDOW = (1280, 800)
TALL = (1280, 1000)  # a job with four pictures is in sight without scrolling
WIDEST, _MOVING = 900, 720  # pixels: of a picture, and of one that moves
_SHEET = 2600  # pixels: the width of a sheet of the picture book
_PANEL, _TABS = 745, 30  # pixels of the sidebar that show a service: height, and width of the tabs beside it
LANGUAGES = ["en_US", "zh_HANS", "de_DE", "ja_JP", "fr_FR", "es", "ko_KR"]
_INSIDE = "NEURAL4D_SCREENSHOTS_INSIDE"
#: The part of the demo's picture that the room of boxes is in.
_ROOM = (236, 80, 1096, 430)
#: What the batch in the picture is made of.
TOYS = ("a wooden chair", "a small robot", "a red rocket", "a tall bottle", "a cute bird", "a blue mug")


def main() -> int:
    """Start again in an environment with the development libraries, and take the pictures there."""
    if _INSIDE not in os.environ:
        command = [str(environments.ensure("unit")), "-m", "scripts.screenshots", *sys.argv[1:]]
        return subprocess.run(command, cwd=ROOT, env=os.environ | {_INSIDE: "1"}, check=False).returncode
    if "--all" in sys.argv:
        return book(_after("--languages") or LANGUAGES)
    from scripts import demo
    from scripts.benchmarks import _past
    from scripts.simulator.launcher import Simulator
    from tests.gui.harness import SCREENSHOTS, run_scenario

    with Simulator(job_seconds=25.0, balance=1000) as simulator:
        cuts = run_scenario("pictures", env=simulator.environment, size=WINDOW, timeout=300)
    with Simulator(job_seconds=8.0, balance=1000) as simulator:
        shown = run_scenario("pictures.moving", env=simulator.environment, size=WINDOW, timeout=300)
    keep_moving({SCREENSHOTS / f"{name}.png": took for name, took in shown["frames"].items()}, tuple(shown["cut"]))
    with (
        tempfile.TemporaryDirectory() as folder,
        Simulator(generation="2024", job_seconds=2.0, matting_seconds=0.5) as older,  # today's cuts nothing out
        Simulator(job_seconds=2.0) as today,
    ):
        picture = Path(folder) / "mug.png"
        mug().save(picture)
        for name, service, arguments in (
            ("cutouts", older, {"picture": str(picture)}),
            ("first", today, {}),
            ("variants", today, {}),
        ):
            env = service.environment
            cuts |= run_scenario(f"pictures.{name}", env=env, arguments=arguments, size=TALL, timeout=300)
    with tempfile.TemporaryDirectory() as folder, Simulator(job_seconds=2.0) as simulator:
        env, arguments = simulator.environment, {"folder": folder}
        cuts |= run_scenario("pictures.library", env=env, arguments=arguments, size=TALL, timeout=300)
    with (
        tempfile.TemporaryDirectory() as folder,
        Simulator(job_seconds=600.0, balance=1000) as simulator,
    ):
        table = Path(folder) / "toys.csv"
        table.write_text("prompt,size_mm\n" + "".join(f"{thing},120\n" for thing in TOYS))
        _past.write(Path(folder) / "data", 40, pictures=12)
        env = simulator.environment | {"NEURAL4D_DATA_DIR": str(Path(folder) / "data")}
        arguments = {"table": str(table), "admin_url": simulator.admin_url}
        cuts |= run_scenario("pictures.many", env=env, arguments=arguments, size=TALL, timeout=300)
    with Simulator(job_seconds=0.0, csm_formats=["glb"]) as simulator:
        for thing in TOYS:
            _make_at_csm(simulator, thing)
        cuts |= run_scenario("bring_in.pictures", env=simulator.environment, size=TALL, timeout=300)
    with tempfile.TemporaryDirectory() as folder, Simulator() as simulator:
        picture = Path(folder) / "mug.png"
        mug().save(picture)
        env, arguments = simulator.environment, {"picture": str(picture)}
        panels = run_scenario("services.look", env=env, arguments=arguments, size=TALL, timeout=300)
    keep(beside({SCREENSHOTS / f"{name}.png": tuple(cut) for name, cut in panels.items()}), "services", widest=1500)
    for name, cut in cuts.items():
        keep(SCREENSHOTS / f"{name}.png", name.removeprefix("readme-"), tuple(cut))
    with tempfile.TemporaryDirectory() as folder:
        if demo.main(["--out", folder]):
            return 1
        keep(Path(folder) / "demo.png", "demo", smooth=True)
        if demo.main(["--blockout", "--out", folder]):
            return 1
        for name, source in (("blockout-before", "demo-before"), ("blockout-after", "demo")):
            keep(Path(folder) / f"{source}.png", name, _ROOM, widest=540, smooth=True)
    return 0


def _make_at_csm(simulator: Simulator, prompt: str) -> None:
    """What somebody has made with the same account on CSM's own page: a picture of a prompt, and a model of that."""
    import requests

    def order(kind: str, **given: str) -> str:
        body, key = {"type": kind, "input": given}, {"x-api-key": simulator.keys["csm"]}
        return str(requests.post(f"{simulator.api_url}/v3/sessions/", json=body, headers=key, timeout=60).json()["_id"])

    picture = order("text_to_image", prompt=prompt)
    key = {"x-api-key": simulator.keys["csm"]}
    made = requests.get(f"{simulator.api_url}/v3/sessions/{picture}", headers=key, timeout=60).json()
    packed = base64.b64encode(requests.get(made["output"]["image_url"], timeout=60).content).decode()
    order("image_to_3d", image_url=f"data:image/jpeg;base64,{packed}", prompt=prompt)


def book(languages: list[str]) -> int:
    """Take a picture of every state in every look, and put those of one look on one sheet."""
    from PIL import Image, ImageDraw

    from tests.gui.harness import SCREENSHOTS, run_scenario

    with tempfile.TemporaryDirectory() as folder:
        pictures = []
        for number, colour in enumerate(("#c0503a", "#3a70c0", "#3ac070", "#c0b03a")):
            picture = Image.new("RGB", (512, 512), "white")
            ImageDraw.Draw(picture).ellipse((96, 96, 416 - 40 * number, 416), fill=colour)
            pictures.append(str(Path(folder) / f"{number}.png"))
            picture.save(pictures[-1])
        for language in languages:
            looks = [[language, theme, width] for theme in ("Dark", "Light") for width in (0, 260)]
            looks.append([language, "Dark", 220])
            arguments = {"pictures": pictures, "looks": looks}
            env = {"NEURAL4D_API_TOKEN": "a-key"}
            cuts = run_scenario("book", env=env, arguments=arguments, size=TALL, timeout=1500)
            sheets: dict[str, list[Image.Image]] = {}
            for name, cut in cuts.items():
                with Image.open(SCREENSHOTS / f"{name}.png") as opened:
                    sheets.setdefault("-".join(name.split("-")[1:4]), []).append(opened.convert("RGB").crop(cut))
                (SCREENSHOTS / f"{name}.png").unlink()
            for name, shown in sheets.items():
                _sheet(shown, ROOT / "out" / "book" / f"{name}.png")
    return 0


def _sheet(shown: list[Image.Image], path: Path) -> None:
    """Pictures of one size beside each other, as many in a row as make a sheet that can be looked at."""
    from PIL import Image

    width, height = shown[0].size
    row = max(1, _SHEET // width)
    whole = Image.new("RGB", (row * (width + 4), -(-len(shown) // row) * (height + 4)))
    for number, one in enumerate(shown):
        whole.paste(one, (number % row * (width + 4), number // row * (height + 4)))
    path.parent.mkdir(parents=True, exist_ok=True)
    whole.save(path)
    print(path.relative_to(ROOT))


def _after(flag: str) -> list[str]:
    """The arguments behind a flag."""
    return sys.argv[sys.argv.index(flag) + 1 :] if flag in sys.argv else []


def mug() -> Image.Image:
    """A picture to make a model of."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (512, 512), "white")
    draw = ImageDraw.Draw(image)
    draw.arc((300, 180, 440, 340), -90, 90, fill="#c0503a", width=30)
    draw.rounded_rectangle((130, 120, 340, 400), 30, fill="#c0503a")
    return image


def beside(cuts: dict[Path, tuple[int, int, int, int]]) -> Path:
    """The upper part of each panel, one beside the other, as a file."""
    from PIL import Image

    shown = []
    for path, (left, top, right, _) in cuts.items():
        with Image.open(path) as opened:
            shown.append(opened.convert("RGB").crop((left, top, right - _TABS, top + _PANEL)))
    whole = Image.new("RGB", (sum(one.width for one in shown), _PANEL))
    for number, one in enumerate(shown):
        whole.paste(one, (sum(before.width for before in shown[:number]), 0))
    target = next(iter(cuts)).with_name("services.png")
    whole.save(target)
    return target


def keep_moving(frames: dict[Path, int], cut: tuple[int, int, int, int]) -> None:
    """Make one moving picture of screenshots, each with the milliseconds that it is shown, in docs/images."""
    from PIL import Image

    pictures = []
    for path in frames:
        with Image.open(path) as opened:
            picture = opened.convert("RGB").crop(cut)
        size = (_MOVING, round(picture.height * _MOVING / picture.width))
        pictures.append(picture.resize(size, Image.Resampling.LANCZOS))
    target = IMAGES / "first-model.webp"
    how: dict[str, Any] = {"duration": list(frames.values()), "loop": 0, "quality": 60, "method": 6}
    pictures[0].save(target, save_all=True, append_images=pictures[1:], **how)
    print(f"{target.relative_to(ROOT)}: {len(pictures)} pictures, {target.stat().st_size // 1000} kB")


def keep(
    source: Path,
    name: str,
    cut: tuple[int, int, int, int] | None = None,
    widest: int = WIDEST,
    *,
    smooth: bool = False,
) -> None:
    """Cut a picture out, make it small and put it into docs/images; a smooth one is a render's."""
    from PIL import Image

    with Image.open(source) as opened:
        picture = opened.convert("RGB").crop(cut or (0, 0, *opened.size))
    if picture.width > widest:
        picture = picture.resize((widest, round(picture.height * widest / picture.width)), Image.Resampling.LANCZOS)
    IMAGES.mkdir(parents=True, exist_ok=True)
    target = IMAGES / f"{name}.png"
    # A palette that keeps small spots of colour; without dithering, which takes twice the space, light has steps.
    dither = Image.Dither.FLOYDSTEINBERG if smooth else Image.Dither.NONE
    small = picture.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=3, dither=dither)
    small.save(target, optimize=True)
    print(f"{target.relative_to(ROOT)}: {picture.width} x {picture.height}, {target.stat().st_size // 1000} kB")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ToolError as problem:
        sys.exit(str(problem))
