"""The commands' arguments and their help, made from what the services declare.

Standard library and the engine's ``protocol`` only. There is no argument for a key: other users of a computer
can read a program's arguments.
"""

from __future__ import annotations

import argparse
from typing import Any

from ..client.jobs.box_fit import SEATS, STRETCHES
from ..client.version import version
from ..engine.protocol import declarations
from . import looking_arguments as looking
from .argument_types import (
    Parser,
    add_allow_failed,
    add_arrival,
    add_key,
    add_made_for,
    add_replacing,
    add_service,
    add_settings,
    add_timeout,
    command_of,
    exit_codes,
    points,
    sides,
)
from .settings import describe

FILE_TYPES = ("blend", "glb", "fbx", "obj", "stl", "3mf", "usdz")
_INTRO = "Models from a prompt or an image, as files in real size."
_KEYS = "The key of a service is read from the environment ({keys}) or from Blender's preferences."


def parser(prog: str) -> argparse.ArgumentParser:
    """The whole command line, under the name that starts it here."""
    top = Parser(
        prog=prog,
        description=f"{_INTRO} {_KEYS.format(keys=', '.join(service.key_env for service in declarations()))}",
        epilog=exit_codes(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"neural4d {version()}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    making = (_generate, _bring_in, _batch, _dress, _plate, _merge, _resume)
    for add in (*making, looking.jobs, looking.report, looking.balance, looking.audit, looking.services):
        add(commands, prog)
    return top


def _generate(commands: Any, prog: str) -> None:
    examples = (
        f'{prog} generate "a cute bird" --size-mm 120 -o bird.glb',
        f'{prog} generate "a wooden chair" --size-mm 900 --axis Z -o chair.blend -o chair.stl --thumbnail chair.png',
        f"{prog} generate --image mug.png --size-mm 95 --axis Z --max-points 100 -o mug.usdz --json",
        f'{prog} generate "a red rocket" --variants 4 --every-variant -o rocket.glb --dry-run',
        f'{prog} generate "a red rocket" --picture-first --reference sketch.png -o rocket.glb',
        f"{prog} generate --provider csm --view front=mug.png --view left=mug-left.png -o mug.glb",
    )
    more = "options of a service (--option KEY=VALUE):\n" + "\n".join(describe())
    command = command_of(commands, "generate", "make a model and write it to files", examples, more=more)
    command.add_argument("prompt", nargs="?", default="", metavar="PROMPT", help="what to make")
    command.add_argument(
        "--image",
        action="append",
        default=[],
        metavar="FILE",
        help="of a picture instead: a file, or a web address if the service takes it (repeatable)",
    )
    sides = dict.fromkeys(side for service in declarations() for side in service.views)
    command.add_argument(
        "--view",
        action="append",
        default=[],
        metavar="SIDE=FILE",
        help="of several views of a thing, where the service takes them (repeatable): "
        f"front, which is the image, {', '.join(sides or ('left', 'back', 'right'))}",
    )
    command.add_argument(
        "--reference",
        action="append",
        default=[],
        metavar="FILE",
        help="a picture that the one goes by which --picture-first has made (repeatable)",
    )
    add_service(command, "neural4d")
    add_key(command, "job")
    command.add_argument("--every-variant", action="store_true", help="write all of them: bird.glb, bird-2.glb, ...")
    command.add_argument("--name", default="", help="name of the object and of the files; the prompt by default")
    add_settings(command, "what the model is to be like")
    _files(command)
    command.add_argument("--dry-run", action="store_true", help="check everything, print the price, send nothing")
    add_timeout(command)


def _files(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("files")
    group.add_argument(
        "-o",
        "--output",
        action="append",
        default=[],
        metavar="FILE",
        help=".blend, .glb, .fbx, .obj, .stl, .3mf or .usdz, by its ending (repeatable); by default NAME.glb, or what "
        "--for takes. An .stl or .3mf is in millimetres, all others in metres",
    )
    add_replacing(group)
    add_made_for(group)
    group.add_argument("--as-made", action="store_true", help="the service's own file, byte by byte, unscaled")
    group.add_argument("--thumbnail", default="", metavar="PNG", help="render a picture of the model")


def _bring_in(commands: Any, prog: str) -> None:
    examples = (
        f"{prog} bring-in chair.gltf --size-mm 900 --axis Z -o chair.glb",
        f"{prog} bring-in downloads/ --size-mm 120 -o models --type glb --type stl",
        f"{prog} bring-in 54078587-7fdd-49c5-9fe6-317d22f27098 --provider neural4d --size-mm 120 -o models",
    )
    purpose = "write models that are there already to files, in real size, for 0 points"
    command = command_of(commands, "bring-in", purpose, examples)
    command.add_argument(
        "what",
        nargs="+",
        metavar="FILE|ID|LINK",
        help=".glb, .gltf, .fbx, .obj, .stl, .ply, .usdz, .usd, .blend, .zip, a folder of them; "
        "or the id of a model at a service, the link of its page or of its file",
    )
    command.add_argument(
        "--provider", "--service", choices=[service.id for service in declarations()], help="whose the ids are"
    )
    command.add_argument("--name", default="", help="name of the object and of the files; the file's, or the id")
    add_arrival(command.add_argument_group("what becomes of it"))
    group = command.add_argument_group("files")
    group.add_argument(
        "-o",
        "--output",
        action="append",
        default=[],
        metavar="FOLDER|FILE",
        help="folder for the files; of one model, files by their endings too (repeatable); default: here",
    )
    group.add_argument(
        "--type", action="append", type=str.lower, choices=FILE_TYPES, help="kinds of files (repeatable); default: glb"
    )
    add_replacing(group)
    add_made_for(group)
    group.add_argument("--thumbnails", action="store_true", help="render a picture of each model")
    group.add_argument("--as-made", action="store_true", help="the files as they came, unscaled; needs no Blender")
    add_timeout(command)


def _batch(commands: Any, prog: str) -> None:
    examples = (
        f"{prog} batch prompts.csv --output models --report report.csv --budget 2000",
        f"{prog} batch photos/ --output models --type glb --type stl --thumbnails --dry-run",
        f"{prog} batch prompts.csv --output models --size-mm 120 --origin CENTER --continue",
        f"{prog} batch prompts.csv --shard 3/8 --data-dir work/3 --output models --report report-3.csv --continue",
    )
    more = (
        "A table's columns are prompt, image, view.SIDE, picture_first, references, provider, variants, size_mm,\n"
        "axis, options.NAME, ...: the arguments of generate in Python. Several files in a cell have ; between them.\n"
        "Of pictures that are made first the first one is taken.\n"
        "A line that cannot work is an error that names it, before anything is sent.\n"
        "The options of a service, for --option, are shown by: generate --help"
    )
    command = command_of(commands, "batch", "make a model of each line of a table", examples, more=more)
    command.add_argument("table", metavar="FILE", help="a .csv or .jsonl file, or a folder of images")
    add_service(command, "neural4d")
    add_settings(command, "what each model is to be like, for every line that says nothing itself")
    command.add_argument("--concurrency", type=int, metavar="N", help="jobs at one service at a time; default: 4")
    command.add_argument(
        "--budget", type=points, metavar="N", help="points that all of it may cost together; none takes it off again"
    )
    command.add_argument("--shard", default="", metavar="I/N", help="only the I-th of N equal shares of the lines")
    command.add_argument("--output", "-o", default=".", metavar="DIR", help="folder for the files; default: here")
    command.add_argument(
        "--type",
        action="append",
        type=str.lower,
        choices=FILE_TYPES,
        help="kinds of files to write (repeatable); default: glb, or what --for takes",
    )
    add_made_for(command)
    command.add_argument("--thumbnails", action="store_true", help="render a picture of each model")
    command.add_argument("--files-only", action="store_true", help="the service's own files; needs no Blender")
    command.add_argument("--report", default="", metavar="FILE", help="what became of each line, as .csv or .json")
    command.add_argument("--dry-run", action="store_true", help="check every line, print the price, send nothing")
    command.add_argument(
        "--continue",
        dest="go_on",
        action="store_true",
        help="go on with this batch where it was, failed and corrected lines too; begin it where it was not begun",
    )
    add_key(command, "batch")
    add_allow_failed(command)
    add_timeout(command)


def _dress(commands: Any, prog: str) -> None:
    blender = prog if "--command" not in prog else prog.replace("blender", "blender scene.blend", 1)
    examples = (
        f"{blender} dress --collection Blockout --budget 2000 -o dressed.blend",
        f'{blender} dress --collection Room --style "low poly" --variants 2 --report report.csv -o room.blend',
        f"{blender} dress --collection Blockout --dry-run -o dressed.blend",
    )
    command = command_of(commands, "dress", "fill the boxes of a collection with models, and write the file", examples)
    command.add_argument("--collection", required=True, metavar="NAME", help="of the open file, with the boxes in it")
    command.add_argument("--output", "-o", required=True, metavar="FILE", help="the .blend to write")
    command.add_argument("--style", default="", metavar="TEXT", help="goes behind every prompt, which is a box's name")
    command.add_argument("--vary", action="store_true", help="a model for each box, also where names are equal")
    command.add_argument("--seat", type=str.upper, choices=SEATS, default="FLOOR", help="default: FLOOR")
    command.add_argument(
        "--stretch", type=str.upper, choices=STRETCHES[1:], default="", help="a side that is to be filled, or all"
    )
    command.add_argument(
        "--quarter-turns",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="turn a model by 90 degrees where it fits better then",
    )
    add_service(command, "neural4d")
    add_settings(command, "what each model is to be like; its size comes from its box")
    command.add_argument("--concurrency", type=int, metavar="N", help="jobs at one service at a time; default: 4")
    command.add_argument("--budget", type=points, metavar="N", help="points that all of it may cost together")
    command.add_argument("--shard", default="", metavar="I/N", help="only the I-th of N equal shares of the names")
    command.add_argument("--report", default="", metavar="FILE", help="what became of each job, as .csv or .json")
    command.add_argument("--dry-run", action="store_true", help="check everything, print the price, send nothing")
    again = command.add_mutually_exclusive_group()
    again.add_argument(
        "--continue", dest="go_on", action="store_true", help="go on with what the same command has begun before"
    )
    again.add_argument("--anew", action="store_true", help="begin once more, which is paid again")
    add_allow_failed(command)
    add_timeout(command)


def _plate(commands: Any, prog: str) -> None:
    examples = (f"{prog} plate bird.3mf chess/*.stl -o plate.3mf --plate 256x256 --gap 3",)
    command = command_of(commands, "plate", "lay figures out on a 3D printer's plate", examples, online=False)
    command.add_argument("file", nargs="+", metavar="FILE", help=".3mf as it was written here, or a binary .stl")
    command.add_argument(
        "--output", "-o", required=True, metavar="FILE", help=".3mf or .stl; further plates are NAME-2.3mf, ..."
    )
    command.add_argument("--plate", type=sides, default="220x220", metavar="WxD", help="in mm; default: %(default)s")
    command.add_argument("--gap", type=float, default=5.0, metavar="MM", help="between figures; default: %(default)s")


def _merge(commands: Any, prog: str) -> None:
    examples = (f"{prog} merge report-*.csv -o report.csv",)
    command = command_of(commands, "merge", "join the reports of a batch's shares", examples, online=False)
    command.add_argument("report", nargs="+", metavar="REPORT", help=".csv or .json, as batch --report wrote them")
    command.add_argument("--output", "-o", required=True, metavar="FILE", help="the whole report, .csv or .json")
    add_allow_failed(command)


def _resume(commands: Any, prog: str) -> None:
    examples = (f"{prog} resume", f"{prog} resume --retry --timeout 600", f"{prog} resume 3f2a9c1e --pay-again")
    what = "go on with everything that was interrupted, wait for it, and write the files"
    command = command_of(commands, "resume", what, examples)
    command.add_argument("job", nargs="*", metavar="JOB", help="these jobs only; the beginning of an id will do")
    command.add_argument("--retry", action="store_true", help="failed jobs too, where that is not paid again")
    command.add_argument("--pay-again", action="store_true", help="failed jobs too, also where that is paid again")
    add_timeout(command)
